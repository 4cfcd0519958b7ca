"""Files that were handed in, kept until their job is over."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path, PurePath

from retrieval.catalogue.jobs import JobSource

_LONGEST_NAME = 100


class Uploads:
    """A folder of files, each in a folder of its own, so that names may be anything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Handed in, and not yet part of a job.
        self._new: set[str] = set()

    async def keep(self, name: str, data: bytes) -> JobSource:
        """Write a file down; it is shown as ``name``, whose ending says what it is."""
        shown = re.sub(r"[^\w .()+-]", "_", PurePath(name.replace("\\", "/")).name)
        shown = shown[-_LONGEST_NAME:].lstrip(".") or "file"
        path = self._folder / uuid.uuid4().hex / shown
        self._new.add(str(path))

        def write() -> None:
            path.parent.mkdir(parents=True)
            path.write_bytes(data)

        await asyncio.to_thread(write)
        return JobSource("file", shown, {"path": str(path)})

    def belongs(self, sources: Iterable[JobSource]) -> None:
        """These are part of a job now, which says how long they are kept."""
        self._new -= {path_of(source) for source in sources}

    async def sweep(self, needed: Callable[[], Awaitable[set[str]]]) -> None:
        """Delete all files but those that jobs say are ``needed`` and those just handed in."""
        # In this order: what is handed in meanwhile is not among the folders, and what becomes part
        # of a job meanwhile was new a moment ago.
        folders = await asyncio.to_thread(lambda: list(self._folder.glob("*")))
        new = set(self._new)
        kept = {Path(path).parent for path in new | await needed()}

        def delete() -> None:
            for folder in folders:
                if folder not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

        await asyncio.to_thread(delete)


def path_of(source: JobSource) -> str:
    """Where the file of a source lies: a handed in one among the uploads, else where it says."""
    return str((source.payload or {}).get("path", source.label))
