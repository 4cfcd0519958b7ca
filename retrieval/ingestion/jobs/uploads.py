"""Files that were handed in, kept until their job is over: in the data folder, or in the database
on PostgreSQL, where several processes may work on jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path, PurePath

from retrieval.catalogue.jobs import JobSource, upload_of
from retrieval.catalogue.uploads import UploadRepository
from retrieval.errors import StorageError
from retrieval.ingestion.target import IngestTarget
from retrieval.runtime.scratch import ScratchFolder

_log = logging.getLogger(__name__)

_LONGEST_NAME = 100


class FolderUploads:
    """A folder of files, each in a folder of its own so that names don't collide."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Handed in, and not yet part of a job.
        self._new: set[str] = set()

    async def keep(self, name: str, data: bytes) -> JobSource:
        """Write a file and return it as a source shown as ``name``, whose ending tells the format.
        Raises ``StorageError``, for a full disk say; the next sweep deletes what was written."""
        shown = _shown(name)
        path = self._folder / uuid.uuid4().hex / shown
        self._new.add(str(path))

        def write() -> None:
            path.parent.mkdir(parents=True)
            path.write_bytes(data)

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            self._new.discard(str(path))
            detail = error.strerror or str(error)
            raise StorageError("data-folder-not-writable", detail=detail) from error
        return JobSource("file", shown, {"path": str(path)})

    def belongs(self, sources: Iterable[JobSource]) -> None:
        """Note that these are part of a job, which decides from now on how long they are kept."""
        self._new -= {path_of(source) for source in sources}

    async def sweep(self, needed: Callable[[], Awaitable[set[str]]]) -> None:
        """Delete all files but those that jobs say are ``needed`` and those just handed in."""
        # In this order: what is handed in meanwhile isn't among the folders, and what becomes part
        # of a job meanwhile was new a moment ago.
        folders = await asyncio.to_thread(lambda: list(self._folder.glob("*")))
        new = set(self._new)
        kept = {Path(path).parent for path in new | await needed()}

        def delete() -> None:
            for folder in folders:
                if folder not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

        await asyncio.to_thread(delete)


class Uploads:
    """All files that were handed in, wherever they are: a database keeps them if it is on a server,
    and a folder that was moved from there has them in its database still."""

    def __init__(self, library: IngestTarget) -> None:
        self._library = library
        self._folder = FolderUploads(library.data_dir / "uploads")
        self._database: UploadRepository = library.catalogue.uploads
        self._scratch = ScratchFolder(library.data_dir / "scratch")
        # In the database, and not yet part of a job.
        self._new: set[str] = set()

    async def keep(self, name: str, data: bytes) -> JobSource:
        """Store a file; it is shown as ``name``, whose ending says what it is. Raise
        ``StorageError``."""
        if not self._library.catalogue.database.is_on_server:
            return await self._folder.keep(name, data)
        upload_id = await self._database.add(data, self._library.clock())
        self._new.add(upload_id)
        return JobSource("file", _shown(name), {"upload": upload_id})

    def belongs(self, sources: Iterable[JobSource]) -> None:
        """Note that these are part of a job, which decides from now on how long they are kept."""
        sources = list(sources)
        self._folder.belongs(sources)
        self._new.difference_update(filter(None, map(upload_of, sources)))

    async def refuse(self, sources: Iterable[JobSource]) -> None:
        """Delete files that will be part of no job: those in the database at once, those in the folder
        at the next sweep."""
        sources = list(sources)
        self.belongs(sources)
        try:
            await self._database.delete(list(filter(None, map(upload_of, sources))))
        except StorageError as error:
            _log.warning("files of a refused job stay for a day: %s", error)

    @contextlib.asynccontextmanager
    async def opened(self, source: JobSource) -> AsyncIterator[Path]:
        """Yield the path of the file of a source while the block lasts; nothing is there if it was
        deleted. Raise ``StorageError``."""
        upload_id = upload_of(source)
        if upload_id is None:
            yield Path(path_of(source))
            return
        async with contextlib.AsyncExitStack() as stack:
            try:
                path = await stack.enter_async_context(self._scratch.file(_shown(source.label)))
                await self._copy(upload_id, path)
            except OSError as error:
                detail = error.strerror or str(error)
                raise StorageError("data-folder-no-room", detail=detail) from error
            yield path

    async def sweep(self, needed: Callable[[], Awaitable[set[str]]]) -> None:
        """Delete all files but those just handed in and those that jobs need: of the folder's, the
        ones that ``needed`` returns."""
        await self._folder.sweep(needed)
        await self.sweep_scratch()
        await self._database.delete_old(self._library.clock(), new=self._new)

    async def sweep_scratch(self) -> None:
        """Delete the copies that a killed process left in this data folder."""
        await asyncio.to_thread(self._scratch.sweep)

    async def _copy(self, upload_id: str, path: Path) -> None:
        size = await self._database.size(upload_id)
        if size is None:
            return
        draft = path.with_name(f"{path.name}.part")
        written = 0
        with await asyncio.to_thread(draft.open, "wb") as file:
            async for part in self._database.parts(upload_id):
                await asyncio.to_thread(file.write, part)
                written += len(part)
        if written == size:
            draft.rename(path)


def path_of(source: JobSource) -> str:
    """Return where the file of a source that isn't in the database lies: among the uploads if it
    was handed in, else at its own path."""
    return str((source.payload or {}).get("path", source.label))


def _shown(name: str) -> str:
    shown = re.sub(r"[^\w .()+-]", "_", PurePath(name.replace("\\", "/")).name)
    return shown[-_LONGEST_NAME:].lstrip(".") or "file"
