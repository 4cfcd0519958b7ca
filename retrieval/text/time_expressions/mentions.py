"""The days that a text names: dates, weekdays and "yesterday", read against its publication.

A question's words are read against the moment when it is asked, a report's against the day it
appeared: "on Tuesday" is the Tuesday before, or the one to come in a sentence about plans. English
only; a report without a date names only days that are written with their year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from retrieval.text.calendar_names import (
    BARE_SHORT_MONTH,
    MONTH,
    SHORT_MONTH,
    SHORT_MONTHS,
    WEEKDAY,
    WEEKDAY_NAMES,
)

# A weekday's name in a report means a day of the week before it, or of the week to come.
_WEEK = 7
# If a report names the weekday of six days ago, it nearly always means the day after its
# publication: it was updated, or its publication is given in another time zone.
_AFTER_ALL = 6
# A date further ahead is probably last year's, if the sentence is about the past.
_SOON = timedelta(days=14)
_CLAUSE = 400  # characters around a day in which it says whether it is past

_MONTH = f"(?:{MONTH}|{SHORT_MONTH}|{BARE_SHORT_MONTH})"
_NUMBER = r"[0-3]?\d(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<{}>(?:1\d|20)\d\d))?"
_COUNTS = {name: n for n, name in enumerate(("two", "three", "four", "five", "six", "seven"), 2)}
_DAY = re.compile(
    # A weekday whose date is given is read by its date.
    rf"\b(?:(?P<weekday>{WEEKDAY})(?:['’]s)?"
    rf"(?!s\b| the 13th|,? (?:the )?(?:{_MONTH} \d|{_NUMBER}(?: of)? {_MONTH})| [NM]ight Football|s? Agenda)"
    rf"|(?P<month>{_MONTH}) (?P<number>{_NUMBER})\b(?!,? ?(?:[A-Z]?[a-z]+ (?:committee|panel)|[Cc]ommittee|[Pp]anel|[Cc]apitol|attack|riot|insurrection|hearings?|\d\d:|[\d.]+%|million|billion)){_YEAR.format('year')}"
    rf"|(?P<number2>{_NUMBER})(?: of)? (?P<month2>{_MONTH})\b{_YEAR.format('year2')}"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d)"
    rf"|(?P<count>(?i:{'|'.join(_COUNTS)})|[2-7]) days ago"
    r"|(?<!USA )(?!TODAY)(?P<near>(?i:today|tonight|yesterday|tomorrow|last night|this (?:morning|afternoon|evening)"
    r"|(?:earlier|later) (?:today|in the day)|the day before yesterday)))(?!\w)"
)
_NEAR = {
    "yesterday": -1,
    "last night": -1,
    "tomorrow": 1,
    "the day before yesterday": -2,
}
_AHEAD = re.compile(
    r"\b(?:will|won['’]t|would|set (?:to|for)|scheduled|expected|upcoming|ahead of|due|slated"
    r"|plans? (?:to|for)|planned|going to|should|coming|preview|(?:is|are) to|debuts?|kicks? off|begins|starts|opens|unfolds|takes place|airs|premieres|postponed"
    r"|rescheduled|moved to)\b",
    re.IGNORECASE,
)
_LAST = re.compile(r"\b(?:last|previous|past|earlier this week|that)\W+(?:on )?$", re.IGNORECASE)
_NEXT = re.compile(r"\b(?:next|this coming|coming|following)\W+$", re.IGNORECASE)
# A day after these words limits the event or follows it; the event was on another day.
_BOUND = re.compile(
    r"\b(?:(?:since|until|till|before|ahead of|prior to)"
    r"(?: (?:the|an?|his|her|its|at least|about))?(?: (?!on\b|in\b)[\w’'-]+)?"
    r"|(?:by|through|as of|from|between)(?: (?:the|an?|at least|about))?|after|following)"
    r"\W+(?:on |last |this )?$",
    re.IGNORECASE,
)
_HEADING = re.compile(
    rf"^\W*(?:(?:{WEEKDAY}),? )?(?:(?:the )?{_NUMBER}(?: of)? {_MONTH}\b\.?|{_MONTH} {_NUMBER}\b)(?:,? (?:19|20)\d\d)?"
    r"(?:,? \d{1,2}[:.]\d\d ?(?:[ap]\.?m\.?)?)?\s*(?::|—|–|-|\||$)",
    re.MULTILINE,
)
_CLAUSE_END = re.compile(r"\n|(?<![ap]\.m)(?<!\b[A-Z])[.?!][”\"’]? (?=[A-Z“\"0-9])|; ")
_HAS_BEEN = re.compile(r"\b(?:was|were|had|did|has|have|went|told|said|began|[a-z]{2,}ed)\b")


@dataclass(frozen=True, slots=True)
class DayMention:
    """A day that the characters ``start`` to ``end`` name. ``bounds`` says that something lasted
    until it, came after it or is due by it; ``heads`` says that it is a heading."""

    start: int
    end: int
    day: date
    bounds: bool = False
    heads: bool = False


def day_mentions(text: str, published: date | None) -> list[DayMention]:
    """Return the days named in ``text``, in order. Without ``published`` only full dates count."""
    heads = [match.span() for match in _HEADING.finditer(text)]
    return list(_mentions(text, published, heads))


def day_of_sentence(
    text: str, start: int, end: int, published: date | None, lead: Sequence[DayMention] = ()
) -> date | None:
    """Return the day of the event that the sentence from ``start`` to ``end`` of ``text`` reports;
    None if the text doesn't say.

    It is the day that the sentence names, else that of the heading above it, else, for a sentence
    near the top of its article, the one that its ``lead`` names.
    """
    mentions = day_mentions(text[:end], published)
    own = [m for m in mentions if m.start >= start]
    if own:
        return next((m.day for m in own if not m.bounds), own[0].day if _only_bound(own) else None)
    above = [m for m in mentions if m.heads and m.end <= start]
    if above:
        return above[-1].day
    return next((m.day for m in lead if not m.bounds), None)


def _only_bound(own: Sequence[DayMention]) -> bool:
    return len(own) == 1 and own[0].heads


def _mentions(
    text: str, published: date | None, heads: Sequence[tuple[int, int]]
) -> Iterator[DayMention]:
    for match in _DAY.finditer(text):
        try:
            day = _day(match, published)
        except (ValueError, OverflowError):  # 31 June
            continue
        if day is None:
            continue
        heading = any(first <= match.start() < last for first, last in heads)
        before = text[max(0, match.start() - 48) : match.start()]
        clause = before[max((end.end() for end in _CLAUSE_END.finditer(before)), default=0) :]
        bounds = not heading and bool(_BOUND.search(clause))
        yield DayMention(match.start(), match.end(), day, bounds, heading)


def _day(match: re.Match[str], published: date | None) -> date | None:
    found = match.groupdict()
    if found["iso"]:
        return date.fromisoformat(found["iso"])
    month = found["month"] or found["month2"]
    if month:
        number = int(re.sub(r"\D", "", found["number"] or found["number2"]))
        year = found["year"] or found["year2"]
        day = _date(SHORT_MONTHS.index(month[:3].lower()) + 1, number, year, published)
        if day is None or year or published is None:
            return day
        if published - day > _SOON and _AHEAD.search(_clause(match)[0]):
            return day.replace(year=day.year + 1)
        if day - published < _SOON:
            return day
        # If it is past, it was the year before; otherwise it is still to come.
        return day if _is_ahead(match, unsaid=True) else day.replace(year=day.year - 1)
    if published is None:
        return None
    if found["near"]:
        near = " ".join(found["near"].lower().split())
        return published + timedelta(days=_NEAR.get(near, 0))
    if found["count"]:
        count = found["count"].lower()
        return published - timedelta(days=_COUNTS.get(count) or int(count))
    return published + timedelta(days=_weekday_away(match, published))


def _date(month: int, number: int, year: str | None, published: date | None) -> date | None:
    """Return a date; without a year the one closest to the publication. Raises ``ValueError``."""
    if year:
        return date(int(year), month, number)
    if published is None:
        return None
    days = []
    for near in (published.year - 1, published.year, published.year + 1):
        try:
            days.append(date(near, month, number))
        except ValueError:  # 29 February
            continue
    if not days:
        raise ValueError(number)
    return min(days, key=lambda day: abs(day - published))


def _weekday_away(match: re.Match[str], published: date) -> int:
    """Return the days from the publication to a weekday: back, unless the clause is about the
    future."""
    day = WEEKDAY_NAMES.index(match["weekday"].lower())
    back, ahead = (published.weekday() - day) % _WEEK, (day - published.weekday()) % _WEEK
    before = match.string[max(0, match.start() - 24) : match.start()]
    if _NEXT.search(before):
        return ahead or _WEEK
    if _LAST.search(before):
        return -(back or _WEEK)
    return ahead if _is_ahead(match) or back == _AFTER_ALL else -back


def _is_ahead(match: re.Match[str], *, unsaid: bool = False) -> bool:
    """Return whether the clause treats the day as future; ``unsaid`` if it doesn't say.

    The nearest word before the day decides; words after it only if there is none before: "said on
    Tuesday that it will" is past.
    """
    before, behind = _clause(match)
    ahead = max((each.end() for each in _AHEAD.finditer(before)), default=-1)
    been = max((each.end() for each in _HAS_BEEN.finditer(before)), default=-1)
    if max(ahead, been) >= 0:
        return ahead >= been
    coming, past = _AHEAD.search(behind), _HAS_BEEN.search(behind)
    if coming is None:
        return unsaid and past is None
    return past is None or coming.start() <= past.start()


def _clause(match: re.Match[str]) -> tuple[str, str]:
    """Return the text before and after a match, up to the ends of its sentence or clause."""
    text, start = match.string, match.start()
    window = max(0, start - _CLAUSE)
    ends = [end.end() for end in _CLAUSE_END.finditer(text, window, start)]
    behind = _CLAUSE_END.search(text, match.end(), start + _CLAUSE)
    last = behind.start() if behind else start + _CLAUSE
    return text[ends[-1] if ends else window : start], text[match.end() : last]
