"""When a feed is asked next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_MAX_AGE = re.compile(r"(?:^|,|\s)max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_FASTER, _SLOWER = 0.5, 1.5
_LONGEST_WAIT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PollIntervals:
    """The bounds of an interval, what it begins with, and after how long a feed that keeps failing
    is paused."""

    shortest: timedelta = timedelta(minutes=10)
    longest: timedelta = timedelta(hours=24)
    first: timedelta = timedelta(minutes=30)
    pause_after: timedelta = timedelta(days=7)

    def after_success(self, interval: timedelta, *, changed: bool) -> timedelta:
        """The next interval: half of the last one after news, half as much again without."""
        return min(self.longest, max(self.shortest, interval * (_FASTER if changed else _SLOWER)))

    def next_at(self, now: datetime, interval: timedelta, wanted: float | None) -> datetime:
        """The next visit, not before the ``wanted`` seconds that the publisher asks for, as far as
        the longest interval allows."""
        asked = min(timedelta(seconds=wanted or 0), self.longest)
        return now + max(interval, asked)

    def retry_at(self, now: datetime, failures: int, retry_after: float | None) -> datetime:
        """The next attempt after so many failures in a row."""
        backoff = min(self.longest, self.shortest * float(2 ** min(failures - 1, 20)))
        return max(now + backoff, self.retry_after_failure(now, retry_after) or now)

    def is_to_be_paused(self, failing: timedelta, failures: int) -> bool:
        """Whether a feed has failed for so long, and so often, that it is asked no more. A clock that
        jumps makes a long time of one failure."""
        return failing >= self.pause_after and failures >= self.pause_after / self.longest

    def retry_after_failure(self, now: datetime, retry_after: float | None) -> datetime | None:
        """Until when a site that sent a Retry-After is left alone, a week at most."""
        if not retry_after:
            return None
        return now + min(timedelta(seconds=retry_after), _LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How many items a first run takes, and the pace of visits."""

    first_items: int = 20
    pace: PollIntervals = field(default_factory=PollIntervals)


def max_age(headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer's Cache-Control says that it holds."""
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    return float(found[1]) if found else None
