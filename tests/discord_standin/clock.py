"""Time as the stand-in sees it, and the ids that carry it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DISCORD_EPOCH_MS = 1_420_070_400_000


class Clock:
    """The real time, which a test may move forward."""

    def __init__(self) -> None:
        self._wall = time.time()
        self._start = time.monotonic()
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970; never goes back."""
        return self._wall + (time.monotonic() - self._start) + self._ahead

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once, for tokens, rate limits and timestamps."""
        self._ahead += seconds


class Snowflakes:
    """Ids as Discord makes them: the time, then a counter; always rising."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        fresh = (int(self._clock.now() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(fresh, self._last + 1)
        return self._last

    def next_of(self, shard: int, shards: int) -> int:
        """For a server that this shard of so many is to have."""
        moment = (self.next() >> 22) + 1
        moment += (shard - moment) % shards
        self._last = moment << 22
        return self._last


def iso(seconds: float) -> str:
    """``2026-01-02T03:04:05.678000+00:00``, Discord's form."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
