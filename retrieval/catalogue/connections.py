"""Connections to the database file, even where it can only be read, and the meaning of SQLite's
errors."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event

from retrieval.errors import Note, StorageError
from retrieval.runtime import sqlite_space

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

# The option of a connection for writing: its transactions wait for their turn when they begin.
WRITES = "newsdesk_writes"

_BUSY_SECONDS = 10
_READERS = 8


@dataclass(slots=True)
class DatabaseFile:
    """A database file and how it can be opened; ``options`` are those of SQLite's URIs.

    ``copied`` is the folder that it was copied to, if it could be read in no other way.
    """

    path: Path
    options: str = ""
    copied: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def to_read(cls, path: Path) -> DatabaseFile:
        """Find out how a file can be read where nothing may be written beside it: in a read-only
        folder or on a full disk. Blocks. Raises ``StorageError`` if it can't be read."""
        error: StorageError | None = None
        for options in ("", "mode=ro"):
            try:
                _try(path, options)
            except sqlite3.Error as failed:
                error = storage_error(failed)
                if error.code == "catalogue-damaged":
                    raise error from failed
                continue
            return cls(path, options)
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            # The log holds what a process that ended hadn't yet written into the file.
            copied = tempfile.TemporaryDirectory(prefix="newsdesk-", ignore_cleanup_errors=True)
            for file in (path, log):
                with _explained_files():
                    shutil.copy(file, copied.name)
            return cls(Path(copied.name) / path.name, "", copied)
        with contextlib.suppress(sqlite3.Error):
            _try(path, "immutable=1")
            return cls(path, "immutable=1")
        raise error or StorageError("catalogue-not-writable")

    def close(self) -> None:
        """Delete the copy, if there is one."""
        if self.copied is not None:
            self.copied.cleanup()

    @property
    def is_read_only(self) -> bool:
        """Whether the file can only be read."""
        return bool(self.options) or self.copied is not None

    def exists(self) -> bool:
        """Return whether the file exists."""
        return self.path.exists()

    def async_engine(self) -> AsyncEngine:
        """Return ``async_engine`` of this file."""
        return async_engine(self)

    def reading_engine(self) -> Engine:
        """Return ``reading_engine`` of this file."""
        return reading_engine(self)

    def error(self, error: BaseException) -> StorageError:
        """Return ``storage_error`` of an error."""
        return storage_error(error)

    def vacuum(self) -> bool:
        """Give empty pages back to the disk if they are many. Return whether it was done."""
        return sqlite_space.vacuum(self.path)

    def empty_log(self) -> bool:
        """Empty the write-ahead log, so that nothing deleted stays in it. Return whether it was
        done."""
        return sqlite_space.empty_log(self.path)

    def size(self) -> int:
        """Return the bytes of the file and its logs."""
        return sum(each.stat().st_size for each in self.path.parent.glob(f"{self.path.name}*"))

    def damage(self) -> Note | None:
        """Check the whole file. Return ``catalogue-damaged`` if it is broken; None if it isn't, or
        can't be opened."""
        address = f"file:{quote(str(self.path))}?{self.options or 'mode=ro'}"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1)) as connection:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            return Note("catalogue-damaged") if "malformed" in str(error) else None
        except sqlite3.DatabaseError:
            return Note("catalogue-damaged")
        return None if found == "ok" else Note("catalogue-damaged")

    def identity(self) -> tuple[int, int] | None:
        """Return the device and the inode; None if the file is gone."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def address(self) -> str:
        """Return what follows the driver's name in SQLAlchemy's URL."""
        if not self.options:
            return f":///{self.path}"
        return f":///file:{quote(str(self.path))}?{self.options}&uri=true"


def async_engine(file: DatabaseFile) -> AsyncEngine:
    """Create an engine of eight connections. Those with the option ``WRITES`` begin transactions
    with ``BEGIN IMMEDIATE``."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(
        f"sqlite+aiosqlite{file.address()}", pool_size=8, max_overflow=0, hide_parameters=True
    )
    _prepare(engine.sync_engine, file)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLite refuses a write if what its transaction read before is out of date by then.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def reading_engine(file: DatabaseFile) -> Engine:
    """Create connections for single statements in worker threads, each a transaction of its own."""
    engine = create_engine(
        f"sqlite{file.address()}",
        pool_size=_READERS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
        pool_reset_on_return=None,
    )
    _prepare(engine, file)
    return engine


def storage_error(error: BaseException) -> StorageError:
    """Return the ``StorageError`` that an error of SQLite means to those who use the data
    folder."""
    reason = str(getattr(error, "orig", None) or error)  # without the statement
    if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        return StorageError("catalogue-not-writable")
    if "full" in reason:
        return StorageError("disk-full")
    if any(each in reason for each in ("malformed", "not a database", "no such table", "corrupt")):
        return StorageError("catalogue-damaged")
    if "locked" in reason:
        return StorageError("database-away", retry=True)
    return StorageError("catalogue-unusable", detail=reason)


def _prepare(engine: Engine, file: DatabaseFile) -> None:
    def configure(connection: Any, _: object) -> None:
        # Transactions begin in `_begin`, for DDL too, not where sqlite3 guesses.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            *(() if file.options else ("journal_mode = WAL",)),
            "synchronous = FULL",
            "foreign_keys = ON",
            # Overwrite what is deleted, so that it can't be read from the file any more.
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", configure)
    event.listen(engine, "handle_error", _tell_damage)


def _tell_damage(context: ExceptionContext) -> None:
    """Turn errors of any statement that mean damage, a full disk or a long-held lock into a
    ``StorageError``."""
    if isinstance(context.original_exception, sqlite3.DatabaseError):
        error = storage_error(context.original_exception)
        if error.code != "catalogue-unusable":
            raise error from context.original_exception


def _try(path: Path, options: str) -> None:
    address = f"file:{quote(str(path))}?{options or 'mode=rw'}"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as opened:
        opened.execute("SELECT count(*) FROM sqlite_master").fetchone()


@contextlib.contextmanager
def _explained_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError("data-folder-no-room", detail=error.strerror or str(error)) from error
