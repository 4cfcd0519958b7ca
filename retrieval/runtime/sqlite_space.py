"""Give the empty pages of a SQLite database back to the disk."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

# A database is rewritten if at least this much of it is empty.
_EMPTY_SHARE, _EMPTY_PAGES = 0.2, 256
_BUSY_SECONDS = 1.0


def vacuum(path: Path, *, thorough: bool = False) -> bool:
    """Rewrite a database if much of it is empty, or if any of it is and it is to be ``thorough``.
    Blocks. Return whether it was done.

    A database stays as it is while somebody else keeps it busy, or if the disk is full. Raises
    ``sqlite3.Error`` for other failures.
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
    """Write a database's log into it and empty the log, so that what was deleted is gone from both.
    Blocks. Return whether it was done: a reader may prevent it."""
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy
