"""Who writes to the indexes of a data folder and who copies them take turns, over processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import StorageError

# Writers make way for a copy that has been asked for at most so long ago.
_WAY_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class IndexLock:
    """Held by the writing process while it writes to any of its indexes."""

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / "indexes.lock", thread_local=False)
        self._wanted = folder / "indexes.wanted"
        self._entering = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write while this is open; waits while a copy is made. Several may be open at once."""
        async with self._entering:
            await self._make_way()
            held = await self._acquired()
        try:
            yield
        finally:
            if held:
                self._lock.release()

    async def _make_way(self) -> None:
        """Wait while a copy is wanted: between two writes there may be too little time to begin one."""
        while _is_wanted(self._wanted):  # noqa: ASYNC110 - another process holds it
            await asyncio.sleep(_LOOK_SECONDS)

    async def _acquired(self) -> bool:
        """Whether the lock was got; a copy that hangs holds nobody up for more than a minute, and
        sees by the files that they changed."""
        until = time.monotonic() + _WAY_SECONDS
        # No thread waits for it: what is cancelled there would hold it for good.
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
    """Keep everybody from writing to the indexes while this is open. Blocks.

    Raises ``StorageError`` if one write takes a minute, or if the folder can't be written.
    """
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
    """Whether a copy waits; one that was killed is forgotten after a minute."""
    try:
        return abs(time.time() - path.stat().st_mtime) < _WAY_SECONDS
    except OSError:
        return False
