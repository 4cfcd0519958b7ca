"""Read dates as pages and feeds write them: month names of any language, any order, known time
zones.

A date that can't be one of publication is ignored: one in the far future, the epoch, the year 1.
"""

from __future__ import annotations

import json
import operator
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from retrieval.text.calendar_names import calendar_names, known_calendars
from retrieval.timestamps import Span, parse_span, zone_names

_EARLIEST = 1900
_LONGEST = 120
# How many years the Buddhist calendar is ahead, and the years in which it is surely meant.
_BUDDHIST = 543
_BUDDHIST_YEARS = range(2400, 2700)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
# Territories that write the month before the day in digits; all others write the day first.
_MONTH_FIRST = frozenset({"US", "PH", "PR", "PA", "GU", "VI", "AS", "MH", "MP"})

_EPOCH = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})")
_YMD = re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(
    r"(?<!\d)((?:19|20|25)\d\d)(0\d|1[0-2])([0-3]\d)(?:T?(?=\d{4,6}(?!\d))|(?!\d))"
)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_CJK = re.compile(
    r"(?:(令和|平成|昭和|民國|民国)\s*(\d{1,3}|元)|(\d{4}))\s*[年년]\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日号號일])?"
)
_DMY = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d\d(?=$|[\s,]))(?!\d)")
_WORD_OR_NUMBER = re.compile(r"\d+|[^\s\d,;:()/|·•–—-]+")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_TIME = re.compile(
    r"(?P<before>am|pm|a\.m\.|p\.m\.|上午|下午|午前|午後|오전|오후)?\s*"
    r"(?<![\d.:])(?P<hour>\d{1,2})(?:\s?[:.h時时点點시]\s?|\s(?=[:h]\s))(?P<minute>\d{2})?\s?[分분]?(?::(?P<second>\d{2}))?(?:[.,]\d+)?"
    r"(?P<after>\s?(?:am|pm|a\.m\.|p\.m\.)(?![^\W\d_]))?(?![\d])",
    re.IGNORECASE,
)
_HOUR_ONLY = re.compile(
    r"(?<![\d.:])(?P<hour>\d{1,2})\s?(?P<after>am|pm|a\.m\.|p\.m\.)(?!\w)", re.IGNORECASE
)
_AFTERNOON = frozenset({"pm", "p.m.", "下午", "午後", "오후"})
_MORNING = frozenset({"am", "a.m.", "上午", "午前", "오전"})
_OFFSET = re.compile(r"(?:GMT|UTC|UT|Z)?\s?([+\-−])(\d{1,2})(?::?(\d{2}))?(?!\d)", re.IGNORECASE)
_PLACE = re.compile(r"(?<![\w/])[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_-]+){1,2}")
_ZONE = re.compile(r"(?<!\w)([A-Za-zА-Яа-я]{1,5})(?!\w)")


@dataclass(frozen=True, slots=True)
class DateHints:
    """What helps to read a date: the ISO 639 ``language`` and ISO 3166 ``territory`` of the page,
    and ``now``, after which nothing can have been published."""

    language: str | None = None
    territory: str | None = None
    now: datetime | None = None


def parse_date(text: str, hints: DateHints | None = None) -> Span | None:
    """Read a date, with a time if it has one, as a span in UTC; None for anything that isn't a date
    or can't be right.

    A time without a zone counts as UTC. A month without a day means its first day.
    """
    hints = hints or DateHints()
    plain = _plain(text)
    if not 4 <= len(plain) <= _LONGEST:
        return None
    try:
        span = _from_epoch(plain) or _from_parts(plain, hints)
    except (ValueError, OverflowError):
        return None
    if (
        span is None
        or span.start.year < _EARLIEST
        or abs(span.start - _UNIX_EPOCH) <= timedelta(days=1)
    ):
        return None
    return None if _is_to_come(span, hints) else span


def not_to_come(span: Span | None, now: datetime | None = None) -> Span | None:
    """Return a date of publication; None for a future one: the article then counts from its
    ingestion."""
    return None if span is None or span.start > (now or datetime.now(UTC)) else span


def territory_of(host: str | None, tag: str | None) -> str | None:
    """Return the country of a page: that of its language tag (``en-GB``), or else of its host's
    top-level domain; None if neither has one."""
    if tag and (found := re.search(r"[-_]([A-Za-z]{2})(?:$|[-_])", tag)):
        return found[1].upper()
    last = (host or "").rpartition(".")[2].upper()
    return {"UK": "GB"}.get(last, last) if len(last) == 2 and last.isalpha() else None


# Clocks are wrong and zones are left out, so dates a few days ahead are read as they are. Whoever
# ingests the article decides whether they can be right.
_AHEAD = timedelta(days=7)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _is_to_come(span: Span, hints: DateHints) -> bool:
    return span.start > (hints.now or datetime.now(UTC)) + _AHEAD


def _plain(text: str) -> str:
    """Return a text with digits of any script as ASCII, and letters and spaces in their usual
    forms."""
    folded = unicodedata.normalize("NFKC", text).replace("\u200e", "").replace("\u200f", "")
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() and c > "9" else c for c in folded)
    return " ".join(digits.split())


def _from_epoch(text: str) -> Span | None:
    found = _EPOCH.fullmatch(text)
    if not found:
        return None
    seconds = int(found[1]) if found[1] else int(found[2]) / 1000
    moment = _UNIX_EPOCH + timedelta(seconds=seconds)
    return Span(moment, moment)


def _from_parts(text: str, hints: DateHints) -> Span | None:
    found = _dated(text, hints)
    if found is None:
        return None
    day, rest = found
    time = _time(rest)
    if time is None:
        return parse_span(day.isoformat())
    (hour, minute, second), after = time
    clock = datetime(day.year, day.month, day.day) + timedelta(
        hours=hour, minutes=minute, seconds=second
    )
    moment = clock.replace(tzinfo=_zone(after, hints, clock)).astimezone(UTC)
    return Span(moment, moment)


def _dated(text: str, hints: DateHints) -> tuple[date, str] | None:
    """Return the day, and the text around it."""
    if found := _CJK.search(text):
        era, count, year, month, day = found.groups()
        full = _ERAS[era] + (1 if count == "元" else int(count)) if era else int(year)
        return _day(full, int(month), int(day or 1)), _beside(text, found)
    if found := _YMD.search(text):
        return _day(int(found[1]), int(found[3]), int(found[4])), _beside(text, found)
    if found := _DMY.search(text):
        return _ordered(found, hints), _beside(text, found)
    if found := _COMPACT.search(text):
        rest = _beside(text, found)
        rest = re.sub(
            r"^T?(\d\d)(\d\d)(\d\d)?", lambda m: ":".join(g for g in m.groups() if g), rest.strip()
        )
        return _day(int(found[1]), int(found[2]), int(found[3])), rest
    if found := _YEAR_MONTH.fullmatch(text):
        return _day(int(found[1]), int(found[2]), 1), ""
    return _worded(text, hints)


def _beside(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _day(year: int, month: int, day: int) -> date:
    if year in _BUDDHIST_YEARS:
        year -= _BUDDHIST
    return date(year, month, day)


def _ordered(found: re.Match[str], hints: DateHints) -> date:
    """Read day and month in digits: after dots and dashes the day is first, after slashes as in the
    territory."""
    first, second, year = int(found[1]), int(found[3]), _year(found[4])
    month_first = found[2] == "/" and _is_month_first(hints)
    day, month = (second, first) if month_first else (first, second)
    if month > 12 >= day:
        day, month = month, day
    read = _day(year, month, day)
    now = (hints.now or datetime.now(UTC)).date()
    if read > now and day <= 12 and found[2] == "/" and (other := _day(year, day, month)) <= now:
        return other
    return read


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _is_month_first(hints: DateHints) -> bool:
    if hints.territory:
        return hints.territory in _MONTH_FIRST
    return hints.language in {None, "en"}


def _worded(text: str, hints: DateHints) -> tuple[date, str] | None:
    """Read ``24 November 2026``, ``Nov. 24, 2026``, ``24 de noviembre de 2026``, ``2026. november
    24.``"""
    tokens = list(_WORD_OR_NUMBER.finditer(_CLOCK.sub(lambda m: " " * len(m[0]), text)))
    months = [
        None if t[0][0].isdigit() else _month(tokens, i, hints.language)
        for i, t in enumerate(tokens)
    ]
    for place, month in enumerate(months):
        if month is None:
            continue
        number, width = month
        behind = place + width
        # "mar, 24 nov": numbers after the next month belong to that one.
        end = next((i for i in range(behind, len(tokens)) if months[i]), len(tokens))
        before = [t for t in tokens[max(0, place - 2) : place] if t[0].isdigit()]
        after = [t for t in tokens[behind : min(end, behind + 4)] if t[0].isdigit()]
        for day, year in _pairs(before, after[:2]):
            if _fits(day, year):
                used = [*tokens[place:behind], *([day] if day else []), year]
                rest = text
                for each in sorted(used, key=lambda t: -t.start()):
                    rest = f"{rest[: each.start()]} {rest[each.end() :]}"
                return _day(_year(year[0]), number, int(day[0]) if day else 1), rest
    return None


Token = re.Match[str]


def _pairs(before: list[Token], after: list[Token]) -> list[tuple[Token | None, Token]]:
    """Return which numbers beside a month's name may be its day and its year, the likeliest
    first."""
    pairs: list[tuple[Token | None, Token]] = []
    if before and after:
        pairs += [(before[-1], after[0]), (after[0], before[-1])]
    if len(after) == 2:
        pairs.append((after[0], after[1]))
    if len(before) == 2:
        pairs += [(before[1], before[0]), (before[0], before[1])]
    if after:
        pairs.append((None, after[0]))
    return pairs


def _fits(day: Token | None, year: Token) -> bool:
    if day is None:
        return len(year[0]) == 4
    return 1 <= len(day[0]) <= 2 and 1 <= int(day[0]) <= 31 and len(year[0]) in {2, 4}


def _month(tokens: list[Token], place: int, language: str | None) -> tuple[int, int] | None:
    """Return the month that a word names, and how many words its name has; None if it isn't one."""
    for width in (2, 1):
        words = tokens[place : place + width]
        if len(words) < width:
            continue
        name = "_".join(_fold(word[0]) for word in words)
        for known in (*((language,) if language else ()), "en", None):
            if number := _numbered(name, known, whole=width == 2):
                return number, width
    return None


@cache
def _numbered(name: str, language: str | None, *, whole: bool) -> int | None:
    """Return the month of a name in a language, or in any (None) if all that know it agree. A name
    cut to three letters or more counts unless it has to be ``whole``."""
    months = _months()
    languages = [language] if language else list(months)
    exact: set[int] = set()
    begun: set[int] = set()
    for each in languages:
        for number, names in enumerate(months.get(each or "", ()), 1):
            if name in names:
                exact.add(number)
            elif not whole and len(name) >= 3 and any(_begins(full, name) for full in names):
                begun.add(number)
    found = exact or begun
    return found.pop() if len(found) == 1 else None


def _begins(full: str, name: str) -> bool:
    """Return whether one is cut from the other: ``sept`` and ``september``, ``ноябр`` and
    ``ноября``."""
    return full.startswith(name) or (
        len(full) >= 4 and name.startswith(full) and len(name) <= len(full) + 3
    )


@cache
def _months() -> dict[str, list[list[str]]]:
    """Return by language the names of each month, with "_" between the words of one."""
    return {
        language: [
            ["_".join(map(_fold, name.split())) for name in forms]
            for forms in map(operator.add, names.months, names.short_months)
        ]
        for language in known_calendars()
        if (names := calendar_names(language)) is not None
    }


def _fold(word: str) -> str:
    return word.casefold().replace("\u0307", "").strip(".")


def _time(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Return hour, minute and second in a text, and what follows them."""
    found = next((m for m in _TIME.finditer(text) if m["minute"] or m["before"]), None)
    found = found or _HOUR_ONLY.search(text)
    if found is None:
        return None
    groups = found.groupdict()
    hour, minute, second = (int(groups.get(name) or 0) for name in ("hour", "minute", "second"))
    half = {(groups.get(name) or "").strip().lower() for name in ("before", "after")}
    if half & _AFTERNOON and hour < 12:
        hour += 12
    elif half & _MORNING and hour == 12:
        hour = 0
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second):
        return None
    return (hour, minute, min(second, 59)), text[found.end() :]


def _zone(text: str, hints: DateHints, moment: datetime) -> timezone:
    """Return the time zone after a time: an offset, or else a known place or name; UTC if there is
    neither. ``moment`` is the local time there."""
    if found := _OFFSET.search(text[:24]):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes <= 14 * 60:
            return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if (found := _PLACE.search(text[:60])) and found[0] in zone_names():
        local = moment.replace(tzinfo=ZoneInfo(found[0]))
        return timezone(local.utcoffset() or timedelta())
    zones = _zones()
    for name in _written_zones():
        if name in text[:40]:
            return timezone(timedelta(hours=zones[name]))
    for found in _ZONE.finditer(text[:40]):
        name = found[1].lower()
        hours = zones.get(f"{name}/{hints.language}", zones.get(name))
        if hours is not None and (found[1].isupper() or name == "мск"):
            return timezone(timedelta(hours=hours))
    return UTC


@cache
def _written_zones() -> tuple[str, ...]:
    """Return the names of zones that are words in other scripts than Latin."""
    return tuple(name for name in _zones() if not name[0].isascii() and len(name) > 3)


@cache
def _zones() -> dict[str, float]:
    """Return hours ahead of UTC by zone name; ``name/language`` where a language means another
    one."""
    text = files("retrieval.extraction").joinpath("data/zones.json").read_text("utf-8")
    loaded: dict[str, float] = json.loads(text)
    return loaded
