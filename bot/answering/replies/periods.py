"""The news of a time: which time somebody means, and what to say if it has none."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from retrieval.errors import Note
from retrieval.text.time_expressions import read_time
from retrieval.text.time_expressions.options import whole_period
from retrieval.timestamps import TimeRange

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_RECENT = timedelta(days=3)
_TICK = timedelta(microseconds=1)


def period_of(question: str, subject: str, within: TimeRange, zone: tzinfo) -> TimeRange:
    """Return the range whose news a message asks for; the last day if it names none.

    ``subject`` may be a time only here: "catch me up on november". A week that isn't over means the
    last seven days: on a Monday nobody asks for Monday alone.
    """
    if within.since is not None:
        return within
    as_of = within.as_of
    read = read_time(question, as_of, zone)
    if read.since is None and (named := whole_period(subject, as_of, zone)) is not None:
        read = named
    if read.since is None:
        if read.until is not None:
            return TimeRange(as_of, read.until - _WEEK, read.until)
        return TimeRange(as_of, as_of - _DAY + _TICK)
    until = read.until
    length = until - read.since if until is not None else as_of - read.since
    if until is not None and until >= as_of and timedelta(days=2) < length <= _WEEK:
        return TimeRange(as_of, min(read.since, as_of - _WEEK))
    return TimeRange(as_of, read.since, until if until is not None and until < as_of else None)


def is_a_time(subject: str, as_of: datetime, zone: tzinfo) -> bool:
    """Return whether a subject is only a time: "november"."""
    return whole_period(subject, as_of, zone) is not None


def names_no_time(question: str, as_of: datetime, zone: tzinfo) -> bool:
    """Return whether a question names no time."""
    read = read_time(question, as_of, zone)
    return read.since is None and read.until is None


def last_week(as_of: datetime) -> TimeRange:
    """Return the last seven days."""
    return TimeRange(as_of, as_of - _WEEK + _TICK)


def is_recent(period: TimeRange) -> bool:
    """Return whether a period reaches into the last days, so that the newest news may stand in for
    it."""
    return period.last >= period.as_of - _RECENT


def in_words(period: TimeRange) -> Note:
    """Return a note for ``20 December 2023`` or ``13 December 2023 – 20 December 2023``, in any
    language."""
    last = period.last.date().isoformat()
    first = period.since.date().isoformat() if period.since is not None else last
    if first == last:
        return Note("reply-day", day=last)
    return Note("reply-span", first=first, last=last)
