"""Giving the empty pages of an SQLite database back to the disk."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

# A database is written anew if so much of it is empty.
_EMPTY_SHARE, _EMPTY_PAGES = 0.2, 256
_BUSY_SECONDS = 1.0


def vacuum(path: Path, *, thorough: bool = False) -> bool:
    """Write a database anew if much of it is empty, or any of it if ``thorough``. Blocks. Returns whether it was done.

    It stays as it is while somebody else keeps it busy. Raises ``sqlite3.Error`` for other failures.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        empty = connection.execute("PRAGMA freelist_count").fetchone()[0]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        little = empty < _EMPTY_PAGES or empty < _EMPTY_SHARE * pages
        if not empty or (little and not thorough):
            return False
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "full" in str(error):
                return False
            raise
    return True


def empty_log(path: Path) -> bool:
    """Bring all of a database's log into it and empty the log: what was deleted is gone from both.

    Blocks. Returns whether it was done; somebody who reads may keep it from being done.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy
