"""How variables are filled in: ``{when:date}`` is a day of ISO 8601 as the language writes it,
``{count:number}`` a number with its marks for thousands, ``{cost:money}`` an amount of US dollars,
``{known:languages}`` the names of languages by their codes."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date
from typing import Any


class _Formatter(string.Formatter):
    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "date":
            return _day(value, self._language)
        if format_spec == "number":
            from babel.numbers import format_decimal

            return format_decimal(value, locale=self._language)
        if format_spec == "money":
            from babel.numbers import format_currency

            return format_currency(value, "USD", locale=self._language)
        if format_spec == "languages":
            return _languages(str(value), self._language)
        return str(super().format_field(value, format_spec))


# British, as all our English is; Russian without the word for "year", whose dot ends sentences.
_DAYS = {"en": "d MMMM y", "ru": "d MMMM y"}


# The first of a month is an ordinal number, all other days are not.
_FIRST_DAYS = {"fr": "'1er' MMMM y", "pt": "'1º' 'de' MMMM 'de' y"}


def _day(value: Any, language: str) -> str:
    from babel.dates import format_date

    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:  # only a month is known, say
        return str(value)
    pattern = _DAYS.get(language, "long")
    if day.day == 1:
        pattern = _FIRST_DAYS.get(language, pattern)
    return format_date(day, pattern, locale=language)


def _languages(codes: str, language: str) -> str:
    """The names of languages, whose codes are separated by commas."""
    from babel import Locale
    from babel.lists import format_list

    names = Locale.parse(language).languages
    return format_list([names.get(code, code) for code in codes.split(",")], locale=language)


def fill(language: str, pattern: str, values: Mapping[str, object]) -> str:
    """Fill ``values`` in for the names of ``pattern``."""
    return _Formatter(language).vformat(pattern, (), values)
