"""Let those who write to the indexes of a data folder and those who copy them take turns, across
processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import StorageError

if TYPE_CHECKING:
    from filelock import BaseFileLock

# Writers make way for a copy that was requested at most this long ago.
_WAY_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class IndexLock:
    """Held by the writing process while it writes to any of its indexes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted = folder / "indexes.wanted"
        self._entering = asyncio.Lock()

    @cached_property
    def _lock(self) -> BaseFileLock:
        from filelock import FileLock

        return FileLock(self._folder / "indexes.lock", thread_local=False)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Hold the lock for the block, after waiting for a copy in progress, up to about two
        minutes. Blocks may overlap. Raises ``StorageError`` (``data-folder-no-room``)."""
        async with self._entering:
            await self._make_way()
            held = await self._acquired()
        try:
            yield
        finally:
            if held:
                self._lock.release()

    async def _make_way(self) -> None:
        """Wait while a copy is requested: the time between two writes may be too short to begin
        one."""
        while _is_wanted(self._wanted):  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(_LOOK_SECONDS)

    async def _acquired(self) -> bool:
        """Return whether the lock was taken. A copy that hangs holds up writers for a minute at
        most, and notices from the files that they changed."""
        from filelock import Timeout

        until = time.monotonic() + _WAY_SECONDS
        # Don't wait in a thread: a cancelled one would keep the lock for good.
        while True:
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                if time.monotonic() >= until:
                    return False
                await asyncio.sleep(_LOOK_SECONDS)
            except OSError as error:
                detail = error.strerror or str(error)
                raise StorageError("data-folder-no-room", detail=detail) from error
            else:
                return True


@contextlib.contextmanager
def pause_index_writes(folder: Path) -> Iterator[None]:
    """Keep everybody from writing to the indexes in the block. Blocks.

    Raises ``StorageError`` (``backup-indexes-busy``) if a write takes more than a minute, or if the
    folder can't be written (``data-folder-read-only``).
    """
    from filelock import FileLock, Timeout

    wanted = folder / "indexes.wanted"
    lock = FileLock(folder / "indexes.lock", thread_local=False)
    try:
        wanted.touch()
        lock.acquire(timeout=_WAY_SECONDS)
    except Timeout as error:
        wanted.unlink(missing_ok=True)
        raise StorageError("backup-indexes-busy", retry=True) from error
    except OSError as error:
        raise StorageError("data-folder-read-only", detail=error.strerror or str(error)) from error
    try:
        yield
    finally:
        wanted.unlink(missing_ok=True)
        lock.release()


def _is_wanted(path: Path) -> bool:
    """Return whether a copy waits; one that was killed is forgotten after a minute."""
    try:
        return abs(time.time() - path.stat().st_mtime) < _WAY_SECONDS
    except OSError:
        return False
