"""One process writes to a database on a server, and to a data folder."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.database import ConnectionEnded
from retrieval.catalogue.server import DatabaseServer, server_error
from retrieval.errors import FolderInUse, Note, StorageError
from retrieval.runtime.writer_lock import WriterLock

if TYPE_CHECKING:
    import psycopg

# Of advisory locks, which are numbers: "newsdesk" in ASCII.
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
    """The right to write to a data folder and to the database that goes with it.

    The server takes it back when the connection ends that holds it.
    """

    def __init__(self, folder: Path, server: DatabaseServer) -> None:
        super().__init__(folder)
        self._server = server
        self._held: psycopg.Connection[Any] | None = None
        self._holder = ""
        # From when it was taken until it is given back, whatever became of the connection.
        self._needed = False
        self._taking = threading.Lock()

    def acquire(self, holder: str, *, seconds: float = 0) -> None:
        super().acquire(holder, seconds=seconds)
        try:
            self._holder = holder
            self._take(seconds)
            self._needed = True
        except BaseException:
            super().release()
            raise

    def release(self) -> None:
        self._needed = False
        if self._held is not None:
            self._held.close()
            self._held = None
        super().release()

    async def require(self, connection: AsyncConnection) -> None:
        """Begin a transaction, and look in the same go whether the lock is still held, as its server
        knows it; take it again if it went with a connection.

        Raises ``FolderInUse`` if somebody else has it by now, and ``ConnectionEnded`` if the server
        has ended ``connection`` since it was last used.
        """
        if not self._needed:
            return  # the folder's lock is all that is asked for: a first start, a test
        if (held := self._held) is not None and await _is_held(connection, held.info.backend_pid):
            return
        await asyncio.to_thread(self._take_again, held)

    def _take_again(self, lost: psycopg.Connection[Any] | None) -> None:
        with self._taking:
            if self._held is not lost:
                return  # somebody else of this process has taken it again meanwhile
            if self._held is not None:
                self._held.close()
                self._held = None
            self._take(0)

    def _take(self, seconds: float) -> None:
        import psycopg

        name = f"{_APPLICATION}{self._holder}/{os.getpid()}"
        connection = self._server.connect(application_name=name)
        try:
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
