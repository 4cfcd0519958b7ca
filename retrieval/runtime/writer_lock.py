"""Let only one process write to a data folder. Chroma itself wouldn't prevent two."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import FolderInUse, Note, StorageError

if TYPE_CHECKING:
    from filelock import BaseFileLock


class WriterLock:
    """The right to write to ``folder``, held until ``release`` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / "writer.json"
        self._used = False

    @cached_property
    def _lock(self) -> BaseFileLock:
        from filelock import FileLock

        self._used = True
        # Of the process, not of a thread: one thread may take it and another give it back.
        return FileLock(self._folder / "writer.lock", thread_local=False)

    def acquire(self, holder: str, *, seconds: float = 0) -> None:
        """Take the lock and record the holder's name.

        Raise ``FolderInUse``, which names the other holder, if it isn't free within ``seconds``.
        """
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=seconds)
        except Timeout as error:
            raise FolderInUse("data-folder-in-use", holder=self.holder()) from error
        except OSError as error:
            raise StorageError(
                "data-folder-read-only", detail=error.strerror or str(error)
            ) from error
        note = {"pid": os.getpid(), "holder": holder, "since": datetime.now(UTC).isoformat()}
        try:
            self._note.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:
            self._lock.release()
            raise StorageError(
                "data-folder-no-room", detail=error.strerror or str(error)
            ) from error

    def release(self) -> None:
        """Give up the lock."""
        if self._used and self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> Note:
        """Return who holds the lock, as far as is known."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(note["since"])
            return Note(
                "lock-holder", name=note["holder"], pid=str(note["pid"]), since=f"{since:%H:%M}"
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Note("lock-holder-unknown")

    def is_free(self) -> bool:
        """Return whether nobody holds the lock."""
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        self._lock.release()
        return True
