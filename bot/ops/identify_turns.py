"""When a shard may identify: Discord takes one of a bucket in five seconds."""

from __future__ import annotations

import asyncio
import random
import time

from retrieval.catalogue.leases import Leases
from retrieval.errors import StorageError

# A little more than Discord asks for: what one sends late, the next may not send early.
_SECONDS = 5.25
_AGAIN_SECONDS = (1.0, 5.0)


class IdentifyTurns:
    """Shards with the same ``shard_id % max_concurrency`` take turns, ``seconds`` apart: those of this
    process, and with ``leases`` those of all processes on the database."""

    def __init__(self, leases: Leases | None = None, *, seconds: float = _SECONDS) -> None:
        self.max_concurrency = 1
        self._leases = leases
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
        bucket = shard_id % self.max_concurrency
        if self._leases is not None:
            try:
                await self._shared(self._leases, f"identify:{bucket}")
                return
            except StorageError:
                pass  # better to identify too soon, which Discord refuses, than not at all
        now = time.monotonic()
        turn = max(now, self._free.get(bucket, now))
        self._free[bucket] = turn + self._seconds
        await asyncio.sleep(turn - now)

    async def _shared(self, leases: Leases, name: str) -> None:
        """Take a turn among all processes: a lease that runs out when the next may begin."""
        while await leases.take(name, self._seconds) is None:
            left = [each.seconds for each in await leases.held(name) if each.name == name]
            await asyncio.sleep(max(left, default=0.0))
