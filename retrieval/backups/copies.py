"""Copying what lies in a data folder, also while somebody reads it or writes to it. All of it blocks."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from retrieval.backups.archive import CHROMA, KEYWORDS
from retrieval.errors import StorageError

# The catalogue is read from beside, and its writer may be at a checkpoint.
_BUSY_SECONDS = 30
# How often copying files that somebody changes meanwhile is tried.
_TRIES = 5


def copy_indexes(folder: Path, target: Path) -> None:
    """Copy both indexes, to which nobody may write meanwhile. Raises ``OSError``, and ``StorageError``
    if they change all the time."""
    _unchanged(folder / KEYWORDS, lambda: _copy_anew(folder, target, KEYWORDS))
    _unchanged(folder / CHROMA, lambda: _copy_chroma(folder / CHROMA, target / CHROMA))


def copy_database(source: Path, target: Path) -> None:
    """Copy a database with SQLite's own means, all pages in one read transaction."""
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
            ) as original,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            original.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
            # Page by page it would begin again with each write of another process.
            original.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "malformed" in said or "not a database" in said:
            raise StorageError("catalogue-damaged") from error
        raise OSError(said) from error


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder; a file that goes meanwhile is done with."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.name.endswith(".lock"):
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path, to)


def _copy_chroma(source: Path, target: Path) -> None:
    if not source.exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in source.iterdir():
        if path.is_dir():
            shutil.copytree(path, target / path.name)
    database = source / "chroma.sqlite3"
    if database.exists():
        copy_database(database, target / database.name)


def _copy_anew(folder: Path, work: Path, name: str) -> None:
    shutil.rmtree(work / name, ignore_errors=True)
    copy_tree(folder / name, work / name)


def _unchanged(folder: Path, copy: Callable[[], None]) -> None:
    """Copy until nothing in ``folder`` changed meanwhile: a question can make Chroma write."""
    for _ in range(_TRIES):
        before = _state(folder)
        with contextlib.suppress(FileNotFoundError, shutil.Error):
            copy()
            if _state(folder) == before:
                return
    raise StorageError("backup-indexes-busy", retry=True)


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Sizes and times of the files of a folder but for databases, which are copied by other means."""
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and ".sqlite3" not in path.name and path.suffix != ".lock":
                status = path.stat()
                found[path] = (status.st_size, status.st_mtime_ns)
    return found
