"""Leases: one holder at a time, a token that rises, and no write with one of before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Lease, Leases, require
from retrieval.errors import StorageError
from tests.integration.expiry import run_out

pytestmark = pytest.mark.both_databases

LONG = 600.0


async def test_a_lease_has_one_holder_until_it_runs_out(tables: Database) -> None:
    one, other = Leases(tables, "one"), Leases(tables, "other")
    held = await one.take("shard:1", LONG)
    assert held is not None
    assert held.is_current
    assert await other.take("shard:1", LONG) is None
    assert await one.take("shard:1", LONG) is None
    await run_out(tables, "shard:1")
    taken = await other.take("shard:1", LONG)
    assert taken is not None
    assert taken.token == held.token + 1
    assert await one.renew([held], LONG) == []
    assert [each.token for each in await other.renew([taken], LONG)] == [taken.token]


@pytest.mark.parametrize(
    "error",
    [PoolTimeout("none is free"), OperationalError("INSERT", {}, Exception("said nothing known"))],
)
async def test_that_the_database_can_not_be_had_is_told_as_such(
    tables: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise error

    one = Leases(tables, "one")
    held = await one.take("shard:1", LONG)
    assert held is not None
    monkeypatch.setattr(AsyncConnection, "execute", fail)
    monkeypatch.setattr(AsyncConnection, "scalar", fail)
    monkeypatch.setattr(tables, "read", fail)
    for work in (
        one.take("shard:2", LONG),
        one.renew([held], LONG),
        one.release([held]),
        one.held("shard:"),
        one.held_of(["shard:1"]),
    ):
        with pytest.raises(StorageError):
            await work


async def test_one_that_ran_out_is_held_on_if_nobody_took_it(tables: Database) -> None:
    one = Leases(tables, "one")
    held = await one.take("shard:1", LONG)
    assert held is not None
    await run_out(tables, "shard:1")
    [renewed] = await one.renew([held], LONG)
    assert (renewed.name, renewed.token) == (held.name, held.token)
    assert await Leases(tables, "other").take("shard:1", LONG) is None


async def test_what_is_given_back_is_free_at_once_and_not_twice(tables: Database) -> None:
    one, other = Leases(tables, "one"), Leases(tables, "other")
    held = await one.take("shard:1", LONG)
    assert held is not None
    await one.release([held])
    taken = await other.take("shard:1", LONG)
    assert taken is not None
    await one.release([held])  # it is another's by now
    assert await one.take("shard:1", LONG) is None


async def test_a_lease_is_over_for_its_holder_when_its_time_is(tables: Database) -> None:
    held = await Leases(tables, "one").take("turn", 0.0)
    assert held is not None
    assert not held.is_current
    assert await Leases(tables, "other").take("turn", LONG) is not None


async def test_who_holds_what_is_listed_by_the_beginning_of_its_name(tables: Database) -> None:
    one, other = Leases(tables, "one"), Leases(tables, "other")
    for lessor, name in ((one, "shard:1"), (other, "shard:2"), (one, "shard%3"), (one, "role:x")):
        await lessor.take(name, LONG)
    await run_out(tables, "role:x")
    listed = await one.held("shard:")
    assert [(each.name, each.holder) for each in listed] == [
        ("shard:1", "one"),
        ("shard:2", "other"),
    ]
    assert all(0 < each.seconds <= LONG for each in listed)
    assert await one.held("role:") == []
    named = await one.held_of(["shard%3", "shard:1", "shard:", "role:x", "unknown"])
    assert [each.name for each in named] == ["shard%3", "shard:1"]


async def test_nothing_is_written_with_a_token_of_before(tables: Database) -> None:
    one, other = Leases(tables, "one"), Leases(tables, "other")
    held = await one.take("shard:1", LONG)
    assert held is not None
    assert await _write(tables, held)
    await run_out(tables, "shard:1")
    with pytest.raises(StorageError) as refused:
        await _write(tables, held)
    assert refused.value.code == "lease-lost"
    taken = await other.take("shard:1", LONG)
    assert taken is not None
    with pytest.raises(StorageError):
        await _write(tables, held)
    assert await _write(tables, taken)


async def test_of_many_who_take_at_once_one_has_it(tables: Database) -> None:
    lessors = [Leases(tables, f"process {number}") for number in range(6)]

    taken = await asyncio.gather(*(each.take("shard:1", LONG) for each in lessors))
    assert [each is not None for each in taken].count(True) == 1


async def _write(database: Database, lease: Lease) -> bool:
    async with database.write() as connection:
        await require(connection, lease)
    return True
