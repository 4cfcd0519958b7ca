"""Let only one process write to a data folder and to its database on a server."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from retrieval.catalogue.database import ConnectionEnded, Database
from retrieval.catalogue.server import DatabaseServer, server_error
from retrieval.errors import FolderInUse, Note, StorageError
from retrieval.runtime.writer_lock import WriterLock

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.ext.asyncio import AsyncConnection

# The number of the advisory lock: "newsdesk" in ASCII.
KEY = 0x6E65777364657368
_HIGH, _LOW = KEY >> 32, KEY & 0xFFFFFFFF
_APPLICATION = "newsdesk/"
_LOCKS = (
    f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {_HIGH} "  # noqa: S608
    f"AND objid = {_LOW} AND objsubid = 1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_HELD = f"{_LOCKS} AND pid = %s"
_HOLDER = (
    "SELECT application_name, backend_start FROM pg_stat_activity "  # noqa: S608
    f"WHERE pid = ({_LOCKS})"
)


class ServerWriterLock(WriterLock):
    """The right to write to a data folder and to its database on a server.

    The server takes it back when the connection that holds it ends.
    """

    def __init__(self, folder: Path, server: DatabaseServer) -> None:
        super().__init__(folder)
        self._server = server
        self._held: psycopg.Connection[Any] | None = None
        self._holder = ""
        # True from taking to giving back, whatever becomes of the connection.
        self._needed = False
        self._taking = threading.Lock()

    def acquire(self, holder: str, *, seconds: float = 0) -> None:
        """Take both locks, waiting up to ``seconds`` for each; ``holder`` names this process to
        others. Raises ``FolderInUse`` (``data-folder-in-use``) and ``StorageError``."""
        had_folder = self._lock.is_locked
        if not had_folder:
            super().acquire(holder, seconds=seconds)
        try:
            self._holder = holder
            self._take(seconds)
            self._needed = True
        except BaseException:
            if not had_folder:
                super().release()
            raise

    def acquire_folder(self, holder: str) -> None:
        """Take the lock of the folder alone, for a process that may take the other later. Raises
        ``FolderInUse`` and ``StorageError``."""
        super().acquire(holder)

    @property
    def is_held(self) -> bool:
        """Return whether the lock of the database was taken and not given back."""
        return self._needed

    async def is_vacant(self, database: Database) -> bool:
        """Return whether no process holds the lock of the database. Raises ``StorageError``."""
        query = text(_LOCKS)
        return await database.read(lambda connection: connection.execute(query).first()) is None

    def release(self) -> None:
        """Give both locks back. Does nothing if they aren't held."""
        self._needed = False
        if self._held is not None:
            self._held.close()
            self._held = None
        super().release()

    async def require(self, connection: AsyncConnection) -> None:
        """Begin a transaction and check in the same round trip that the server still knows this
        lock as held; take it again if it was lost with its connection.

        Raises ``FolderInUse`` if somebody else has taken it meanwhile, ``ConnectionEnded`` if the
        server has ended ``connection`` since its last use, and ``StorageError``.
        """
        if not self._needed:
            return  # only the folder's lock is needed: a first start, a test
        if (held := self._held) is not None and await _is_held(connection, held.info.backend_pid):
            return
        await asyncio.to_thread(self._take_again, held)

    def _take_again(self, lost: psycopg.Connection[Any] | None) -> None:
        with self._taking:
            if self._held is not lost:
                return  # another thread has taken it again meanwhile
            if self._held is not None:
                self._held.close()
                self._held = None
            self._take(0)

    def _take(self, seconds: float) -> None:
        import psycopg

        name = f"{_APPLICATION}{self._holder}/{os.getpid()}"
        # The lock of a machine that is gone is not held for hours.
        keep = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}
        connection = self._server.connect(application_name=name, **keep)
        try:
            for option, value in keep.items():
                connection.execute(f"SET tcp_{option} = {value}")
            if seconds:
                connection.execute(f"SET lock_timeout = {int(seconds * 1000)}")
                connection.execute("SELECT pg_advisory_lock(%s)", [KEY])
            else:
                row = connection.execute("SELECT pg_try_advisory_lock(%s)", [KEY]).fetchone()
                if row is None or not row[0]:
                    raise FolderInUse("data-folder-in-use", holder=_holder(connection))
        except psycopg.errors.LockNotAvailable as error:
            holder = _holder(connection)
            connection.close()
            raise FolderInUse("data-folder-in-use", holder=holder) from error
        except psycopg.Error as error:
            connection.close()
            raise self._server.error(error) from error
        except StorageError:
            connection.close()
            raise
        self._held = connection


async def _is_held(connection: AsyncConnection, by: int) -> bool:
    import psycopg

    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        async with driver.pipeline():
            found = await driver.execute(_HELD, (by,))
        return await found.fetchone() is not None
    except psycopg.Error as error:
        if driver.closed:
            raise ConnectionEnded from error
        raise server_error(error) from error


def _holder(connection: psycopg.Connection[Any]) -> Note:
    row = connection.execute(_HOLDER).fetchone()
    if row is None or not row[0].startswith(_APPLICATION):
        return Note("lock-holder-unknown")
    name, _, pid = row[0].removeprefix(_APPLICATION).rpartition("/")
    since = row[1].astimezone(UTC)
    return Note("lock-holder", name=name, pid=pid, since=f"{since:%H:%M}")
