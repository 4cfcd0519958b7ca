"""The shards of one process among several on a database, taken and held by leases.

Each process holds a fair share. The shards of a dead process are taken when its leases expire. A
process that was suspended for longer finds at its first look that they are another's, and closes
those shards before anything that arrived on them is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord.gateway import DiscordWebSocket

from bot.ops.background import run_forever
from bot.ops.logging import details
from retrieval.catalogue.leases import LEASE_PAUSE, LEASE_SECONDS, Lease, Leases, awake_seconds
from retrieval.errors import FolderInUse, StorageError
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)


async def _always() -> None:
    """Any process may hold shards."""


class ShardLeases:
    """Holds shards of ``count`` for ``client``, ``seconds`` at a time.

    Call ``join`` before the client connects, ``launch`` in place of its ``launch_shards``, and
    ``close`` when it is closed. ``ids`` are the shards held at present. ``on_processes`` is called
    at each look with the number of processes that share the shards. ``may_hold`` raises
    ``FolderInUse`` if this process may hold none any more because another one writes: all are given
    up then, and ``on_lost`` is called.
    """

    def __init__(
        self,
        client: discord.AutoShardedClient,
        leases: Leases,
        count: int,
        *,
        seconds: float = LEASE_SECONDS,
        pause: float = LEASE_PAUSE,
        on_processes: Callable[[int], None] = lambda _: None,
        may_hold: Callable[[], Awaitable[None]] = _always,
        on_lost: Callable[[FolderInUse], None] = lambda _: None,
    ) -> None:
        self.ids: list[int] = []
        self._client = client
        self._leases = leases
        self._count = count
        self._seconds = seconds
        self._pause = pause
        self._on_processes = on_processes
        self._may_hold = may_hold
        self._on_lost = on_lost
        self._held: dict[int, Lease] = {}
        self._process: Lease | None = None
        self._launching: dict[int, asyncio.Task[None]] = {}
        self._connected = False
        # Whether nobody holds shards of another count.
        self._alone = False
        self._closing = False
        # When the database was last unavailable, and until when nothing of others is taken after that,
        # by `awake_seconds`.
        self._away: float | None = None
        self._patient_until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._round: asyncio.Task[None] | None = None
        _guard_sockets(client, self)

    async def join(self) -> None:
        """Return once this process holds a shard, which may wait until others give theirs up; from
        then on leases are renewed. Raises ``StorageError`` if the database is unavailable."""
        await self.look()
        if not (self.ids and self._alone):
            _log.info("waiting for shards, which other processes hold")
        while not (self.ids and self._alone) and not self._closing:
            await asyncio.sleep(self._pause)
            await self.look()
        if self._closing:
            return
        rounds = run_forever(self.look, "shards", pause=self._pause)
        self._task = asyncio.create_task(rounds, name="shards")

    async def launch(self) -> None:
        """Connect the shards held, one after the other, and from then on those that become free.

        Without any shards, discord.py would connect all.
        """
        state = self._client._connection
        # Not a copy: discord.py counts in it how many have to be ready.
        state.shard_count, state.shard_ids = self._count, self.ids
        for shard_id in list(self.ids):
            if shard_id in self._held:  # it wasn't lost meanwhile
                await asyncio.wait([self._begin(shard_id)])
        self._connected = True

    async def close(self) -> None:
        """Give up all shards and leases; the client is closed already."""
        self._closing = True
        tasks = [each for each in (self._task, self._round) if each is not None]
        await cancel(*tasks, *self._launching.values())
        held = self._all()
        self._held.clear()
        self.ids.clear()
        with contextlib.suppress(StorageError):  # they expire
            await self._leases.release(held)

    def lease_of(self, shard_id: int) -> Lease | None:
        """Return the lease under which this process writes for a shard's servers; None if it isn't
        held."""
        return self._held.get(shard_id)

    def is_connected(self) -> bool:
        """Return whether this process holds shards and all of them are connected.

        discord.py still lists those that were closed when they were given up.
        """
        shards = self._client.shards
        return bool(self._held) and all(
            shard_id in shards and not shards[shard_id].is_closed() for shard_id in self._held
        )

    def require(self, shard_id: int) -> None:
        """Raise ``CancelledError`` for a shard that this process doesn't hold and mustn't connect:
        after any other error discord.py would try again."""
        if shard_id not in self._held:
            raise asyncio.CancelledError

    async def guard(self) -> None:
        """Return at once if everything held is current; otherwise look first what still is.

        If the database is unavailable, nobody else can take anything: that is logged, and not
        waited for again soon.
        """
        if all(each.is_current for each in self._held.values()):
            return
        if self._away is not None and awake_seconds() < self._away + self._seconds / 2:
            return
        try:
            await self.look()
        except StorageError as error:
            _log.warning("the shards could not be looked at: %s", error)
        except Exception:  # noqa: BLE001 - logged; discord.py would end the program
            _log.exception("the shards could not be looked at")

    async def look(self) -> None:
        """Renew what is held, close what was lost, and take or give up shards for a fair share.

        There is one look at a time, which all callers wait for. Raises ``StorageError``.
        """
        if self._closing:
            return
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._look(), name="a look at the shards")
        await asyncio.shield(self._round)

    async def _look(self) -> None:
        try:
            await self._share()
        except Exception:
            self._away = awake_seconds()
            self._patient_until = self._away + self._seconds
            raise
        self._away = None

    async def _share(self) -> None:
        try:
            await self._may_hold()
        except FolderInUse as error:
            self._closing = True
            try:
                await self._give_all_up()
            finally:
                self._on_lost(error)
            return
        if await self._yields():
            return
        await self._renew()
        for shard_id in self._client.shards.keys() - self._held.keys():
            await self._disconnect(shard_id)  # it was connecting when it was given up
        if awake_seconds() < self._patient_until:
            return  # leases of others ran out too, and they renew theirs when they look again
        processes = max(1, len(await self._leases.held("gateway:")))
        self._on_processes(processes)
        share = -(-self._count // processes)
        if len(self._held) > share and self._connected:
            await self._give_up(max(self._held))
        elif self._connected or not self.ids:
            await self._take(share)
            if self._connected:
                for shard_id in self.ids:
                    self._begin(shard_id)
            else:  # another one may have taken some at the same moment
                await self._yields()

    async def _yields(self) -> bool:
        """Return whether this process may hold no shard, having given up all, because others hold
        some of another count: both would serve every server.

        If two take theirs at once, the one with more shards keeps them, and connects when the other
        has given up its own.
        """
        names = [each.name for each in await self._leases.held("shard:")]
        counts = {int(name.rpartition("/")[2]) for name in names} - {self._count}
        self._alone = not counts
        holds = bool(self._held) and all(each.is_current for each in self._held.values())
        if self._alone or (holds and max(counts) < self._count):
            return False
        if self._held or self._process is not None:
            _log.warning("another process holds shards of another count; all are given up")
            await self._give_all_up()
        return True

    def _all(self) -> list[Lease]:
        """Return all leases of this process: its shards' and its own."""
        return [*self._held.values(), *([self._process] if self._process else [])]

    async def _renew(self) -> None:
        known = {each.name: shard_id for shard_id, each in self._held.items()}
        process = f"gateway:{self._leases.holder}"
        if self._process is None:
            self._process = await self._leases.take(process, self._seconds)
        renewed = {each.name: each for each in await self._leases.renew(self._all(), self._seconds)}
        self._process = renewed.pop(process, None)
        lost = [shard_id for name, shard_id in known.items() if name not in renewed]
        self._held = {known[name]: each for name, each in renewed.items()}
        for shard_id in lost:
            _log.warning("another process has taken a shard", extra=details(shard=shard_id))
            await self._forget(shard_id)

    async def _take(self, share: int) -> None:
        if len(self._held) >= share:
            return
        others = {each.name for each in await self._leases.held("shard:")}
        for shard_id in range(self._count):
            if len(self._held) >= share:
                return
            name = f"shard:{shard_id}/{self._count}"
            if name in others or shard_id in self._held:
                continue
            if (lease := await self._leases.take(name, self._seconds)) is None:
                continue
            self._held[shard_id] = lease
            self.ids.append(shard_id)
            _log.info("took a shard", extra=details(shard=shard_id))

    def _begin(self, shard_id: int) -> asyncio.Task[None]:
        """Connect a shard, unless that was begun and hasn't failed."""
        begun = self._launching.get(shard_id)
        if begun is None or (begun.done() and (begun.cancelled() or begun.exception() is not None)):
            begun = self._launching[shard_id] = asyncio.create_task(self._launch(shard_id))
        return begun

    async def _launch(self, shard_id: int) -> None:
        await self._client.launch_shard(DiscordWebSocket.DEFAULT_GATEWAY, shard_id)

    async def _give_up(self, shard_id: int) -> None:
        lease = self._held.pop(shard_id)
        await self._forget(shard_id)
        await self._leases.release([lease])
        _log.info("gave up a shard for another process", extra=details(shard=shard_id))

    async def _give_all_up(self) -> None:
        """Close all shards, and leave the processes that share them."""
        held = self._all()
        self._held.clear()
        self._process = None
        for shard_id in list(self.ids):
            await self._forget(shard_id)
        with contextlib.suppress(StorageError):  # they expire
            await self._leases.release(held)

    async def _forget(self, shard_id: int) -> None:
        """Close a shard, and forget its servers."""
        self.ids.remove(shard_id)
        if (launching := self._launching.pop(shard_id, None)) is not None:
            await cancel(launching)
        await self._disconnect(shard_id)
        for guild in [each for each in self._client.guilds if each.shard_id == shard_id]:
            # discord.py forgets a server only when the bot is removed from it.
            self._client._connection._remove_guild(guild)

    async def _disconnect(self, shard_id: int) -> None:
        shard = self._client.get_shard(shard_id)
        if shard is None:
            return
        # Though closed, it may be about to reconnect.
        shard._parent._cancel_task()
        await shard.disconnect()


def _guard_sockets(client: discord.AutoShardedClient, leases: ShardLeases) -> None:
    """Have ``guard`` look before a connection is made and before anything that arrived is read."""
    connect = client.http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> Any:
        await leases.guard()
        socket: Any = await connect(url, compress=compress)
        receive = socket.receive

        async def receive_guarded(*arguments: Any, **options: Any) -> Any:
            message = await receive(*arguments, **options)
            await leases.guard()
            return message

        socket.receive = receive_guarded
        return socket

    client.http.ws_connect = ws_connect  # type: ignore[method-assign]
