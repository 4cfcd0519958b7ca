"""Times of day as people write them: 8, 8:30, 8am, 20.30, 8h30, 20 Uhr, 午後8時, 8 abends."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel import Locale

from bot.errors import UserError
from bot.i18n import REPLY_LANGUAGES
from bot.ui.escaping import plain

_DAY = 24 * 60
_TIME = re.compile(r"(?<![\d+-])(\d{1,2})(?:\s*(?:[:.h時时點点]|uhr)\s*(\d{2})|(\d{2}))?(?!\d)")
# What follows an hour and says no more than that it is one.
_UNITS = re.compile(r"\b(?:o'clock|uhr|heures?|horas?|hrs?|hs?|時|时|點|点|分)\b|\W")

# From a word to the minutes of the day that it takes in: from the first until before the second.
_Periods = dict[str, tuple[int, int]]


def minute_of(text: str, locale: str | None = None) -> int:
    """Return the minute of the day that a text names, in any language; ``locale``'s is tried first.

    Raise ``UserError`` if it isn't a time of day.
    """
    words = unicodedata.normalize("NFKC", text).casefold().strip()
    found = _TIME.search(words)
    rest = words if found is None else f"{words[: found.start()]} {words[found.end() :]}"
    period = _period(_UNITS.sub("", rest), (locale or "en").split("-")[0])
    minute = _minute(found, period)
    if minute is None or (period is None and _UNITS.sub("", rest)):
        raise UserError("unknown-time", text=plain(text, 20))
    return minute


def clock(minute: int) -> str:
    """Format a minute of the day as ``08:30``."""
    return f"{minute // 60:02}:{minute % 60:02}"


def quiet_minutes(
    start: str | None,
    end: str | None,
    locale: str | None = None,
    before: tuple[int | None, int | None] = (None, None),
) -> tuple[int | None, int | None]:
    """Return the start and end of quiet hours in minutes, or None and None if neither is given. If
    they were set ``before``, one of the two may be changed alone.

    Raise ``UserError`` if one of the two is missing or both are equal.
    """
    if not start and not end:
        return None, None
    first = minute_of(start, locale) if start else before[0]
    last = minute_of(end, locale) if end else before[1]
    if first is None or last is None:
        raise UserError("quiet-half")
    if first == last:
        raise UserError("quiet-empty")
    return first, last


def _minute(found: re.Match[str] | None, period: tuple[int, int] | None) -> int | None:
    if found is None:  # noon and midnight are a time by themselves
        return period[0] % _DAY if period and period[0] == period[1] else None
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    if hour > 23 or minute > 59:
        return None
    if period is None:
        return hour * 60 + minute
    start, end = period
    for at in (hour * 60 + minute, (hour + 12) % 24 * 60 + minute):
        inside = start <= at < end if start <= end else at >= start or at < end
        if inside and (hour <= 12 or at == hour * 60 + minute):
            return at
    # In some languages an afternoon goes on into what another calls the evening.
    return (hour + 12) * 60 + minute if start >= 12 * 60 and hour < 12 else None


def _period(word: str, language: str) -> tuple[int, int] | None:
    if not word:
        return None
    for each in dict.fromkeys((language, *REPLY_LANGUAGES)):
        if found := _periods(each).get(word):
            return found
    return None


@cache
def _periods(language: str) -> _Periods:
    """The parts of the day of a language, as CLDR names them."""
    locale = Locale.parse(language)
    spans = {"am": (0, 12 * 60), "pm": (12 * 60, _DAY)}
    for name, rules in (locale.day_period_rules.get(None) or {}).items():
        for rule in rules:
            start = rule.get("from", rule.get("at", 0)) // 60
            spans[name] = start, rule.get("before", rule.get("at", 0)) // 60
    named: _Periods = {}
    for forms in locale.day_periods.values():
        for widths in forms.values():
            for name, words in widths.items():
                folded = unicodedata.normalize("NFKC", words).casefold()
                if name in spans:
                    named.setdefault(_UNITS.sub("", folded), spans[name])
    return named
