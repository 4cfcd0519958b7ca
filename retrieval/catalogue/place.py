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
import json
import sqlite3
import uuid
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import corpora, properties

PLACE, SERVER_ID = "place", "server_id"
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
    current = await asyncio.to_thread(current_place, folder)
    return known.get(SERVER_ID) if is_same_place(known[PLACE], current) else None


async def claim_place(database: Database, folder: Path, *, on_server: bool) -> str:
    """Record where a folder is, as its only writer, and return the id of its collections on a
    server. Raises ``OSError``.

    A copy gets a new id; if it is ``on_server``, start-up then makes its indexes anew. A folder
    that has no place yet keeps the collections that it has.
    """
    known = await _known(database)
    current = await asyncio.to_thread(current_place, folder)
    before, claimed = known.get(PLACE), known.get(SERVER_ID, database.folder_id)
    if before == current:
        return claimed
    is_copy = before is not None and not is_same_place(before, current)
    if is_copy:
        claimed = uuid.uuid4().hex[:12]
    async with database.write() as connection:
        for name, value in ((PLACE, current), (SERVER_ID, claimed)):
            await connection.execute(delete(properties).where(properties.c.name == name))
            await connection.execute(insert(properties), {"name": name, "value": value})
        if is_copy and on_server:
            await connection.execute(update(corpora).values(layout=0))
    return claimed


async def _known(database: Database) -> dict[str, str]:
    query = select(properties.c.name, properties.c.value)
    query = query.where(properties.c.name.in_((PLACE, SERVER_ID)))
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row.name: row.value for row in rows}


def forget_place(connection: sqlite3.Connection) -> None:
    """Make a copied catalogue one without a place, so that it gets an id of its own when it is
    opened."""
    connection.execute("DELETE FROM properties WHERE name = ?", (PLACE,))
    connection.execute("INSERT INTO properties (name, value) VALUES (?, '')", (PLACE,))
