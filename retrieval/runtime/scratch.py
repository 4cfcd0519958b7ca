"""Files that a process needs while it works on something, and that go when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.runtime.concurrency import to_its_end

_LOCK = ".lock"


class ScratchFolder:
    """A folder that several processes may share. What one of them left when it was killed, the next
    ``sweep`` of any of them deletes: a lock, which the system takes back, says what is in use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.asynccontextmanager
    async def file(self, name: str) -> AsyncIterator[Path]:
        """Yield where a file of this name may be written while the block lasts. Raise
        ``OSError``."""
        place = self._folder / uuid.uuid4().hex
        lock = FileLock(place.with_suffix(_LOCK), thread_local=False)

        def make() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
            place.mkdir()

        def drop() -> None:
            shutil.rmtree(place, ignore_errors=True)
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)

        try:
            await to_its_end(asyncio.to_thread(make))
            yield place / name
        finally:
            await asyncio.to_thread(drop)

    def sweep(self) -> None:
        """Delete what nobody uses any more. Blocks."""
        for path in self._folder.glob(f"*{_LOCK}"):
            lock = FileLock(path, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except (Timeout, OSError):
                continue
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            lock.release()
            path.unlink(missing_ok=True)
