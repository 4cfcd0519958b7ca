"""Tell whether a data folder is the original or a copy of it.

On a Chroma server the collections of a folder are named by an id, and a copy of the folder must not
use those of its original. What no tool can copy is where the folder lies: the inode of a marker
file in it, its device, its path and the time of its last change. A folder is the same if the inode
is, and two of the other three: it may be moved, get another owner, or its disk may come back under
another number. A folder mistaken for a copy gets its vectors made anew, which is the safe side. The
clone of a whole disk can't be told from its original.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import uuid
from pathlib import Path

from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError

from retrieval.catalogue.database import Database
from retrieval.catalogue.properties import set_property
from retrieval.catalogue.schema import corpora, properties
from retrieval.errors import StorageError
from retrieval.runtime.writer_lock import WriterLock

PLACE, SERVER_ID, KEYWORDS_AT = "place", "server_id", "keywords_at"
_NUMBER = text("SELECT oid FROM pg_database WHERE datname = current_database()")
_SYSTEM = text("SELECT system_identifier FROM pg_control_system()")
_MARKER = "folder.place"
_TEXT = "Tells this data folder from copies of it: don't delete it.\n"
_SAME_OF_THREE = 2


def current_place(folder: Path) -> str:
    """Return as JSON where a folder is, creating its marker file if there is none. Blocks. Raises
    ``OSError``."""
    marker = folder / _MARKER
    if not marker.exists():
        marker.write_text(_TEXT, encoding="utf-8")
    status = marker.stat()
    place = {
        "inode": status.st_ino,
        "device": status.st_dev,
        "path": str(folder.resolve()),
        "changed": status.st_ctime_ns,
    }
    return json.dumps(place, sort_keys=True)


def is_same_place(known: str, current: str) -> bool:
    """Return whether two results of ``current_place`` mean the same folder; False if one isn't
    valid."""
    try:
        before, now = json.loads(known), json.loads(current)
        same = sum(before[name] == now[name] for name in ("device", "path", "changed"))
        return bool(before["inode"] == now["inode"]) and same >= _SAME_OF_THREE
    except (ValueError, KeyError, TypeError):
        return False


async def server_id(database: Database, folder: Path) -> str | None:
    """Return the id of a folder's collections on a Chroma server; None if it has to claim one.
    Raises ``OSError``."""
    known = await _known(database)
    if PLACE not in known:
        return None
    current = await _place_of(database, folder)
    return None if _is_copy(known[PLACE], current) else known.get(SERVER_ID)


async def claim_place(database: Database, folder: Path, *, on_server: bool) -> str:
    """Record where a folder is, as its only writer, and return the id of its collections on a
    server. Raises ``OSError``.

    A copy gets a new id; if it is ``on_server``, start-up then makes its indexes anew. A folder
    that has no place yet keeps the collections that it has.
    """
    known = await _known(database)
    current = await _place_of(database, folder)
    before, claimed = known.get(PLACE), known.get(SERVER_ID, database.folder_id)
    if before == current:
        return claimed
    is_copy = before is not None and _is_copy(before, current)
    if is_copy:
        claimed = uuid.uuid4().hex[:12]
    rows = {PLACE: current, SERVER_ID: claimed}
    if before is not None and _is_of_server(current) and not is_copy:
        rows[KEYWORDS_AT] = before  # which a program of before wrote beside its keywords
    async with database.write() as connection:
        for name, value in rows.items():
            await set_property(connection, name, value)
        if is_copy and on_server:
            await connection.execute(update(corpora).values(layout=0))
    return claimed


async def claim_folder(database: Database, folder: Path, *, on_server: bool) -> str:
    """Do as ``claim_place``. Raises ``StorageError`` where the folder can't be written."""
    try:
        return await claim_place(database, folder, on_server=on_server)
    except OSError as error:
        detail = error.strerror or str(error)
        raise StorageError("data-folder-no-room", detail=detail) from error


async def server_id_of(database: Database, folder: Path, lock: WriterLock) -> str:
    """Return the id of a folder's collections on a server. Who reads a copy first claims one for it,
    with its ``lock``."""
    with contextlib.suppress(OSError):  # a folder that can't be written can be read all the same
        if known := await server_id(database, folder):
            return known
    with contextlib.suppress(StorageError):  # somebody is writing, or nobody can
        await asyncio.to_thread(lock.acquire, "first start")
        try:
            return await claim_folder(database, folder, on_server=True)
        finally:
            lock.release()
    return database.folder_id


async def keywords_are_here(database: Database, folder: Path) -> bool:
    """Return whether the keyword indexes of a folder are those of the last writer, so that nothing is
    missing in them. Raises ``OSError``."""
    known = await _known(database)
    at = known.get(KEYWORDS_AT)
    if at is None or not database.is_on_server:
        return True
    return is_same_place(at, await asyncio.to_thread(current_place, folder))


async def claim_keywords(database: Database, folder: Path) -> None:
    """Record, as the only writer, that the keyword indexes are in this folder. Raises ``OSError``."""
    current = await asyncio.to_thread(current_place, folder)
    if (await _known(database)).get(KEYWORDS_AT) != current:
        async with database.write() as connection:
            await set_property(connection, KEYWORDS_AT, current)


async def _place_of(database: Database, folder: Path) -> str:
    if not database.is_on_server:
        return await asyncio.to_thread(current_place, folder)

    def ask(connection: Connection) -> str:
        number = connection.scalar(_NUMBER)
        try:
            system = connection.scalar(_SYSTEM)
        except (DBAPIError, StorageError):  # some servers don't say
            system = None
        return json.dumps({"database": int(number), "system": str(system)}, sort_keys=True)

    return await database.read(ask)


def _is_of_server(place: str) -> bool:
    return '"database"' in place


def _is_copy(before: str, current: str) -> bool:
    if _is_of_server(current):
        return before != current and '"inode"' not in before
    return not is_same_place(before, current)


async def _known(database: Database) -> dict[str, str]:
    query = select(properties.c.name, properties.c.value)
    query = query.where(properties.c.name.in_((PLACE, SERVER_ID, KEYWORDS_AT)))
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row.name: row.value for row in rows}


def forget_place(connection: sqlite3.Connection) -> None:
    """Make a copied catalogue one without a place, so that it gets an id of its own when it is
    opened."""
    connection.execute("DELETE FROM properties WHERE name = ?", (PLACE,))
    connection.execute("INSERT INTO properties (name, value) VALUES (?, '')", (PLACE,))
