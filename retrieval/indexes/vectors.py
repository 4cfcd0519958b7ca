"""Vector search with Chroma: one collection a corpus, cosine distance, embedded or over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import numpy as np

from retrieval.embedders import Vectors
from retrieval.errors import EmbedderMismatch, IndexDamaged, SettingsError, StorageError

_PAGE = 2_000
_AT_ONCE = 2_000
# The embedded client keeps Python's lock while it writes: with much at once nothing else would move,
# no event loop either. Forty vectors take some 20 ms.
LITTLE_AT_ONCE = 40
_SERVER_SECONDS = 30.0
_NO_ROOM = re.compile(r"disk is full|no space left", re.IGNORECASE)


class ChromaStore:
    """A Chroma client: embedded in a folder, or of a server at ``url``.

    The embedded client blocks and is called from worker threads; the server's is asynchronous.
    """

    def __init__(self, client: Any, folder_id: str, embedder: str) -> None:
        # How many vectors are written in one call. LITTLE_AT_ONCE keeps an event loop alive that
        # people wait for.
        self.at_once = _AT_ONCE
        self._client = client
        self._folder_id = folder_id
        self._embedder = embedder

    @classmethod
    async def embedded(cls, folder: Path, folder_id: str, embedder: str) -> ChromaStore:
        def make() -> Any:
            import chromadb
            from chromadb.config import Settings

            return chromadb.PersistentClient(
                str(folder), settings=Settings(anonymized_telemetry=False)
            )

        try:
            return cls(await asyncio.to_thread(make), folder_id, embedder)
        except Exception as error:
            raise _chroma_error("Chroma can't open its folder", error) from error

    @classmethod
    async def server(cls, url: str, folder_id: str, embedder: str) -> ChromaStore:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("NEWSDESK_CHROMA_URL must look like http://localhost:8000.")
        try:
            import chromadb
            from chromadb.config import Settings

            async with asyncio.timeout(_SERVER_SECONDS):
                client = await chromadb.AsyncHttpClient(
                    host=parts.hostname,
                    port=parts.port or (443 if parts.scheme == "https" else 80),
                    ssl=parts.scheme == "https",
                    settings=Settings(anonymized_telemetry=False, chroma_server_ssl_verify=True),
                )
        except Exception as error:
            raise StorageError(
                f"The Chroma server at {url} can't be reached; start it (`chroma run`) or unset "
                "NEWSDESK_CHROMA_URL.",
                retry=True,
            ) from error
        return cls(client, folder_id, embedder)

    def index(self, corpus_id: int, generation: int) -> VectorIndex:
        name = f"newsdesk-{self._folder_id}-{corpus_id}-{generation}"
        return VectorIndex(self, name, self._embedder)

    async def generations(self, corpus_id: int) -> list[int]:
        """The generations of a corpus that have a collection, whole or half-built."""
        prefix = f"newsdesk-{self._folder_id}-{corpus_id}-"
        names = [c.name for c in await self.call(self._client.list_collections)]
        return [int(name.removeprefix(prefix)) for name in names if name.startswith(prefix)]

    async def collection(self, name: str) -> Any | None:
        from chromadb.errors import NotFoundError

        try:
            return await self.call(self._client.get_collection, name, embedding_function=None)
        except NotFoundError:
            return None

    async def create(self, name: str, metadata: dict[str, str]) -> Any:
        return await self.call(
            self._client.get_or_create_collection,
            name,
            embedding_function=None,
            metadata=metadata,
            configuration={"hnsw": {"space": "cosine"}},
        )

    async def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        with contextlib.suppress(NotFoundError):
            await self.call(self._client.delete_collection, name)

    @property
    def is_local(self) -> bool:
        return not inspect.iscoroutinefunction(self._client.heartbeat)

    async def heartbeat(self) -> None:
        await self.call(self._client.heartbeat)

    async def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the client, embedded or not, within a time limit where a network is involved."""
        if inspect.iscoroutinefunction(method):
            async with asyncio.timeout(_SERVER_SECONDS):
                return await method(*args, **kwargs)
        return await asyncio.to_thread(method, *args, **kwargs)

    async def close(self) -> None:
        """Let go of the client's files or connections."""
        if hasattr(self._client, "close"):
            await asyncio.to_thread(self._client.close)
        else:
            # The asynchronous client keeps its connections where only this closes them.
            await self._client._server.__aexit__(None, None, None)


class VectorIndex:
    """The vectors of one corpus. Opened at its first use; a corpus without any finds nothing."""

    def __init__(self, store: ChromaStore, name: str, embedder: str) -> None:
        self._store = store
        self._name = name
        self._embedder = embedder
        self._collection: Any = None
        self._known_size = 0

    @property
    def is_local(self) -> bool:
        """Whether ``query_here`` can be called."""
        return self._store.is_local

    async def query(self, vector: Vectors, limit: int) -> list[int]:
        """Ids of the nearest passages by cosine, best first.

        ``vector`` has shape ``(dimensions,)``. Raises ``EmbedderMismatch``.
        """
        collection = await self._opened()
        if collection is None or not np.any(vector):
            return []
        if self._known_size < limit:
            self._known_size = await self._call(collection.count)
        if not self._known_size:
            return []
        return _ids(await self._call(collection.query, **self._question(vector, limit)))

    def query_here(self, vector: Vectors, limit: int) -> list[int]:
        """The same in the calling thread, which it blocks; after ``require_embedder``."""
        collection = self._collection
        if collection is None or not np.any(vector):
            return []
        try:
            if self._known_size < limit:
                self._known_size = collection.count()
            if not self._known_size:
                return []
            return _ids(collection.query(**self._question(vector, limit)))
        except Exception as error:
            raise _chroma_error("Chroma failed", error) from error

    def _question(self, vector: Vectors, limit: int) -> dict[str, Any]:
        return {
            "query_embeddings": [vector],
            "n_results": min(limit, self._known_size),
            "include": [],
        }

    async def write(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, or replace those of passages that have one."""
        collection = await self._opened(create=True)
        size = self._store.at_once
        for first in range(0, len(passage_ids), size):
            batch = slice(first, first + size)
            await self._call(
                collection.upsert,
                ids=[str(passage_id) for passage_id in passage_ids[batch]],
                embeddings=vectors[batch],
            )
        self._known_size = 0

    async def remove(self, passage_ids: Sequence[int]) -> None:
        collection = await self._opened()
        if collection is None:
            return
        size = self._store.at_once
        for first in range(0, len(passage_ids), size):
            ids = [str(passage_id) for passage_id in passage_ids[first : first + size]]
            await self._call(collection.delete, ids=ids)
        self._known_size = 0

    async def passage_ids(self) -> list[int]:
        collection = await self._opened(check=False)
        if collection is None:
            return []
        found: list[int] = []
        while True:
            page = await self._call(collection.get, limit=_PAGE, offset=len(found), include=[])
            found += [int(passage_id) for passage_id in page["ids"]]
            if len(page["ids"]) < _PAGE:
                return found

    async def embedder(self) -> str | None:
        """The identity of the embedder that made the vectors; None if there are none."""
        collection = await self._opened(check=False)
        return None if collection is None else (collection.metadata or {}).get("embedder")

    async def require_embedder(self) -> None:
        """Raises ``EmbedderMismatch`` if another embedder than ours made the vectors."""
        await self._opened()

    async def drop(self) -> None:
        await self._store.drop(self._name)
        self._collection = None

    async def _opened(self, *, create: bool = False, check: bool = True) -> Any:
        if self._collection is None:
            if create:
                metadata = {"embedder": self._embedder}
                self._collection = await self._guarded(self._store.create(self._name, metadata))
            else:
                self._collection = await self._guarded(self._store.collection(self._name))
        collection = self._collection
        if check and collection is not None:
            made_by = (collection.metadata or {}).get("embedder")
            if made_by != self._embedder:
                raise EmbedderMismatch(
                    f"The vectors of this corpus were made by {made_by}, the settings say "
                    f"{self._embedder}; run `newsdesk reindex` to make them anew, or set "
                    f"NEWSDESK_EMBEDDER={str(made_by).partition('/')[0]} again."
                )
        return collection

    async def _call(self, method: Callable[..., Any], **kwargs: Any) -> Any:
        return await self._guarded(self._store.call(method, **kwargs))

    async def _guarded(self, call: Any) -> Any:
        try:
            return await call
        except Exception as error:
            raise _chroma_error("Chroma failed", error) from error


def _ids(found: Any) -> list[int]:
    return [int(passage_id) for passage_id in found["ids"][0]]


def _chroma_error(what: str, error: Exception) -> StorageError:
    from chromadb.errors import InternalError

    reason = str(cast(object, error)).strip().split("\n")[0] or type(error).__name__
    if isinstance(error, TimeoutError):
        return StorageError(
            f"{what} (no answer within {_SERVER_SECONDS:g} s); see `newsdesk doctor`.", retry=True
        )
    if isinstance(error, OSError) or _NO_ROOM.search(reason):
        return StorageError(
            f"{what} ({reason[:200]}); make room on its disk and run the same command again."
        )
    if isinstance(error, InternalError):
        return IndexDamaged(
            f"The vector index is damaged ({reason[:200]}); run `newsdesk reindex` to make it anew."
        )
    return StorageError(f"{what} ({reason[:200]}); see `newsdesk doctor`.")
