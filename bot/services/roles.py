"""What one of all processes on a database does for the others: each under a lease of its own.

Without a database that is shared this process does everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.database import Database
from retrieval.catalogue.fences import current_fence, fenced
from retrieval.catalogue.kept_leases import KeptLease, KeptLeases, LeaseFence, open_leases
from retrieval.catalogue.leases import Lease, require
from retrieval.errors import StorageError

_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[], Awaitable[None]]


class Roles:
    """Does what falls to this process. ``kept`` are its leases, None where nothing is shared.

    ``lease_of`` is, by server, the lease of its shard; it is set when shards are shared.
    """

    def __init__(self, kept: KeptLeases | None = None, process: KeptLease | None = None) -> None:
        self.kept = kept
        self._process = process
        self.lease_of: Callable[[int], Lease | None] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether other processes may do the same."""
        return self.kept is not None

    async def alone(self, role: str, work: Work) -> None:
        """Do ``work``, which goes on for ever, whenever this process has the role."""
        if self.kept is None:
            await work()
            return
        name = f"role:{role}"
        while True:
            try:
                if await self.kept.free([name]):
                    await self.kept.under(name, work)
            except StorageError as error:
                _log.warning("%s: %s", name, error)
            await asyncio.sleep(self.kept.pause)

    async def in_turn(self, role: str, work: Work) -> None:
        """Do ``work`` once, when no other process is at the same."""
        if self.kept is None:
            await work()
            return
        while True:
            if await self.kept.under(f"role:{role}", work):
                return
            await asyncio.sleep(self.kept.pause / 10)

    async def if_free(self, name: str, work: Work) -> bool:
        """Do ``work`` once, unless another process is at it; whether it was done here."""
        if self.kept is None:
            await work()
            return True
        return await self.kept.under(name, work)

    async def permit(self, connection: AsyncConnection) -> None:
        """Let this process write as long as its own lease holds, which it renews first if that ran
        out: for ``Database.permission`` of one without the right to all. A fence is enough by itself:
        a transaction locks one lease, or it and ``renew`` might wait for each other. Raises
        ``StorageError``."""
        if self.kept is None or current_fence() is not None:
            return
        process = self._process
        if process is not None and process.lease is not None and not process.lease.is_current:
            await self.kept.renew()
        if process is None or process.lease is None:
            raise StorageError("lease-lost")
        await require(connection, process.lease)

    async def if_held(self, guild_id: int, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do ``work``, which writes and sends only as long as this process has the shard of a
        server; None if it hasn't, or loses it meanwhile. Raises what ``work`` does."""
        if self.lease_of is None:
            return await work()
        held = self.lease_of
        try:
            with fenced(LeaseFence(lambda: held(guild_id))):
                return await work()
        except StorageError as error:
            if error.code != "lease-lost":
                raise
            return None


@contextlib.asynccontextmanager
async def open_roles(database: Database) -> AsyncIterator[Roles]:
    """The roles of this process; what it still holds at the end is given back."""
    async with open_leases(database) as kept:
        if kept is None:
            yield Roles()
            return
        process = await kept.take(f"process:{kept.leases.holder}")
        try:
            yield Roles(kept, process)
        finally:
            if process is not None:
                await kept.let_go(process)
