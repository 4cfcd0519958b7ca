"""How often shards may identify: so often in a day, and one of a bucket at a time.

docs.discord.com/developers/events/gateway#session-start-limit-object and #sharding-max-concurrency
"""

from __future__ import annotations

from enum import Enum

from .clock import Clock
from .model import Json

DAY_SECONDS = 86_400.0


class Start(Enum):
    """What becomes of an identify."""

    GRANTED, TOO_SOON, USED_UP = range(3)


class SessionStarts:
    """``total`` a day; of shards with the same ``shard_id % max_concurrency`` one in ``pace`` seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.total = 1_000
        self.max_concurrency = 1
        self.pace = 5.0
        self._used = 0
        self._day_ends = 0.0
        self._next: dict[int, float] = {}
        # Identifies that came too soon.
        self.too_soon = 0

    @property
    def remaining(self) -> int:
        self._begin_day()
        return self.total - self._used

    def limit(self) -> Json:
        """``session_start_limit`` of ``GET /gateway/bot``."""
        remaining = self.remaining
        seconds = max(0.0, self._day_ends - self._clock.now())
        return {
            "total": self.total, "remaining": max(0, remaining), "reset_after": int(seconds * 1000),
            "max_concurrency": self.max_concurrency,
        }  # fmt: skip

    def take(self, shard: int) -> Start:
        """Count an identify of a shard. One that comes too soon is no start of a session."""
        if self.remaining <= 0:
            return Start.USED_UP
        now, bucket = self._clock.now(), shard % self.max_concurrency
        if now < self._next.get(bucket, 0.0):
            self.too_soon += 1
            return Start.TOO_SOON
        self._next[bucket] = now + self.pace
        self._used += 1
        return Start.GRANTED

    def _begin_day(self) -> None:
        now = self._clock.now()
        if now >= self._day_ends:
            self._used, self._day_ends = 0, now + DAY_SECONDS
