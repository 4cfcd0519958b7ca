"""The database of a data folder: one file, read by many and written by one."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from retrieval.catalogue import migrate
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.schema import properties
from retrieval.errors import StorageError
from retrieval.runtime import sqlite_space

Result = TypeVar("Result")

_BUSY_SECONDS = 10
_READERS = 8


class Database:
    """One database file. Open it with ``await Database.open(path)`` and close it.

    Several processes may read; that only one writes is up to the caller. Beside the catalogue's
    tables it may hold those of further branches, which whoever owns them reads and writes here.
    """

    def __init__(self, path: Path, engine: AsyncEngine, reader: Engine, folder_id: str) -> None:
        self.path = path
        self._engine = engine
        self._writing = asyncio.Lock()
        # For blocking reads in worker threads.
        self.reader = reader
        # Names the collections of this data folder in an embedded Chroma (`place` for a server's).
        self.folder_id = folder_id

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open a database that ``prepare`` made ready."""
        engine = _engine(path)
        try:
            async with engine.connect() as connection:
                query = select(properties.c.value).where(properties.c.name == "folder_id")
                folder_id: str = (await connection.execute(query)).scalar_one()
        except DBAPIError as error:
            await engine.dispose()
            raise _storage_error(error) from error
        return cls(path, engine, _reader(path), folder_id)

    @staticmethod
    async def is_ready(path: Path, branches: Sequence[SchemaBranch] = ()) -> bool:
        """Whether the catalogue and ``branches`` exist at this program's version.

        Raises ``FolderTooNew`` if a newer program made one of them.
        """
        if not await asyncio.to_thread(path.exists):
            return False
        engine = _engine(path)
        try:
            async with engine.connect() as connection:
                current = [
                    await connection.run_sync(migrate.is_current, branch)
                    for branch in (CATALOGUE, *branches)
                ]
                return all(current)
        except DBAPIError as error:
            raise _storage_error(error) from error
        finally:
            await engine.dispose()

    @staticmethod
    async def prepare(path: Path, branches: Sequence[SchemaBranch] = ()) -> None:
        """Create the tables or bring older ones up to date, in one transaction: the catalogue's,
        then those of ``branches``. For the one who may write."""
        engine = _engine(path)
        try:
            async with engine.begin() as connection:
                for branch in (CATALOGUE, *branches):
                    await connection.run_sync(migrate.upgrade, branch)
                known = await connection.execute(select(properties.c.name))
                if "folder_id" not in known.scalars().all():
                    row = {"name": "folder_id", "value": uuid.uuid4().hex[:12]}
                    await connection.execute(insert(properties), row)
        except DBAPIError as error:
            raise _storage_error(error) from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        self.reader.dispose()
        await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a writing transaction, committed at the end. SQLite has one at a time, and so have we."""
        async with self._writing, self._engine.begin() as connection:
            yield connection

    async def vacuum(self) -> bool:
        """Give empty pages back to the disk, if they are many. Returns whether it was done."""
        async with self._writing:
            return await asyncio.to_thread(sqlite_space.vacuum, self.path)

    async def empty_log(self) -> bool:
        """Let nothing that was deleted stay in the database's log. Returns whether it was done."""
        async with self._writing:
            return await asyncio.to_thread(sqlite_space.empty_log, self.path)

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for several reads that nobody waits for."""
        async with self._engine.connect() as connection:
            yield connection

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in a worker thread, for what every question waits for.

        One hop to a thread; the asynchronous engine takes several for each statement.
        """
        return await asyncio.to_thread(self._work, work)

    def _work(self, work: Callable[[Connection], Result]) -> Result:
        with self.reader.connect() as connection:
            return work(connection)


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}", pool_size=8, max_overflow=0, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _configure)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _reader(path: Path) -> Engine:
    """Connections for single statements in worker threads, each a transaction of its own."""
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=_READERS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
        pool_reset_on_return=None,
    )
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _: object) -> None:
    # Transactions begin where `_begin` says, DDL included, not where sqlite3 guesses.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # What is deleted is overwritten, so that it can't be read from the file any more.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _storage_error(error: DBAPIError) -> StorageError:
    reason = str(error.orig)
    if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        return StorageError("catalogue-not-writable")
    if "full" in reason:
        return StorageError("disk-full")
    if "malformed" in reason or "not a database" in reason:
        return StorageError("catalogue-damaged")
    return StorageError("catalogue-unusable", detail=reason)
