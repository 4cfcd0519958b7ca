"""The days that a report is about: weekdays and dates, read against the day of its publication.

Two reports of one event name the same day, whether they were published on it or a week before;
reports of two days of one war, or of two lottery drawings, don't. English only; a report without
any such word is about the day of its publication.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt

from retrieval.text.calendar_names import MONTH, SHORT_MONTH, SHORT_MONTHS, WEEKDAY, WEEKDAY_NAMES

# How many days before and after its publication a report may name.
REACH = 35
_READ = 2_500  # characters
# The weight of a named day, by how many characters from the beginning it is named.
_EARLY, _EARLIER, _LATER = (400, 1.0), (1_200, 0.5), 0.3
_PUBLISHED = 1.0
# The weight of the days before and after: "overnight", and reports of the morning after.
_BESIDE = 0.5

_NEAR = {"yesterday": -1, "last night": -1, "tomorrow": 1}
_MONTH = f"(?:{MONTH}|{SHORT_MONTH})"
_NUMBER = r"[0-3]?\d(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<{}>(?:19|20)\d\d))?"
_DAY = (
    # A weekday whose date is given is read by its date.
    rf"\b(?=[A-Z0-3tly])(?:(?P<weekday>{WEEKDAY})s?"
    rf"(?!,? (?:the )?(?:{_MONTH} \d|{_NUMBER}(?: of)? {_MONTH}))"
    rf"|(?P<month>{_MONTH}) (?P<number>{_NUMBER})\b(?!,? ?(?:\d\d:|[\d.]+%)){_YEAR.format('year')}"
    rf"|(?P<number2>{_NUMBER})(?: of)? (?P<month2>{_MONTH}){_YEAR.format('year2')}"
    r"|(?P<near>(?i:today|tonight|yesterday|tomorrow|last night|this (?:morning|afternoon|evening))))(?!\w)"
)
_SENTENCE_ENDS = ("\n", ". ", "? ", "! ", ".” ")
_AHEAD = re.compile(
    r"\b(?:will|won['’]t|would|set (?:to|for)|scheduled|expected|next|upcoming|ahead of|due|slated"
    r"|plans? to|going to|coming|preview|may|starts?|begins?|(?:is|are) to|faces?)\b",
    re.IGNORECASE,
)
_LAST = re.compile(r"\b(?:last|previous|past)\W+$", re.IGNORECASE)
_NEXT = re.compile(r"\b(?:next|this coming)\W+$", re.IGNORECASE)

Days = npt.NDArray[np.float32]


def event_date_distribution(title: str, text: str, published: date) -> Days:
    """Return how much a report is about each day from ``REACH`` days before its publication to
    ``REACH`` days after it: shape ``(2 * REACH + 1,)``, scaled to length 1."""
    told = np.zeros(2 * REACH + 1, dtype=np.float32)
    told[REACH] = _PUBLISHED
    for match in _day().finditer(f"{title}\n{text[:_READ]}"):
        away = _days_away(match, published)
        if away is not None and abs(away) <= REACH:
            place = match.start() - len(title)
            weight = next((w for before, w in (_EARLY, _EARLIER) if place < before), _LATER)
            told[REACH + away] += weight
    beside = np.zeros_like(told)
    beside[1:] += told[:-1]
    beside[:-1] += told[1:]
    told += _BESIDE * beside
    return told / np.float32(np.linalg.norm(told))


@cache
def _day() -> re.Pattern[str]:
    # Compiling takes a tenth of a second, which most commands needn't spend.
    return re.compile(_DAY)


def overlap(first: Days, second: Days, days_later: int) -> float:
    """Return how far two reports are about the same days, from 0 to 1. The second was published
    ``days_later`` days after the first, or before it if negative."""
    if days_later < 0:
        first, second, days_later = second, first, -days_later
    return float(first[days_later:] @ second[: max(0, len(second) - days_later)])


def _days_away(match: re.Match[str], published: date) -> int | None:
    found = match.groupdict()
    if found["near"]:
        return _NEAR.get(found["near"].lower(), 0)
    if found["weekday"]:
        return _weekday_away(match, published)
    month = SHORT_MONTHS.index((found["month"] or found["month2"])[:3].lower()) + 1
    number = int(re.sub(r"\D", "", found["number"] or found["number2"]))
    year = found["year"] or found["year2"]
    years = [int(year)] if year else [published.year + more for more in (-1, 0, 1)]
    try:
        away = [(date(each, month, number) - published).days for each in years]
    except ValueError:  # 31 June, or 29 February in one of the years
        return None
    return min(away, key=abs)


def _weekday_away(match: re.Match[str], published: date) -> int:
    day = WEEKDAY_NAMES.index(match["weekday"].lower())
    back = (published.weekday() - day) % 7
    ahead = (day - published.weekday()) % 7
    text, start = match.string, match.start()
    before = text[max(0, start - 12) : start]
    if _NEXT.search(before):
        return ahead or 7
    if _LAST.search(before):
        return -(back or 7)
    begins = max(text.rfind(mark, 0, start) for mark in _SENTENCE_ENDS) + 1
    ends = min((at for mark in _SENTENCE_ENDS if (at := text.find(mark, start)) >= 0), default=None)
    return ahead if _AHEAD.search(text, begins, len(text) if ends is None else ends) else -back
