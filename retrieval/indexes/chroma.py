"""Chroma behind one small set of calls: embedded in a folder, or a server over HTTP.

Collections are known by name. The embedded client blocks; the server's is asynchronous and each of
its calls has a time limit. Both raise ``StorageError``, ``IndexDamaged`` if the index can't be read.
"""

from __future__ import annotations

import asyncio
import functools
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import numpy as np

from retrieval.embedders import Vectors
from retrieval.errors import IndexDamaged, NewsdeskError, SettingsError, StorageError
from retrieval.indexes.chroma_space import give_back, vectors_on_disk

P = ParamSpec("P")
Result = TypeVar("Result")

_SERVER_SECONDS = 30.0
_NO_ROOM = re.compile(r"disk is full|no space left", re.IGNORECASE)
_SPACE = {"hnsw": {"space": "cosine"}}


class BlockingChroma(Protocol):
    """What an embedded Chroma answers, in this process or in one of its own."""

    def names(self) -> list[str]: ...

    def metadata(self, name: str) -> dict[str, Any] | None:
        """None if there is no such collection."""
        ...

    def create(self, name: str, metadata: Mapping[str, str]) -> None: ...

    def drop(self, name: str) -> None: ...

    def count(self, name: str) -> int: ...

    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        """Ids of the ``limit`` nearest to ``vector``, of shape ``(dimensions,)``, best first."""
        ...

    def upsert(self, name: str, ids: Sequence[int], vectors: Vectors) -> None: ...

    def delete(self, name: str, ids: Sequence[int]) -> None: ...

    def page(self, name: str, limit: int, offset: int) -> list[int]: ...

    def vectors(self, name: str, limit: int, offset: int) -> tuple[list[int], Vectors]:
        """A page of ids with their vectors, of shape ``(ids, dimensions)``."""
        ...

    def replace(self, name: str, by: str) -> None:
        """Drop the collection ``name`` and give its name to ``by``."""
        ...

    def give_back(self) -> None:
        """Give back the disk space of collections that are gone."""
        ...

    def tidy(self) -> None:
        """The same, and memory."""
        ...

    def vectors_on_disk(self) -> dict[str, int]:
        """By collection, how many vectors it has on disk, deleted ones among them, where it is known."""
        ...

    def heartbeat(self) -> None: ...

    def close(self) -> None: ...


def _explained(method: Callable[P, Result]) -> Callable[P, Result]:
    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except Exception as error:
            raise _chroma_error(error) from error

    return call


class EmbeddedChroma:
    """Chroma in this process, opened at the first call: loading it takes a second, and most
    commands need no vectors. It keeps Python's lock while it writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._open_client: Any = None
        self._opened: dict[str, Any] = {}

    @property
    def _client(self) -> Any:
        with self._opening:
            if self._open_client is None:
                import chromadb
                from chromadb.config import Settings

                self._open_client = chromadb.PersistentClient(
                    str(self._folder), settings=Settings(anonymized_telemetry=False)
                )
            return self._open_client

    @_explained
    def names(self) -> list[str]:
        return [collection.name for collection in self._client.list_collections()]

    @_explained
    def metadata(self, name: str) -> dict[str, Any] | None:
        from chromadb.errors import NotFoundError

        try:
            found = self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None
        self._opened[name] = found
        return dict(found.metadata or {})

    @_explained
    def create(self, name: str, metadata: Mapping[str, str]) -> None:
        self._opened[name] = self._client.get_or_create_collection(
            name, embedding_function=None, metadata=dict(metadata), configuration=_SPACE
        )

    @_explained
    def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._opened.pop(name, None)
        try:
            self._client.delete_collection(name)
        except NotFoundError:
            return

    @_explained
    def count(self, name: str) -> int:
        return int(self._of(name).count())

    @_explained
    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        found = self._of(name).query(query_embeddings=[vector], n_results=limit, include=[])
        return [int(each) for each in found["ids"][0]]

    @_explained
    def upsert(self, name: str, ids: Sequence[int], vectors: Vectors) -> None:
        self._of(name).upsert(ids=[str(each) for each in ids], embeddings=vectors)

    @_explained
    def delete(self, name: str, ids: Sequence[int]) -> None:
        self._of(name).delete(ids=[str(each) for each in ids])

    @_explained
    def page(self, name: str, limit: int, offset: int) -> list[int]:
        found = self._of(name).get(limit=limit, offset=offset, include=[])
        return [int(each) for each in found["ids"]]

    @_explained
    def vectors(self, name: str, limit: int, offset: int) -> tuple[list[int], Vectors]:
        return _with_vectors(self._of(name).get(limit=limit, offset=offset, include=["embeddings"]))

    @_explained
    def replace(self, name: str, by: str) -> None:
        self.drop(name)
        found = self._client.get_collection(by, embedding_function=None)
        found.modify(name=name)
        self._opened.pop(by, None)
        self._opened[name] = found

    def give_back(self) -> None:
        give_back(self._folder)

    def tidy(self) -> None:
        give_back(self._folder, thorough=True)  # memory comes back with the end of the process

    def vectors_on_disk(self) -> dict[str, int]:
        return vectors_on_disk(self._folder)

    @_explained
    def heartbeat(self) -> None:
        self._client.heartbeat()

    def close(self) -> None:
        if self._open_client is not None:
            self._open_client.close()

    def _of(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = self._client.get_collection(name, embedding_function=None)
        return self._opened[name]


def _within_time(
    method: Callable[P, Awaitable[Result]],
) -> Callable[P, Awaitable[Result]]:
    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            async with asyncio.timeout(_SERVER_SECONDS):
                return await method(*args, **kwargs)
        except Exception as error:
            raise _chroma_error(error) from error

    return call


class ServerChroma:
    """A Chroma server: the calls of ``BlockingChroma``, awaited. Make one with ``connect``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._opened: dict[str, Any] = {}

    @classmethod
    async def connect(cls, url: str) -> ServerChroma:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("chroma-url-invalid")
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
            raise StorageError("chroma-unreachable", url=url, retry=True) from error
        return cls(client)

    @_within_time
    async def names(self) -> list[str]:
        return [collection.name for collection in await self._client.list_collections()]

    @_within_time
    async def metadata(self, name: str) -> dict[str, Any] | None:
        from chromadb.errors import NotFoundError

        try:
            found = await self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None
        self._opened[name] = found
        return dict(found.metadata or {})

    @_within_time
    async def create(self, name: str, metadata: Mapping[str, str]) -> None:
        self._opened[name] = await self._client.get_or_create_collection(
            name, embedding_function=None, metadata=dict(metadata), configuration=_SPACE
        )

    @_within_time
    async def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._opened.pop(name, None)
        try:
            await self._client.delete_collection(name)
        except NotFoundError:
            return

    @_within_time
    async def count(self, name: str) -> int:
        return int(await (await self._of(name)).count())

    @_within_time
    async def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        collection = await self._of(name)
        found = await collection.query(query_embeddings=[vector], n_results=limit, include=[])
        return [int(each) for each in found["ids"][0]]

    @_within_time
    async def upsert(self, name: str, ids: Sequence[int], vectors: Vectors) -> None:
        collection = await self._of(name)
        await collection.upsert(ids=[str(each) for each in ids], embeddings=vectors)

    @_within_time
    async def delete(self, name: str, ids: Sequence[int]) -> None:
        await (await self._of(name)).delete(ids=[str(each) for each in ids])

    @_within_time
    async def page(self, name: str, limit: int, offset: int) -> list[int]:
        found = await (await self._of(name)).get(limit=limit, offset=offset, include=[])
        return [int(each) for each in found["ids"]]

    @_within_time
    async def vectors(self, name: str, limit: int, offset: int) -> tuple[list[int], Vectors]:
        collection = await self._of(name)
        return _with_vectors(
            await collection.get(limit=limit, offset=offset, include=["embeddings"])
        )

    @_within_time
    async def replace(self, name: str, by: str) -> None:
        await self.drop(name)
        found = await self._client.get_collection(by, embedding_function=None)
        await found.modify(name=name)
        self._opened.pop(by, None)
        self._opened[name] = found

    # What a server keeps on its disk, and in its memory, is its operator's business.

    async def give_back(self) -> None:
        pass

    async def tidy(self) -> None:
        pass

    async def vectors_on_disk(self) -> dict[str, int]:
        return {}

    @_within_time
    async def heartbeat(self) -> None:
        await self._client.heartbeat()

    async def close(self) -> None:
        # The asynchronous client keeps its connections where only this closes them.
        await self._client._server.__aexit__(None, None, None)

    async def _of(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = await self._client.get_collection(name, embedding_function=None)
        return self._opened[name]


def _with_vectors(found: Any) -> tuple[list[int], Vectors]:
    return [int(each) for each in found["ids"]], np.asarray(found["embeddings"], dtype=np.float32)


def _chroma_error(error: Exception) -> NewsdeskError:
    from chromadb.errors import InternalError

    if isinstance(error, NewsdeskError):
        return error
    reason = str(cast(object, error)).strip().split("\n")[0] or type(error).__name__
    if isinstance(error, TimeoutError):
        return StorageError("chroma-timeout", seconds=_SERVER_SECONDS, retry=True)
    if isinstance(error, OSError) or _NO_ROOM.search(reason):
        return StorageError("chroma-disk-full", detail=reason[:200])
    if isinstance(error, InternalError):
        return IndexDamaged("vector-index-damaged", detail=reason[:200])
    return StorageError("chroma-failed", detail=reason[:200])
