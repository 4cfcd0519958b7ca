"""Vector search with Chroma: one collection a corpus, cosine distance, embedded or over HTTP."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embedders import Vectors
from retrieval.errors import EmbedderMismatch
from retrieval.indexes.chroma import BlockingChroma, EmbeddedChroma, ServerChroma

_PAGE = 2_000
# A collection is rebuilt when deleted vectors are more than so many and so large a share of the others.
_MOST_DELETED, _BLOATED = 1_000, 1.25
# The name of a collection that is going to take the place of another ends so.
_REBUILT = "-rebuilt"
_AT_ONCE = 2_000
# A query waits for the write that is under way.
LITTLE_AT_ONCE = 40


class ChromaStore:
    """Chroma, embedded in a folder or a server at ``url``.

    The embedded one blocks and is called from worker threads; the server's is asynchronous.
    """

    def __init__(
        self, chroma: BlockingChroma | ServerChroma, folder_id: str, embedder: str
    ) -> None:
        # How many vectors are written in one call; LITTLE_AT_ONCE where people wait for answers.
        self.at_once = _AT_ONCE
        self.chroma = chroma
        self._folder_id = folder_id
        self._embedder = embedder

    @classmethod
    async def embedded(
        cls, folder: Path, folder_id: str, embedder: str, *, apart: bool = False
    ) -> ChromaStore:
        """``apart``: in a process of its own, that leaves Python's lock to this one."""
        if apart:
            from retrieval.indexes.chroma_process import ChromaProcessClient

            return cls(await asyncio.to_thread(ChromaProcessClient, folder), folder_id, embedder)
        return cls(await asyncio.to_thread(EmbeddedChroma, folder), folder_id, embedder)

    @classmethod
    async def server(cls, url: str, folder_id: str, embedder: str) -> ChromaStore:
        return cls(await ServerChroma.connect(url), folder_id, embedder)

    def index(self, corpus_id: int, generation: int) -> VectorIndex:
        name = f"newsdesk-{self._folder_id}-{corpus_id}-{generation}"
        return VectorIndex(self, name, self._embedder)

    async def generations(self, corpus_id: int) -> list[int]:
        """The generations of a corpus that have a collection, whole or half-built."""
        prefix = f"newsdesk-{self._folder_id}-{corpus_id}-"
        names = {name for name in await self.call(self.chroma.names) if name.startswith(prefix)}
        for rebuilt in [name for name in names if name.endswith(_REBUILT)]:
            names.remove(rebuilt)
            name = rebuilt.removesuffix(_REBUILT)
            if name in names:  # not finished
                await self.call(self.chroma.drop, rebuilt)
            else:
                await self.call(self.chroma.replace, name, rebuilt)
                names.add(name)
        return [int(name.removeprefix(prefix)) for name in names]

    async def give_back(self) -> None:
        """Give back the disk space of collections that are gone."""
        await self.call(self.chroma.give_back)

    async def tidy(self) -> None:
        """Give back disk space and memory of what was deleted. Questions wait a moment for their vectors."""
        await self.call(self.chroma.tidy)

    @property
    def is_local(self) -> bool:
        return not isinstance(self.chroma, ServerChroma)

    async def heartbeat(self) -> None:
        await self.call(self.chroma.heartbeat)

    async def call(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call Chroma: a blocking one in a worker thread."""
        if inspect.iscoroutinefunction(method):
            return await method(*args)
        return await asyncio.to_thread(method, *args)

    async def close(self) -> None:
        """Let go of Chroma's files or connections."""
        await self.call(self.chroma.close)


class VectorIndex:
    """The vectors of one corpus. Opened at its first use; a corpus without any finds nothing."""

    def __init__(self, store: ChromaStore, name: str, embedder: str) -> None:
        self._store = store
        self._name = name
        self._embedder = embedder
        self._metadata: dict[str, Any] | None = None
        self._known_size = 0

    @property
    def is_local(self) -> bool:
        """Whether ``query_here`` can be called."""
        return self._store.is_local

    async def query(self, vector: Vectors, limit: int) -> list[int]:
        """Ids of the nearest passages by cosine, best first.

        ``vector`` has shape ``(dimensions,)``. Raises ``EmbedderMismatch``.
        """
        if await self._opened() is None or not np.any(vector):
            return []
        chroma = self._store.chroma
        if self._known_size < limit:
            self._known_size = await self._call(chroma.count)
        if not self._known_size:
            return []
        found: list[int] = await self._call(chroma.nearest, vector, min(limit, self._known_size))
        return found

    def query_here(self, vector: Vectors, limit: int) -> list[int]:
        """The same in the calling thread, which it blocks; after ``require_embedder``."""
        chroma = self._store.chroma
        if self._metadata is None or not np.any(vector) or isinstance(chroma, ServerChroma):
            return []
        if self._known_size < limit:
            self._known_size = chroma.count(self._name)
        if not self._known_size:
            return []
        return chroma.nearest(self._name, vector, min(limit, self._known_size))

    async def write(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, or replace those of passages that have one."""
        await self._opened(create=True)
        size = self._store.at_once
        for first in range(0, len(passage_ids), size):
            batch = slice(first, first + size)
            await self._call(self._store.chroma.upsert, passage_ids[batch], vectors[batch])
        self._known_size = 0

    async def remove(self, passage_ids: Sequence[int]) -> None:
        if await self._opened() is None:
            return
        size = self._store.at_once
        for first in range(0, len(passage_ids), size):
            await self._call(self._store.chroma.delete, passage_ids[first : first + size])
        self._known_size = 0

    async def passage_ids(self) -> list[int]:
        if await self._opened(check=False) is None:
            return []
        found: list[int] = []
        while True:
            page = await self._call(self._store.chroma.page, _PAGE, len(found))
            found += page
            if len(page) < _PAGE:
                return found

    @property
    def name(self) -> str:
        """What Chroma knows the collection by."""
        return self._name

    async def count(self) -> int:
        """How many passages have a vector here."""
        return (
            0
            if await self._opened(check=False) is None
            else int(await self._call(self._store.chroma.count))
        )

    async def is_bloated(self) -> bool:
        """Whether so many of its vectors are deleted ones that it should be rebuilt."""
        on_disk: int = (await self._store.call(self._store.chroma.vectors_on_disk)).get(
            self._name, 0
        )
        return on_disk > _MOST_DELETED and on_disk > _BLOATED * await self.count() + _MOST_DELETED

    async def rebuild(self) -> None:
        """Write the collection anew, without what was deleted from it. Nothing may be written meanwhile;
        questions are answered. A crash leaves the old one, or the whole new one."""
        metadata = await self._opened(check=False)
        if metadata is None:
            return
        chroma, call, rebuilt = self._store.chroma, self._store.call, self._name + _REBUILT
        await call(chroma.drop, rebuilt)
        await call(chroma.create, rebuilt, metadata)
        size, done = self._store.at_once, 0
        while True:
            ids, vectors = await self._call(chroma.vectors, size, done)
            if not ids:
                break
            await call(chroma.upsert, rebuilt, ids, vectors)
            done += len(ids)
        await self._call(chroma.replace, rebuilt)
        self._known_size = 0

    async def embedder(self) -> str | None:
        """The identity of the embedder that made the vectors; None if there are none."""
        metadata = await self._opened(check=False)
        return None if metadata is None else metadata.get("embedder")

    async def require_embedder(self) -> None:
        """Raises ``EmbedderMismatch`` if another embedder than ours made the vectors."""
        await self._opened()

    async def drop(self) -> None:
        await self._call(self._store.chroma.drop)
        self._metadata = None

    async def _opened(self, *, create: bool = False, check: bool = True) -> dict[str, Any] | None:
        """The metadata of the collection, once there is one."""
        if self._metadata is None:
            chroma = self._store.chroma
            if create:
                await self._call(chroma.create, {"embedder": self._embedder})
            self._metadata = await self._call(chroma.metadata)
        if check and self._metadata is not None:
            made_by = self._metadata.get("embedder")
            if made_by != self._embedder:
                raise EmbedderMismatch(
                    "embedder-changed",
                    made_by=str(made_by),
                    wanted=self._embedder,
                    setting=str(made_by).partition("/")[0],
                )
        return self._metadata

    async def _call(self, method: Callable[..., Any], *args: Any) -> Any:
        return await self._store.call(method, self._name, *args)
