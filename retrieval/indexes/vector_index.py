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
        names = await self.call(self.chroma.names)
        return [int(name.removeprefix(prefix)) for name in names if name.startswith(prefix)]

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
