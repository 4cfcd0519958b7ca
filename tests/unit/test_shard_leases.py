"""What is read from Discord while the database is away, and after a process was stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.services.shard_leases import ShardLeases
from retrieval.catalogue.leases import HeldLease, Lease, Leases, awake_seconds
from retrieval.errors import FolderInUse, StorageError
from tests.deadlines import scaled


class Shared(Leases):
    """Leases of a database that a test takes away and in which it lets others take some."""

    def __init__(self) -> None:
        self.holder = "this"
        self.away = False
        self.failure: Exception | None = None
        self.asked = 0
        self.stolen: set[str] = set()
        self.others: set[str] = set()
        self.told: list[int] = []
        self.released: set[str] = set()
        self.writer: FolderInUse | None = None
        self.lost: list[FolderInUse] = []

    async def may_hold(self) -> None:
        if self.writer is not None:
            raise self.writer

    async def take(self, name: str, seconds: float) -> Lease | None:
        self._ask()
        return Lease(name, 1, awake_seconds() + seconds)

    async def renew(self, held: Any, seconds: float) -> list[Lease]:
        self._ask()
        until = awake_seconds() + seconds
        return [replace(each, until=until) for each in held if each.name not in self.stolen]

    async def release(self, held: Any) -> None:
        self._ask()
        self.released |= {each.name for each in held}

    async def held(self, prefix: str) -> list[HeldLease]:
        self._ask()
        if prefix == "gateway:":
            return [HeldLease("gateway:this", "this", 1.0)]
        return [HeldLease(name, "other", 1.0) for name in self.stolen | self.others]

    def _ask(self) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        if self.away:
            raise StorageError("database-away", retry=True)


class Connection:
    """A shard as discord.py knows it, even when it was closed."""

    def __init__(self) -> None:
        self._parent = self
        self.closed = False
        self.cancelled = False

    def is_closed(self) -> bool:
        return self.closed

    async def disconnect(self) -> None:
        self.closed = True

    def _cancel_task(self) -> None:
        self.cancelled = True


class Client(discord.AutoShardedClient):
    """Notes which shards it is to connect."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.none(), shard_count=2)
        self.launched: list[int] = []
        self.known: dict[int, Any] = {}
        self.fails = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    @property
    def shards(self) -> dict[int, Any]:
        return self.known

    def get_shard(self, shard_id: int, /) -> Any:
        return self.known.get(shard_id)

    async def launch_shard(self, gateway: Any, shard_id: int, *, initial: bool = False) -> None:
        self.launched.append(shard_id)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.fails:
            raise OSError


@pytest.fixture
def shared() -> Shared:
    return Shared()


async def joined(shared: Shared) -> ShardLeases:
    client = Client()
    leases = ShardLeases(
        client, shared, 2, pause=3600, on_processes=shared.told.append,
        may_hold=shared.may_hold, on_lost=shared.lost.append,
    )  # fmt: skip
    await leases.join()
    await asyncio.sleep(0)
    await leases.launch()
    assert client.launched == [0, 1]
    assert leases.ids == [0, 1]
    assert set(shared.told) == {1}
    return leases


def stop_for_long(leases: ShardLeases) -> None:
    """As if the process had been stopped until all has run out."""
    leases._held = {shard: replace(each, until=0.0) for shard, each in leases._held.items()}


async def test_nothing_is_asked_while_what_is_held_is_current(shared: Shared) -> None:
    leases = await joined(shared)
    await leases.look()
    asked = shared.asked
    await leases.guard()
    assert shared.asked == asked
    await leases.close()


async def test_a_shard_that_was_taken_is_given_up_before_anything_is_read(shared: Shared) -> None:
    leases = await joined(shared)
    shared.stolen = {"shard:1/2"}
    stop_for_long(leases)
    await leases.guard()
    assert leases.ids == [0]
    assert leases.lease_of(1) is None
    await leases.close()


async def test_who_may_not_write_any_more_gives_everything_back(shared: Shared) -> None:
    leases = await joined(shared)
    shared.writer = FolderInUse("data-folder-in-use", holder="other")
    stop_for_long(leases)
    told = list(shared.told)
    await leases.guard()
    assert leases.ids == []
    assert shared.released == {"shard:0/2", "shard:1/2", "gateway:this"}
    assert shared.lost == [shared.writer]
    assert shared.told == told
    asked = shared.asked
    await leases.look()
    assert shared.asked == asked
    await leases.close()


async def test_nobody_joins_while_shards_of_another_count_are_held(shared: Shared) -> None:
    shared.others = {"shard:3/4"}
    client = Client()
    leases = ShardLeases(client, shared, 2, pause=0.01, on_processes=shared.told.append)
    joining = asyncio.create_task(leases.join())
    while shared.asked < 5:
        await asyncio.sleep(0.01)
    assert not joining.done()
    assert leases.ids == []
    assert shared.told == []  # it counts among no processes, which would leave it a share
    shared.others = set()
    await asyncio.wait_for(joining, scaled(10))
    assert leases.ids == [0, 1]
    await leases.close()


@pytest.mark.parametrize(("others", "kept"), [("shard:0/4", []), ("shard:0/1", [0, 1])])
async def test_of_two_counts_the_greater_one_stays(
    shared: Shared, others: str, kept: list[int]
) -> None:
    leases = await joined(shared)
    shared.others = {others}
    await leases.look()
    assert leases.ids == kept
    assert ("gateway:this" in shared.released) == (not kept)
    stop_for_long(leases)  # all have run out: who took some meanwhile keeps them
    await leases.look()
    assert leases.ids == []
    shared.others = set()
    await leases.look()
    assert leases.ids == [0, 1]
    await leases.close()


async def test_without_a_shard_none_is_connected_until_there_is_one(shared: Shared) -> None:
    client = Client()
    leases = ShardLeases(client, shared, 2, pause=3600)
    await leases.join()
    shared.others = {"shard:0/4"}
    await leases.look()
    await leases.launch()
    assert client.launched == []
    shared.others = set()
    client.fails = True
    await leases.look()
    await asyncio.sleep(0)
    assert client.launched == [0, 1]
    client.fails = False
    for _ in range(2):  # what failed is begun again, once
        await leases.look()
        await asyncio.sleep(0)
    assert client.launched == [0, 1, 0, 1]
    await leases.close()


async def test_a_shard_that_is_lost_while_others_connect_is_not_connected(shared: Shared) -> None:
    client = Client()
    leases = ShardLeases(client, shared, 2, pause=3600)
    await leases.join()
    client.meanwhile = leases.look
    shared.stolen = {"shard:1/2"}
    await leases.launch()
    assert client.launched == [0]
    await leases.close()


async def test_a_shard_that_was_given_up_need_not_be_connected(shared: Shared) -> None:
    client = Client()
    leases = ShardLeases(client, shared, 2, pause=3600)
    assert not leases.is_connected()
    await leases.join()
    client.known[0] = Connection()
    assert not leases.is_connected()
    client.known[1] = Connection()
    assert leases.is_connected()
    shared.stolen = {"shard:1/2"}
    await leases.look()
    assert client.known[1].closed
    assert leases.is_connected()
    client.known[0].closed = True
    assert not leases.is_connected()
    await leases.close()


async def test_a_shard_that_is_not_held_does_not_come_back(shared: Shared) -> None:
    client = Client()
    leases = ShardLeases(client, shared, 2, pause=3600)
    await leases.join()
    client.known = {0: Connection(), 1: Connection()}
    client.known[1].closed = True  # and about to connect anew
    shared.stolen = {"shard:1/2"}
    await leases.look()
    assert client.known[1].cancelled
    assert not client.known[0].cancelled
    leases.require(0)
    with pytest.raises(asyncio.CancelledError):
        leases.require(1)
    await leases.close()


async def test_while_the_database_is_away_events_wait_for_it_once(shared: Shared) -> None:
    leases = await joined(shared)
    await leases.look()
    shared.away = True
    stop_for_long(leases)
    await leases.guard()
    asked = shared.asked
    await leases.guard()
    assert shared.asked == asked
    assert leases.ids == [0, 1]
    shared.away = False
    await leases.look()
    held = leases.lease_of(0)
    assert held is not None
    assert held.is_current
    await leases.close()


async def test_no_failure_of_a_look_reaches_discord(shared: Shared) -> None:
    leases = await joined(shared)
    stop_for_long(leases)
    shared.failure = RuntimeError("a mistake of ours")
    asked = shared.asked
    await leases.guard()
    await leases.guard()  # nor is it waited for again
    assert shared.asked == asked + 1
    shared.failure = None
    await leases.close()


async def test_what_all_ask_at_once_is_looked_at_once(shared: Shared) -> None:
    leases = await joined(shared)
    await leases.look()
    stop_for_long(leases)
    before = shared.asked
    await leases.look()
    once = shared.asked - before
    stop_for_long(leases)
    before = shared.asked
    await asyncio.gather(*(leases.guard() for _ in range(50)))
    assert shared.asked - before == once
    await leases.close()
