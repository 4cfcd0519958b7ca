"""How variables are filled in: ``{when:date}`` is a day of ISO 8601 as the language writes it."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date
from typing import Any


class _Formatter(string.Formatter):
    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec != "date":
            return str(super().format_field(value, format_spec))
        from babel.dates import format_date

        try:
            day = date.fromisoformat(str(value)[:10])
        except ValueError:  # only a month is known, say
            return str(value)
        return format_date(day, _DAYS.get(self._language, "long"), locale=self._language)


# British, as all our English is.
_DAYS = {"en": "d MMMM y"}


def fill(language: str, pattern: str, values: Mapping[str, object]) -> str:
    """Fill ``values`` in for the names of ``pattern``."""
    return _Formatter(language).vformat(pattern, (), values)
