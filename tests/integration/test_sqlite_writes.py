"""Several processes write to one database file in turn, and none of them fails for another's turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.storage.library import APPLICATION
from retrieval.catalogue import connections
from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import properties
from retrieval.errors import StorageError

pytestmark = pytest.mark.sqlite_files("who writes to the file")


async def _opened(path: Path) -> Database:
    await Database.prepare(path, [APPLICATION])
    return await Database.open(path)


async def _read_then_write(database: Database, name: str, has_read: asyncio.Event) -> None:
    async with database.write() as connection:
        await connection.execute(select(properties))
        has_read.set()
        await asyncio.sleep(0.1)
        await connection.execute(insert(properties), {"name": name, "value": ""})


async def test_who_reads_before_writing_is_not_overtaken(tmp_path: Path) -> None:
    one, other = [await _opened(tmp_path / "catalogue.sqlite3") for _ in range(2)]
    has_read = asyncio.Event()
    slow = asyncio.create_task(_read_then_write(one, "slow", has_read))
    await has_read.wait()
    async with other.write() as connection:
        await connection.execute(insert(properties), {"name": "quick", "value": ""})
    await slow
    async with one.connect() as connection:
        names = (await connection.scalars(select(properties.c.name))).all()
    assert {"slow", "quick"} <= set(names)
    await one.close()
    await other.close()


async def test_that_another_process_writes_for_too_long_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_BUSY_SECONDS", 0)
    one, other = [await _opened(tmp_path / "catalogue.sqlite3") for _ in range(2)]
    async with one.write() as connection:
        await connection.execute(insert(properties), {"name": "slow", "value": ""})
        with pytest.raises(StorageError, match="database-away") as failed:
            async with other.write() as too_soon:
                await too_soon.execute(select(properties))
        assert failed.value.retry
    await _read_then_write(other, "later", asyncio.Event())
    await one.close()
    await other.close()
