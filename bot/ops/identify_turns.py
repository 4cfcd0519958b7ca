"""Let shards identify in turns: Discord allows one per bucket in five seconds."""

from __future__ import annotations

import asyncio
import random
import time

from retrieval.catalogue.leases import Leases
from retrieval.errors import StorageError

# A little more than Discord demands, since one shard may send late and the next one early.
_SECONDS = 5.25
_AGAIN_SECONDS = (1.0, 5.0)


class IdentifyTurns:
    """Shards with the same ``shard_id % max_concurrency`` take turns, ``seconds`` apart: those of
    this process, and with ``leases`` those of all processes on the database."""

    def __init__(self, leases: Leases | None = None, *, seconds: float = _SECONDS) -> None:
        self.max_concurrency = 1
        self._leases = leases
        self._seconds = seconds
        # By bucket, when it is free, in seconds of the monotonic clock.
        self._free: dict[int, float] = {}
        self._identified: set[int] = set()

    async def wait(self, shard_id: int) -> None:
        """Return when ``shard_id`` may identify.

        A shard that did so before first waits one to five seconds, as Discord demands after it
        ended a session.
        """
        if shard_id in self._identified:
            await asyncio.sleep(random.uniform(*_AGAIN_SECONDS))  # noqa: S311 - spreads them
        self._identified.add(shard_id)
        bucket = shard_id % self.max_concurrency
        if self._leases is not None:
            try:
                await self._shared(self._leases, f"identify:{bucket}")
                return
            except StorageError:
                pass  # identifying too soon, which Discord refuses, is better than never
        now = time.monotonic()
        turn = max(now, self._free.get(bucket, now))
        self._free[bucket] = turn + self._seconds
        await asyncio.sleep(turn - now)

    async def _shared(self, leases: Leases, name: str) -> None:
        """Take a turn among all processes: a lease that expires when the next turn may begin."""
        while await leases.take(name, self._seconds) is None:
            left = [each.seconds for each in await leases.held_of([name])]
            await asyncio.sleep(max(left, default=0.0))
