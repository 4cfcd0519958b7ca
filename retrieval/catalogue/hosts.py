"""The hosts that the processes on one PostgreSQL database send requests to: one process at a time, with
the robots.txt and the times to wait known to all.

Nothing but names of hosts is kept, and only for a day.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Update,
    case,
    delete,
    extract,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert

from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import LEASE_PAUSE, LEASE_SECONDS, awake_seconds
from retrieval.catalogue.schema import hosts
from retrieval.errors import FetchRefused, Note, StorageError
from retrieval.runtime.concurrency import cancel
from retrieval.web.host_turns import HostNews, HostTurn, RobotsFile, TurnLost

_log = logging.getLogger(__name__)

_MICROS = 1_000_000
# After so long a process lets others have their turn.
_LONGEST_TURN = 5.0
# How often one that waits looks, and how long one that gave way waits: longer.
_LOOK, _GIVE_WAY = 0.25, 0.6
_LONGEST_WAIT = 300.0
# Rows are kept for so long, and so many of them.
_KEPT, _MOST = 86_400.0, 20_000
# A command that only reads is over before the first sweep.
_FIRST_SWEEP_SECONDS, _SWEEP_SECONDS = 60.0, 3_600.0

# The moment at which a statement came in: the same wherever the statement names it.
_NOW: ColumnElement[int] = sql_cast(
    extract("epoch", func.statement_timestamp()) * _MICROS, BigInteger
)


@dataclass(slots=True)
class _DatabaseTurn:
    host: str
    token: int
    # Of ``awake_seconds``: when it runs out here, never later than in the database, and when it is over.
    until: float
    over_at: float
    news: HostNews

    @property
    def is_over(self) -> bool:
        now = awake_seconds()
        return now >= self.until or now >= self.over_at

    def require_current(self) -> None:
        if awake_seconds() >= self.until:
            raise TurnLost


class DatabaseHosts:
    """Takes turns with other processes on a database, while ``keep`` runs.

    A turn lasts for ``seconds`` unless it is renewed, which is done every ``pause`` seconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        seconds: float = LEASE_SECONDS,
        pause: float = LEASE_PAUSE,
        longest_turn: float = _LONGEST_TURN,
        longest_wait: float = _LONGEST_WAIT,
    ) -> None:
        self._database = database
        self._holder = uuid.uuid4().hex
        self._seconds = seconds
        self._pause = pause
        self._longest_turn = longest_turn
        self._longest_wait = longest_wait
        self._held: dict[str, _DatabaseTurn] = {}
        # Hosts that others wait for, and until when this process doesn't.
        self._gave_way: dict[str, float] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Renew turns, and delete what is old, until cancelled."""
        sweep_at = awake_seconds() + _FIRST_SWEEP_SECONDS
        while True:
            try:
                await self.renew()
                if awake_seconds() >= sweep_at:
                    sweep_at = awake_seconds() + _SWEEP_SECONDS
                    await self.sweep()
            except StorageError as error:
                _log.warning("turns at hosts could not be renewed: %s", error)
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """Wait until turns that were given back are."""
        if self._ending:
            await asyncio.wait(self._ending.values())

    async def take(self, host: str, robots: int | None) -> HostTurn:
        """Take a turn as ``SharedHosts`` says: one statement where nobody else has it."""
        give_up_at = awake_seconds() + self._longest_wait
        if (ending := self._ending.get(host)) is not None:
            await asyncio.wait([ending])
        if (wait := self._gave_way.pop(host, 0.0) - awake_seconds()) > 0:
            await asyncio.sleep(wait)
        while (turn := await self._try(host, robots)) is None:
            if awake_seconds() >= give_up_at:
                raise FetchRefused("host-busy", retry=True)
            await asyncio.sleep(_LOOK)
        self._held[host] = turn
        return turn

    def give_back(self, turn: HostTurn, last_seconds: float | None) -> None:
        """End a turn as ``SharedHosts`` says."""
        mine = cast("_DatabaseTurn", turn)
        if self._held.get(mine.host) is mine:
            del self._held[mine.host]
        self._ending[mine.host] = asyncio.create_task(self._end(mine, last_seconds))

    async def keep_robots(
        self, turn: HostTurn, text: str | None, reason: Note | None, seconds: float
    ) -> int:
        """Keep a robots.txt as ``SharedHosts`` says."""
        packed = None if text is None else await asyncio.to_thread(zlib.compress, text.encode())
        statement = _of(turn).values(
            robots=packed,
            robots_error=Note.stored(reason),
            robots_until=_NOW + int(seconds * _MICROS),
        )
        async with self._database.write_beside() as connection:
            version = await connection.scalar(statement.returning(hosts.c.robots_until))
        if version is None:
            raise TurnLost
        return int(version)

    async def keep_retry_after(self, turn: HostTurn, seconds: float) -> None:
        """Keep a time to wait as ``SharedHosts`` says."""
        statement = _of(turn).values(retry_after=_NOW + int(seconds * _MICROS))
        async with self._database.write_beside() as connection:
            await connection.execute(statement)

    async def renew(self) -> None:
        """Renew the turns of this process, in one statement. Raise ``StorageError``."""
        held = list(self._held.values())
        if not held:
            return
        asked = awake_seconds()
        known = [(each.host, each.token) for each in held]
        async with self._database.write_beside() as connection:
            renewed = await connection.execute(
                update(hosts)
                .where(tuple_(hosts.c.name, hosts.c.token).in_(known), hosts.c.expires_at > 0)
                .values(expires_at=_NOW + int(self._seconds * _MICROS))
                .returning(hosts.c.name, hosts.c.token)
            )
            still = {(row.name, row.token) for row in renewed}
        for each in held:
            each.until = asked + self._seconds if (each.host, each.token) in still else 0.0

    async def sweep(self) -> None:
        """Delete hosts that nobody has asked for a day, and of more than 20,000 the oldest. Raise
        ``StorageError``."""
        now = awake_seconds()
        self._gave_way = {host: until for host, until in self._gave_way.items() if until > now}
        idle = hosts.c.expires_at <= _NOW
        waits = func.coalesce(hosts.c.retry_after, 0) > _NOW
        surplus = select(hosts.c.name).order_by(hosts.c.used_at.desc()).offset(_MOST)
        old = (hosts.c.used_at < _NOW - int(_KEPT * _MICROS)) & ~waits
        async with self._database.write_beside() as connection:
            await connection.execute(delete(hosts).where(idle, or_(old, hosts.c.name.in_(surplus))))

    async def _try(self, host: str, robots: int | None) -> _DatabaseTurn | None:
        asked = awake_seconds()
        c, until = hosts.c, _NOW + int(self._seconds * _MICROS)
        free = or_(c.expires_at <= _NOW, c.holder == self._holder)
        row = {"name": host, "holder": self._holder, "token": 1, "wanted_at": 0}
        taking = insert(hosts).values(**row, expires_at=until, used_at=_NOW)
        taking = taking.on_conflict_do_update(
            index_elements=[c.name],
            set_={
                "holder": case((free, self._holder), else_=c.holder),
                "token": case((free, c.token + 1), else_=c.token),
                "expires_at": case((free, until), else_=c.expires_at),
                # Whoever let it run out may have asked until then.
                "last_at": case(
                    (c.expires_at == 0, c.last_at),
                    (c.expires_at <= _NOW, func.greatest(c.last_at, c.expires_at)),
                    else_=c.last_at,
                ),
                "used_at": _NOW,
                "wanted_at": case((free, c.wanted_at), else_=_NOW),
            },
        )
        # What is known already need not come again; it may be large.
        is_new = (c.robots_until > _NOW) & c.robots_until.is_distinct_from(robots)
        found = taking.returning(
            c.holder,
            c.token,
            (_NOW - c.last_at).label("last"),
            (c.retry_after - _NOW).label("retry"),
            (c.robots_until - _NOW).label("robots_left"),
            case((is_new, c.robots_until)).label("version"),
            case((is_new, c.robots)).label("robots"),
            case((is_new, c.robots_error)).label("robots_error"),
        )
        async with self._database.write_beside() as connection:
            state = (await connection.execute(found)).one()
        if state.holder != self._holder:
            return None
        now = awake_seconds()
        return _DatabaseTurn(
            host, state.token, asked + self._seconds, now + self._longest_turn, await _news(state)
        )

    async def _end(self, turn: _DatabaseTurn, last_seconds: float | None) -> None:
        values: dict[str, Any] = {"expires_at": 0}
        if last_seconds is not None:
            values["last_at"] = _NOW - int(max(0.0, last_seconds) * _MICROS)
        statement = _of(turn).values(**values).returning(hosts.c.wanted_at > _NOW - _MICROS)
        try:
            async with self._database.write_beside() as connection:
                if await connection.scalar(statement):
                    self._gave_way[turn.host] = awake_seconds() + _GIVE_WAY
        except StorageError as error:
            _log.warning("a turn at a host could not be given back, and runs out: %s", error)
        finally:
            del self._ending[turn.host]


def _of(turn: HostTurn) -> Update:
    mine = cast("_DatabaseTurn", turn)
    return update(hosts).where(hosts.c.name == mine.host, hosts.c.token == mine.token)


async def _news(state: Any) -> HostNews:
    robots = None
    if state.version is not None:
        text = None
        if state.robots is not None:
            text = (await asyncio.to_thread(zlib.decompress, bytes(state.robots))).decode()
        reason = Note.parse(state.robots_error)
        robots = RobotsFile(text, reason, state.robots_left / _MICROS, state.version)
    return HostNews(
        None if state.last is None else max(0.0, state.last / _MICROS),
        None if state.retry is None or state.retry <= 0 else state.retry / _MICROS,
        robots,
    )


@contextlib.asynccontextmanager
async def open_hosts(
    database: Database, *, seconds: float = LEASE_SECONDS, pause: float = LEASE_PAUSE
) -> AsyncIterator[DatabaseHosts | None]:
    """Take turns at hosts while the block lasts; None where no other process uses the database, which
    is a file."""
    if not database.is_on_server:
        yield None
        return
    shared = DatabaseHosts(database, seconds=seconds, pause=pause)
    keeping = asyncio.create_task(shared.keep(), name="hosts")
    try:
        yield shared
    finally:
        try:
            await shared.close()
        finally:
            await cancel(keeping)
