"""The database of a data folder: one file, read by many and written by one."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from retrieval.catalogue import migrate
from retrieval.catalogue.connections import (
    DatabaseFile,
    async_engine,
    reading_engine,
    storage_error,
)
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.schema import properties
from retrieval.errors import StorageError
from retrieval.runtime import sqlite_space

Result = TypeVar("Result")


class Database:
    """One database file. Open it with ``await Database.open(path)`` and close it.

    Several processes may read; that only one writes is up to the caller. Beside the catalogue's
    tables it may hold those of further branches, which whoever owns them reads and writes here.
    """

    def __init__(
        self, engine: AsyncEngine, reader: Engine, folder_id: str, file: DatabaseFile
    ) -> None:
        self.file = file
        self._engine = engine
        self._writing = asyncio.Lock()
        # For blocking reads in worker threads.
        self.reader = reader
        # Names the collections of this data folder in an embedded Chroma (`place` for a server's).
        self.folder_id = folder_id

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def engine(self) -> AsyncEngine:
        """For who reads all of it."""
        return self._engine

    @classmethod
    async def open(cls, file: DatabaseFile | Path) -> Database:
        """Open a database that ``prepare`` made ready. Raises ``StorageError``."""
        file = DatabaseFile(file) if isinstance(file, Path) else file
        engine = async_engine(file)
        try:
            async with engine.connect() as connection:
                query = select(properties.c.name, properties.c.value)
                known = {row.name: row.value for row in await connection.execute(query)}
                folder_id: str = known["folder_id"]
        except (DBAPIError, KeyError) as error:
            await engine.dispose()
            if isinstance(error, KeyError):
                unfinished = "moving" in known
                raise StorageError(
                    "move-unfinished" if unfinished else "catalogue-damaged"
                ) from error
            raise storage_error(error) from error
        except StorageError:
            await engine.dispose()
            raise
        return cls(engine, reading_engine(file), folder_id, file)

    @staticmethod
    async def is_ready(file: DatabaseFile | Path, branches: Sequence[SchemaBranch] = ()) -> bool:
        """Whether the catalogue and ``branches`` exist at this program's version.

        Raises ``FolderTooNew`` if a newer program made one of them.
        """
        file = DatabaseFile(file) if isinstance(file, Path) else file
        if not await asyncio.to_thread(file.path.exists):
            return False
        engine = async_engine(file)
        try:
            async with engine.connect() as connection:
                current = [
                    await connection.run_sync(migrate.is_current, branch)
                    for branch in (CATALOGUE, *branches)
                ]
                return all(current)
        except DBAPIError as error:
            raise storage_error(error) from error
        finally:
            await engine.dispose()

    @staticmethod
    async def prepare(path: Path, branches: Sequence[SchemaBranch] = ()) -> None:
        """Create the tables or bring older ones up to date, in one transaction: the catalogue's,
        then those of ``branches``. For the one who may write."""
        engine = async_engine(DatabaseFile(path))
        try:
            async with engine.begin() as connection:
                for branch in (CATALOGUE, *branches):
                    await connection.run_sync(migrate.upgrade, branch)
                known = await connection.execute(select(properties.c.name))
                if "folder_id" not in known.scalars().all():
                    row = {"name": "folder_id", "value": uuid.uuid4().hex[:12]}
                    await connection.execute(insert(properties), row)
        except DBAPIError as error:
            raise storage_error(error) from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        self.reader.dispose()
        await self._engine.dispose()
        self.file.close()

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
