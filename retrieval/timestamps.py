"""Points and spans of time, as the contracts define them: ISO 8601, UTC unless said otherwise.

Everything is compared as whole microseconds since 1970 in UTC, so that the two ends of a range
are exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

Clock = Callable[[], datetime]

DAY_MICROS = 86_400_000_000  # a day in microseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_BARE_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d")


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


# Clocks are set by less than this without anybody's noticing.
CLOCK_SLACK = timedelta(minutes=1)


def clock_went_back(last: datetime | None, now: datetime) -> bool:
    """Whether a clock shows an earlier time now than when something last happened: it was set
    back, or had run ahead then. Times to wait for that were reckoned from there mean nothing."""
    return last is not None and last > now + CLOCK_SLACK


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z; a moment without a zone counts as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the UTC moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def iso(moment: datetime) -> str:
    """``2023-11-03T10:00:00Z``: UTC, without a fraction where there is none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Span:
    """What a written date covers: ``start == end`` for a moment, a whole UTC day for a bare date."""

    start: datetime
    end: datetime

    @property
    def is_day(self) -> bool:
        return self.start != self.end


@lru_cache(maxsize=4_096)
def parse_span(text: str) -> Span:
    """Read an ISO 8601 date or date and time.

    Raises ``ValueError`` if the text is neither.
    """
    text = text.strip()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
        if _BARE_DATE.fullmatch(text):
            return Span(moment, moment + _DAY - _MICROSECOND)
    except OverflowError as error:
        raise ValueError(f"{text} is out of range") from error
    return Span(moment, moment)


def written(span: Span) -> str:
    """The span as ISO 8601: a bare date for a day, else a moment in UTC."""
    return span.start.date().isoformat() if span.is_day else iso(span.start)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """What a question may see. Both ends belong to it.

    ``as_of`` hides what was published (or, undated, ingested) later; ``since`` and ``until``
    keep what was published between them.
    """

    as_of: datetime
    since: datetime | None = None
    until: datetime | None = None

    @property
    def last(self) -> datetime:
        """The latest moment of the range that isn't after ``as_of``."""
        return self.as_of if self.until is None else min(self.as_of, self.until)


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the tz database. The first call reads folders of the disk."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())
