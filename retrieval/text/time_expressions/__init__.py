"""What a question says about time, read at the moment when it is asked.

Words that describe the report itself ("published in May", "this week's news") are exact limits. All
other words for time say when the event was: they are evidence and limit nothing. The future (`next
week`, `in 2030`), durations and names (`Black Friday`) say nothing of either.

Periods are calendar periods in the asker's time zone; a date without a year is the last one that
has come, or the nearest one if the question is about a plan or a named event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from retrieval.text.common_words import likely_language
from retrieval.text.time_expressions.meanings import MEANINGS, Reader
from retrieval.text.time_expressions.periods import Calendar, Period
from retrieval.text.time_expressions.phrases import (
    TimeLanguage,
    known_languages,
    time_language,
    written_alike,
)
from retrieval.text.tokens import remove_span

__all__ = ["TimeExpression", "read_time"]

# For a period longer ago than this, the newest report isn't wanted.
_OLD = timedelta(days=45)
# Replaces what isn't a time, so that no words are read across it.
_MASK = "\x00"


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """What a question says about time.

    ``since`` and ``until`` are the period that ``phrase`` means, with time zones, None where it is
    open; ``exact`` says that it limits the report's publication. ``rest`` is the question without
    the phrase. ``latest`` says that the newest is wanted, ``timeless`` that age doesn't matter.
    """

    rest: str
    since: datetime | None = None
    until: datetime | None = None
    phrase: str | None = None
    exact: bool = False
    latest: bool = False
    timeless: bool = False


def read_time(
    question: str,
    now: datetime,
    zone: tzinfo,
    *,
    names: Sequence[tuple[int, int]] = (),
    day_first: bool = True,
    language: str | None = None,
) -> TimeExpression:
    """Find the words for time in ``question`` and the period that they mean at the moment ``now``,
    which has a time zone.

    ``names`` are ``(start, end)`` spans that aren't times, whatever their words, such as
    publishers; ``day_first`` says how 3/5/2023 is read. ``language`` is the question's ISO 639-1
    code; None detects it, and a language without known words for time is read as English.
    """
    if language is None:
        language = likely_language(question)
    words = time_language(language if language in known_languages() else "en")
    masked = _without_names(question, names, words)
    has_been = bool(words.has_been.search(question))
    ahead = bool(words.will_be.search(question)) and not has_been
    local = now.astimezone(zone).replace(tzinfo=None)
    latest = bool(words.latest.search(masked))
    timeless = bool(words.timeless.search(masked))
    for form in words.forms if words.trigger.search(masked) else ():
        for match in form.pattern.finditer(masked):
            exact = _of_report(masked, match.start(), match.end(), words)
            # A named event may be still to come, and so may anything not described as past.
            near = words.event.search(masked[: match.start()]) or not has_been
            nearest = bool(near) and not ahead and not exact
            calendar = Calendar(
                local, zone, ahead=ahead, nearest=nearest, past=has_been, day_first=day_first
            )
            try:
                period = MEANINGS[form.means](Reader(words, calendar), match)
            except (ValueError, OverflowError):
                continue  # 31 February, the year 0
            if period is None or not _has_come(period, local):
                continue
            rest = remove_span(question, match.start(), match.end())
            old = period.end is not None and period.end < local - _OLD
            return TimeExpression(
                rest,
                calendar.aware(period.start),
                calendar.aware(period.end),
                question[match.start() : match.end()].strip(),
                exact,
                latest and not old,
                timeless or old,
            )
    return TimeExpression(question, latest=latest and not timeless, timeless=timeless)


def _without_names(question: str, names: Sequence[tuple[int, int]], words: TimeLanguage) -> str:
    """Return the question with everything masked that isn't a time; its length stays."""
    text = written_alike(question)
    spans = [*names, *(m.span() for pattern in words.no_time for m in pattern.finditer(text))]
    for start, end in spans:
        text = text[:start] + _MASK * (end - start) + text[end:]
    return text


def _has_come(period: Period, now: datetime) -> bool:
    """Return whether any of a period is past, so that it can have been reported."""
    if period.start is not None and period.end is not None and period.end < period.start:
        return False
    if period.start is None:
        return period.end is not None and period.end <= now
    return period.start <= now


def _of_report(text: str, start: int, end: int, words: TimeLanguage) -> bool:
    """Return whether the words from ``start`` to ``end`` describe the report, not the event."""
    before, behind = text[:start], text[end:]
    # "of" and "in" may belong to the words for time.
    inner = re.match(r"\w+ ", text[start:end])
    heads = [before, before + inner.group()] if inner else [before]
    return any(p.search(head) for p in words.report_before for head in heads) or any(
        p.search(behind) for p in words.report_behind
    )
