"""The names of months and weekdays, in English and in the languages of ``calendar_names.json``.

The file is made from Babel with `python -m tests.calendar_names`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

PATH = Path(__file__).with_name("calendar_names.json")

Forms: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CalendarNames:
    """A language's names in lower case without full stops, by month from January and by day from
    Monday, each with all its forms, such as "января" and "январь"."""

    months: Forms
    weekdays: Forms
    short_months: Forms
    short_weekdays: Forms


@cache
def calendar_names(language: str) -> CalendarNames | None:
    """Return the names of a language by its ISO 639-1 code; None if they aren't known."""
    listed = _listed().get(language)
    return _of(listed) if listed is not None else None


def known_calendars() -> Collection[str]:
    """Return the codes of the languages whose names are known."""
    return _listed().keys()


def _of(listed: Mapping[str, list[str]]) -> CalendarNames:
    return CalendarNames(
        **{
            table: tuple(tuple(forms.split("|")) for forms in names)
            for table, names in listed.items()
        }
    )


@cache
def _listed() -> Mapping[str, Mapping[str, list[str]]]:
    loaded: dict[str, dict[str, list[str]]] = json.loads(PATH.read_text(encoding="utf-8"))
    return loaded


ENGLISH = _of(_listed()["en"])
# English, from January and from Monday on.
MONTH_NAMES = tuple(forms[0] for forms in ENGLISH.months)
WEEKDAY_NAMES = tuple(forms[0] for forms in ENGLISH.weekdays)
SHORT_MONTHS = tuple(forms[0] for forms in ENGLISH.short_months)
# Patterns of English names with capitals: in full; short with a full stop; and short without one,
# unless that is another word.
MONTH = "|".join(name.capitalize() for name in MONTH_NAMES)
WEEKDAY = "|".join(name.capitalize() for name in WEEKDAY_NAMES)
SHORT_MONTH = r"(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\."
BARE_SHORT_MONTH = "Jan|Feb|Aug|Sept?|Oct|Nov|Dec"
