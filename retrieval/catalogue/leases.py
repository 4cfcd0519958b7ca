"""Leases: which process on a shared database does what until when, by the database's clock.

A lease expires by itself if its holder dies or is stopped, and another process may then take it.
Each taking increases its token. A process that writes because it holds a lease calls ``require`` in
the same transaction: a process that was suspended and resumes can't write with an old token.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import ColumnElement, Text, cast, exists, literal, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from retrieval.catalogue.database import Database
from retrieval.catalogue.dialects import Now, insert_into
from retrieval.catalogue.fences import current_fence
from retrieval.catalogue.schema import leases
from retrieval.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

_MICROS = 1_000_000
# How long a lease lasts unless it is renewed, and how often that is done, in seconds: so long after a
# process died, others may do what it did.
LEASE_SECONDS, LEASE_PAUSE = 20.0, 5.0
# How the names of leases begin under which something with a row of its own is done; its id follows.
JOB_LEASE, FEED_LEASE = "job:", "feed:"


def awake_seconds() -> float:
    """Return a monotonic time in seconds that also advances while the machine sleeps, where the
    system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken, with its token. ``until``, on the clock of ``awake_seconds``, is when
    it expires for this process, never later than in the database."""

    name: str
    token: int
    until: float

    @property
    def is_current(self) -> bool:
        """Whether the lease hasn't expired yet."""
        return awake_seconds() < self.until


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease that hasn't expired, as the database knows it, with ``seconds`` left."""

    name: str
    holder: str
    seconds: float


class Leases:
    """Takes and returns leases for ``holder``, the name of one process that no other ever has.

    All methods raise ``StorageError`` if the database can't be reached. None waits for other
    writing transactions of the process: a lease must not expire behind a long one.
    """

    def __init__(self, database: Database, holder: str) -> None:
        self.holder = holder
        self._database = database

    async def take(self, name: str, seconds: float) -> Lease | None:
        """Take a lease for ``seconds``; None if anybody holds it, this process included."""
        async with self._database.write_beside() as connection:
            return await self._take(connection, name, seconds)

    async def claim(
        self,
        choose: Callable[[AsyncConnection], Awaitable[T | None]],
        name: Callable[[T], str],
        seconds: float,
    ) -> tuple[T, Lease] | None:
        """Take the lease, by ``name``, of what ``choose`` finds, in one transaction. Return both;
        None if it finds nothing, or another process was faster."""
        async with self._database.write_beside() as connection:
            chosen = await choose(connection)
            if chosen is None:
                return None
            lease = await self._take(connection, name(chosen), seconds)
        return None if lease is None else (chosen, lease)

    async def _take(self, connection: AsyncConnection, name: str, seconds: float) -> Lease | None:
        asked = awake_seconds()
        until = Now() + int(seconds * _MICROS)
        row = {"name": name, "holder": self.holder, "token": 1, "expires_at": until}
        taken = insert_into(connection, leases).values(row)
        taken = taken.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"holder": self.holder, "token": leases.c.token + 1, "expires_at": until},
            where=leases.c.expires_at <= Now(),
        )
        token = await connection.scalar(taken.returning(leases.c.token))
        return None if token is None else Lease(name, token, asked + seconds)

    async def renew(self, held: Collection[Lease], seconds: float) -> list[Lease]:
        """Extend leases to ``seconds`` from now, in one statement. Return those extended: one that
        somebody else took is missing, one that expired without being taken is held again."""
        asked = awake_seconds()
        known = [(each.name, each.token) for each in held]
        async with self._database.write_beside() as connection:
            renewed = await connection.execute(
                update(leases)
                .where(tuple_(leases.c.name, leases.c.token).in_(known))
                .values(expires_at=Now() + int(seconds * _MICROS))
                .returning(leases.c.name, leases.c.token)
            )
            rows = renewed.all()
        return [Lease(row.name, row.token, asked + seconds) for row in sorted(rows)]

    async def release(self, held: Collection[Lease]) -> None:
        """Give leases back at once, except those that somebody else took."""
        known = [(each.name, each.token) for each in held]
        async with self._database.write_beside() as connection:
            await connection.execute(
                update(leases)
                .where(tuple_(leases.c.name, leases.c.token).in_(known))
                .values(expires_at=0)
            )

    async def held(self, prefix: str) -> list[HeldLease]:
        """Return the unexpired leases whose names begin with ``prefix``, by name."""
        return await self._held(leases.c.name.startswith(prefix, autoescape=True))

    async def held_of(self, names: Collection[str]) -> list[HeldLease]:
        """Return the unexpired ones of these leases, by name."""
        return await self._held(leases.c.name.in_(names))

    async def _held(self, wanted: ColumnElement[bool]) -> list[HeldLease]:
        left = (leases.c.expires_at - Now()).label("left")
        columns = leases.c.name, leases.c.holder, left
        query = select(*columns).where(wanted, leases.c.expires_at > Now())
        try:
            rows = await self._database.read(lambda connection: connection.execute(query).all())
        except SQLAlchemyError as error:
            raise self._database.error(error) from error
        return [HeldLease(row.name, row.holder, row.left / _MICROS) for row in sorted(rows)]


def is_held(prefix: str, row_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether anybody holds the lease of a row: ``prefix`` and its id."""
    name = literal(prefix) + cast(row_id, Text)
    return exists().where(leases.c.name == name, leases.c.expires_at > Now())


async def require(connection: AsyncConnection, lease: Lease) -> None:
    """Check in a writing transaction that a lease is still held, and keep others from taking it
    until the transaction ends. Raises ``StorageError`` (``lease-lost``)."""
    query = select(leases.c.token).where(
        leases.c.name == lease.name, leases.c.token == lease.token, leases.c.expires_at > Now()
    )
    if await connection.scalar(query.with_for_update(read=True)) is None:
        raise StorageError("lease-lost")


async def require_any_fence(_connection: AsyncConnection) -> None:
    """Permit only transactions that stand on a lease (``fenced``), in a process without the writer lock.

    Raises ``StorageError`` (``write-without-lease``).
    """
    if current_fence() is None:
        raise StorageError("write-without-lease")
