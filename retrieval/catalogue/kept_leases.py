"""Leases that a process keeps renewing until it lets them go, and what it does under them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.database import Database
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.leases import LEASE_PAUSE, LEASE_SECONDS, Lease, Leases, require
from retrieval.errors import StorageError
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)

T = TypeVar("T")


class LeaseFence:
    """Lets write and send under the lease that ``held`` returns, as long as that is the same one."""

    def __init__(self, held: Callable[[], Lease | None]) -> None:
        lease = held()
        if lease is None:
            raise StorageError("lease-lost")
        self._held = held
        self._lease = lease

    async def require(self, connection: AsyncConnection) -> None:
        """Keep the lease until a writing transaction ends. Raises ``StorageError``."""
        await require(connection, self._lease)

    def require_current(self) -> None:
        """Raise ``StorageError`` if the lease was lost or has run out by this machine's clock."""
        lease = self._held()
        if lease is None or lease.token != self._lease.token or not lease.is_current:
            raise StorageError("lease-lost")


class KeptLease:
    """A lease that is renewed until ``lost`` is set."""

    def __init__(self, lease: Lease) -> None:
        self.lease: Lease | None = lease
        self.lost = asyncio.Event()

    def lose(self) -> None:
        """Note that somebody else has it."""
        self.lease = None
        self.lost.set()


class KeptLeases:
    """Takes leases and renews them all in one statement every ``pause`` seconds, while ``keep`` runs."""

    def __init__(
        self, leases: Leases, *, seconds: float = LEASE_SECONDS, pause: float = LEASE_PAUSE
    ) -> None:
        self.leases = leases
        self.pause = pause
        self.seconds = seconds
        self._kept: dict[str, KeptLease] = {}

    async def keep(self) -> None:
        """Renew what is held until cancelled. While the database is away nobody takes it either."""
        while True:
            try:
                await self.renew()
            except StorageError as error:
                _log.warning("leases could not be renewed: %s", error)
            await asyncio.sleep(self.pause)

    async def renew(self) -> None:
        """Renew what is held once; what somebody else has by now is lost. Raises ``StorageError``."""
        known = {kept.lease: kept for kept in self._kept.values() if kept.lease is not None}
        if not known:
            return
        renewed = {each.name: each for each in await self.leases.renew(list(known), self.seconds)}
        for before, kept in known.items():
            if kept.lease is not before:
                continue  # let go meanwhile
            if before.name in renewed:
                kept.lease = renewed[before.name]
                continue
            _log.warning("another process has taken the lease %s", before.name)
            if self._kept.get(before.name) is kept:
                del self._kept[before.name]
            kept.lose()

    async def take(self, name: str) -> KeptLease | None:
        """Take a lease and keep it; None if anybody holds it. Raises ``StorageError``."""
        if name in self._kept or (lease := await self.leases.take(name, self.seconds)) is None:
            return None
        kept = self._kept[name] = KeptLease(lease)
        return kept

    async def claim(
        self,
        choose: Callable[[AsyncConnection], Awaitable[T | None]],
        name: Callable[[T], str],
    ) -> tuple[T, KeptLease] | None:
        """Take and keep the lease, by ``name``, of what ``choose`` finds, in one transaction; None if
        it finds nothing, or what this process is still busy with under a lease that ran out, or if
        another process was faster. Raises ``StorageError``."""

        async def choose_new(connection: AsyncConnection) -> T | None:
            chosen = await choose(connection)
            return None if chosen is None or name(chosen) in self._kept else chosen

        claimed = await self.leases.claim(choose_new, name, self.seconds)
        if claimed is None:
            return None
        chosen, lease = claimed
        kept = self._kept[lease.name] = KeptLease(lease)
        return chosen, kept

    async def let_go(self, kept: KeptLease) -> None:
        """Give a lease back, if it isn't lost."""
        lease, kept.lease = kept.lease, None
        if lease is None:
            return
        if self._kept.get(lease.name) is kept:  # it may have run out and been taken anew
            del self._kept[lease.name]
        with contextlib.suppress(StorageError):  # it runs out
            await self.leases.release([lease])

    async def free(self, names: Collection[str]) -> set[str]:
        """Those of these leases that nobody holds. Raises ``StorageError``."""
        if not names:
            return set()
        return set(names) - {each.name for each in await self.leases.held_of(names)}

    async def under(self, name: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Do ``work`` under a lease: whatever it writes requires it. It is cancelled if the lease is
        lost. Returns whether it was done: not if somebody else has the lease. Raises
        ``StorageError``, and what ``work`` does."""
        kept = await self.take(name)
        return kept is not None and await self.work_under(kept, work)

    async def work_under(self, kept: KeptLease, work: Callable[[], Awaitable[None]]) -> bool:
        """Do as ``under`` with a lease that is held, and give it back."""
        try:
            with fenced(LeaseFence(lambda: kept.lease)):
                working = asyncio.ensure_future(work())
            losing = asyncio.create_task(kept.lost.wait())
            try:
                await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    working.result()
                    return True
                return False
            finally:
                await cancel(working, losing)
        finally:
            await self.let_go(kept)


@contextlib.asynccontextmanager
async def open_leases(
    database: Database, *, seconds: float = LEASE_SECONDS, pause: float = LEASE_PAUSE
) -> AsyncIterator[KeptLeases | None]:
    """Keep the leases of this process while the block lasts; None where no other process writes to
    the database, which is a file."""
    if not database.is_on_server:
        yield None
        return
    kept = KeptLeases(Leases(database, uuid.uuid4().hex), seconds=seconds, pause=pause)
    keeping = asyncio.create_task(kept.keep(), name="leases")
    try:
        yield kept
    finally:
        await cancel(keeping)
