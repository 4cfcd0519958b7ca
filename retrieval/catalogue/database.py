"""The database of a data folder, read by many and written by one: a file, or on a server."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from retrieval.catalogue import migrate
from retrieval.catalogue.connections import WRITES, DatabaseFile
from retrieval.catalogue.dialects import POSTGRESQL
from retrieval.catalogue.fences import require_held
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.notices import Notices
from retrieval.catalogue.schema import properties
from retrieval.errors import Note, StorageError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Result = TypeVar("Result")
_LOOK_SECONDS = 0.5
# Properties: the id of a folder; and, while a move isn't finished, the folder that is moved.
FOLDER_ID, MOVING = "folder_id", "moving"


class ConnectionEnded(Exception):
    """The connection that was to begin a transaction had already ended."""


class DatabaseLocation(Protocol):
    """Where a database is, and what can be asked or done there besides statements. All of it
    blocks."""

    @property
    def is_read_only(self) -> bool:
        """Whether it can only be read."""

    def exists(self) -> bool:
        """Return whether there is a database."""

    def async_engine(self) -> AsyncEngine:
        """Create the engine for transactions."""

    def reading_engine(self) -> Engine:
        """Create connections for single statements in worker threads, each a transaction of its
        own."""

    def error(self, error: BaseException) -> StorageError:
        """Return the ``StorageError`` that an error of the driver means to those who use the
        database."""

    def vacuum(self) -> bool:
        """Give empty space back to the disk if it is much. Return whether it was done."""

    def empty_log(self) -> bool:
        """Remove everything deleted from the database's log. Return whether it was done."""

    def size(self) -> int:
        """Return the bytes on disk."""

    def damage(self) -> Note | None:
        """Read all of it and return what is wrong; None if nothing is."""

    def identity(self) -> tuple[int, int] | None:
        """Return what tells this database from another one in its place; None if it is gone."""

    def close(self) -> None:
        """Give back what was taken to open it."""


class Database:
    """One database. Open it with ``await Database.open(location)`` and close it after use.

    Several processes may read; the caller ensures that only one writes. Besides the catalogue's
    tables it may hold those of other branches, which their owners read and write through it.
    """

    def __init__(self, reader: Engine, folder_id: str, location: DatabaseLocation) -> None:
        self.location = location
        # What other processes on it say.
        self.notices = Notices(location)
        # Checks at the beginning of a writing transaction whether this process may still write.
        self.permission: Callable[[AsyncConnection], Awaitable[None]] | None = None
        self._engine: AsyncEngine | None = None
        self._writing = asyncio.Lock()
        # For blocking reads in worker threads.
        self.reader = reader
        # Names the collections of this data folder in an embedded Chroma (`place` for a server's).
        self.folder_id = folder_id

    @property
    def is_on_server(self) -> bool:
        """Whether several processes can write to it."""
        return self.reader.dialect.name == POSTGRESQL

    @property
    def engine(self) -> AsyncEngine:
        """The engine for transactions, and for those who read everything. It is made when it is first
        needed: most commands only read, and it takes as long to import as all else of SQLAlchemy."""
        if self._engine is None:
            self._engine = self.location.async_engine()
        return self._engine

    @classmethod
    async def open(cls, location: DatabaseLocation | Path, *, moving: bool = False) -> Database:
        """Open a database that ``prepare`` has made ready; ``moving`` opens one whose move isn't
        finished.

        Raises ``StorageError`` (``move-unfinished``, ``catalogue-damaged`` or why it can't be
        read).
        """
        location = _located(location)
        reader = location.reading_engine()
        query = select(properties.c.name, properties.c.value)

        def read() -> dict[str, str]:
            with reader.connect() as connection:
                return {row.name: row.value for row in connection.execute(query)}

        try:
            known = await asyncio.to_thread(read)
            if MOVING in known and not moving:
                raise StorageError("move-unfinished")
            if FOLDER_ID not in known:
                raise StorageError("catalogue-damaged")
        except BaseException as error:
            reader.dispose()
            if isinstance(error, DBAPIError):
                raise location.error(error) from error
            raise
        return cls(reader, known[FOLDER_ID], location)

    @staticmethod
    async def is_ready(
        location: DatabaseLocation | Path, branches: Sequence[SchemaBranch] = ()
    ) -> bool:
        """Return whether the catalogue and ``branches`` exist at the version of this program.

        Raises ``FolderTooNew`` if a newer program made one of them, and ``StorageError``.
        """
        return await asyncio.to_thread(_is_ready, _located(location), branches)

    @classmethod
    async def wait_until_ready(
        cls,
        location: DatabaseLocation | Path,
        branches: Sequence[SchemaBranch] = (),
        *,
        seconds: float,
    ) -> None:
        """Wait for another process to make the tables. Raises ``StorageError`` if none does."""
        until = time.monotonic() + seconds
        while not await cls.is_ready(location, branches):
            if time.monotonic() > until:
                raise StorageError("database-away", retry=True)
            await asyncio.sleep(_LOOK_SECONDS)

    @staticmethod
    async def prepare(
        location: DatabaseLocation | Path, branches: Sequence[SchemaBranch] = ()
    ) -> None:
        """Create the tables or migrate older ones, in one transaction: the catalogue's, then those
        of ``branches``. Only for the process that may write. Raises ``FolderTooNew`` and
        ``StorageError``."""
        location = _located(location)
        engine = location.async_engine()
        try:
            async with engine.begin() as connection:
                for branch in (CATALOGUE, *branches):
                    await connection.run_sync(migrate.upgrade, branch)
                known = await connection.execute(select(properties.c.name))
                # A catalogue that is being moved gets the id of its original.
                if not {FOLDER_ID, MOVING} & set(known.scalars().all()):
                    row = {"name": FOLDER_ID, "value": uuid.uuid4().hex[:12]}
                    await connection.execute(insert(properties), row)
        except DBAPIError as error:
            raise location.error(error) from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Close all connections, and the location."""
        self.reader.dispose()
        if self._engine is not None:
            await self._engine.dispose()
        self.location.close()

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a writing transaction, committed at the end of the block. One runs at a time in a
        process, and in a SQLite file. Raises ``StorageError``, and ``FolderInUse`` if another
        process writes by now."""
        async with self._writing:
            try:
                async with self.engine.connect() as connection:
                    await connection.execution_options(**{WRITES: True})
                    await self._require_permission(connection)
                    await require_held(connection)
                    yield connection
                    await connection.commit()
            except PoolTimeout as error:
                raise self.error(error) from error

    async def _require_permission(self, connection: AsyncConnection) -> None:
        if self.permission is None:
            return
        try:
            await self.permission(connection)
        except ConnectionEnded:
            # The other connections in the pool ended too, for example when the server restarted.
            await connection.invalidate()
            await self.engine.dispose()
            try:
                await self.permission(connection)
            except ConnectionEnded as error:
                raise StorageError("database-away", retry=True) from error

    @contextlib.asynccontextmanager
    async def write_beside(self) -> AsyncIterator[AsyncConnection]:
        """Open a short transaction that doesn't wait for others of this process. Every error
        becomes a ``StorageError``."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self.error(error) from error

    async def require_writer(self) -> None:
        """Check that this process may still write, without waiting for its own transactions.

        Raises ``FolderInUse`` if another process writes by now, and ``StorageError``.
        """
        try:
            async with self.engine.connect() as connection:
                await self._require_permission(connection)
        except (PoolTimeout, DBAPIError) as error:
            raise self.error(error) from error

    def error(self, error: BaseException) -> StorageError:
        """Return the ``StorageError`` that an error of SQLAlchemy means to those who use the
        database."""
        if isinstance(error, PoolTimeout):
            return StorageError("database-away", retry=True)
        return self.location.error(error)

    async def vacuum(self) -> bool:
        """Give empty pages back to the disk if they are many. Return whether it was done."""
        async with self._writing:
            return await asyncio.to_thread(self.location.vacuum)

    async def empty_log(self) -> bool:
        """Remove everything deleted from the database's log. Return whether it was done."""
        async with self._writing:
            return await asyncio.to_thread(self.location.empty_log)

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for several reads that nobody waits for. Raises ``StorageError``."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except PoolTimeout as error:
            raise self.error(error) from error

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return the result of ``work``, run in a worker thread, for reads that a question waits
        for. Raises ``StorageError``.

        It changes threads once; the asynchronous engine does so several times per statement.
        """
        return await asyncio.to_thread(self._work, work)

    def _work(self, work: Callable[[Connection], Result]) -> Result:
        try:
            with self.reader.connect() as connection:
                return work(connection)
        except PoolTimeout as error:
            raise self.error(error) from error


def _is_ready(location: DatabaseLocation, branches: Sequence[SchemaBranch]) -> bool:
    if not location.exists():
        return False
    engine = location.reading_engine()
    try:
        with engine.connect() as connection:
            current = [migrate.is_current(connection, branch) for branch in (CATALOGUE, *branches)]
            return all(current)
    except DBAPIError as error:
        raise location.error(error) from error
    finally:
        engine.dispose()


def _located(location: DatabaseLocation | Path) -> DatabaseLocation:
    return DatabaseFile(location) if isinstance(location, Path) else location
