"""When a shard may identify: Discord takes one of a bucket in five seconds."""

from __future__ import annotations

import asyncio
import random
import time

# A little more than Discord asks for: what one sends late, the next may not send early.
_SECONDS = 5.25
_AGAIN_SECONDS = (1.0, 5.0)


class IdentifyTurns:
    """Shards with the same ``shard_id % max_concurrency`` take turns, ``seconds`` apart."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.max_concurrency = 1
        self._seconds = seconds
        # By bucket, from when it is free, in seconds that never go back.
        self._free: dict[int, float] = {}
        self._identified: set[int] = set()

    async def wait(self, shard_id: int) -> None:
        """Return when ``shard_id`` may identify.

        One that did so before waits one to five seconds first, as Discord asks of those whose
        session it ended.
        """
        if shard_id in self._identified:
            await asyncio.sleep(random.uniform(*_AGAIN_SECONDS))  # noqa: S311 - spreads them
        self._identified.add(shard_id)
        bucket, now = shard_id % self.max_concurrency, time.monotonic()
        turn = max(now, self._free.get(bucket, now))
        self._free[bucket] = turn + self._seconds
        await asyncio.sleep(turn - now)
