"""Chroma as a server over HTTP: asynchronous, and with a time limit for each call."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from retrieval.embedders import Vectors
from retrieval.errors import NewsdeskError, Note, SettingsError, StorageError
from retrieval.indexes.chroma import (
    SERVER_SECONDS,
    WHOLE,
    RecordId,
    chroma_error,
    configuration,
    copied_records,
    new_records,
    owned_by,
    with_vectors,
)
from retrieval.runtime.concurrency import cancel

P = ParamSpec("P")
Result = TypeVar("Result")

# How long a question waits, and how often a server that was late is looked for.
_QUESTION_SECONDS = 1.0
_LOOK_SECONDS = 1.0
# More calls wait for their turn.
_CONNECTIONS = 16


def _within_time(
    method: Callable[P, Awaitable[Result]],
) -> Callable[P, Awaitable[Result]]:
    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            async with asyncio.timeout(SERVER_SECONDS):
                return await method(*args, **kwargs)
        except Exception as error:
            raise _server_error(error, args) from error

    return call


def _server_error(error: Exception, args: tuple[object, ...]) -> NewsdeskError:
    """Return the error to raise: a failed connection means that the server is unreachable, whatever
    Chroma calls it."""
    from httpx import TransportError

    if isinstance(error, TransportError) and args and isinstance(args[0], ServerChroma):
        return StorageError("chroma-unreachable", url=args[0].url, retry=True)
    return chroma_error(error)


class ServerChroma:
    """A Chroma server: the calls of ``BlockingChroma``, awaited. It connects at the first call.

    Raises ``SettingsError`` (``chroma-url-invalid``). A question's call (``ask``) waits one second.
    Once one is late or fails, questions go on without the server until it answers again, which is
    checked every second; ``watch`` is called with the reason, and then with None.
    """

    def __init__(self, url: str, watch: Callable[[Note | None], None]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("chroma-url-invalid")
        self.url = url
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._ssl = parts.scheme == "https"
        self._watch = watch
        self._connected: Any = None
        self._connecting = asyncio.Lock()
        self._opened: dict[str, Any] = {}
        self._late: Note | None = None
        self._looking: asyncio.Task[None] | None = None

    async def ask(self, call: str, *args: Any) -> Any:
        """Make a call for a question and return its answer.

        Raises ``StorageError`` (``chroma-slow``) instead of waiting longer, and what the call
        raises.
        """
        late = self._late
        if late is not None:
            raise StorageError.of(late, retry=True)
        # Takes a second of computing, which isn't the server's fault.
        if self._connected is None:
            await asyncio.to_thread(import_module, "chromadb")
        try:
            async with asyncio.timeout(_QUESTION_SECONDS):
                return await getattr(self, call)(*args)
        except TimeoutError:
            error = StorageError("chroma-slow", url=self.url, seconds=_QUESTION_SECONDS, retry=True)
            self._begin_looking(error.note)
            raise error from None
        except StorageError as error:
            if error.retry:
                self._begin_looking(error.note)
            raise

    @property
    def is_late(self) -> bool:
        """Whether questions do without it until it answers again."""
        return self._late is not None

    def _begin_looking(self, late: Note) -> None:
        self._late = late
        self._watch(late)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="chroma server")

    async def _look(self) -> None:
        """Look for the server until it answers again."""
        while self._late is not None:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(StorageError, TimeoutError):
                async with asyncio.timeout(_QUESTION_SECONDS):
                    await self.heartbeat()
                    self._late = None
        self._watch(None)

    async def _client(self) -> Any:
        async with self._connecting:
            if self._connected is None:
                import chromadb
                from chromadb.config import Settings

                try:
                    self._connected = await chromadb.AsyncHttpClient(
                        host=self._host,
                        port=self._port,
                        ssl=self._ssl,
                        settings=Settings(
                            anonymized_telemetry=False,
                            chroma_server_ssl_verify=True,
                            chroma_http_max_connections=_CONNECTIONS,
                        ),
                    )
                except Exception as error:
                    raise StorageError("chroma-unreachable", url=self.url, retry=True) from error
            return self._connected

    @_within_time
    async def names(self) -> list[str]:
        return [collection.name for collection in await (await self._client()).list_collections()]

    @_within_time
    async def metadata(self, name: str) -> dict[str, Any] | None:
        from chromadb.errors import NotFoundError

        try:
            found = await (await self._client()).get_collection(name, embedding_function=None)
        except NotFoundError:
            return None
        self._opened[name] = found
        return dict(found.metadata or {})

    @_within_time
    async def create(self, name: str, metadata: Mapping[str, str], searched: bool = True) -> None:
        client, settings = await self._client(), configuration(searched)
        self._opened[name] = await client.get_or_create_collection(
            name, embedding_function=None, metadata=dict(metadata), configuration=settings
        )

    @_within_time
    async def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._opened.pop(name, None)
        try:
            await (await self._client()).delete_collection(name)
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
    async def upsert(
        self, name: str, ids: Sequence[RecordId], vectors: Vectors, corpus: int | None = None
    ) -> None:
        await (await self._of(name)).upsert(**new_records(ids, vectors, corpus))

    @_within_time
    async def delete(self, name: str, ids: Sequence[RecordId]) -> None:
        await (await self._of(name)).delete(ids=[str(each) for each in ids])

    @_within_time
    async def page(self, name: str, limit: int, offset: int) -> list[int]:
        found = await (await self._of(name)).get(limit=limit, offset=offset, include=[])
        return [int(each) for each in found["ids"]]

    @_within_time
    async def records(self, name: str, corpus: int) -> list[str]:
        return list((await (await self._of(name)).get(where=owned_by(corpus), include=[]))["ids"])

    @_within_time
    async def vectors_of(self, name: str, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        collection = await self._of(name)
        return with_vectors(await collection.get(ids=list(ids), include=["embeddings"]))

    @_within_time
    async def copy(self, name: str, to: str, limit: int, offset: int) -> int:
        found = await (await self._of(name)).get(limit=limit, offset=offset, include=WHOLE)
        if found["ids"]:
            await (await self._of(to)).upsert(**copied_records(found))
        return len(found["ids"])

    @_within_time
    async def probe(self, name: str) -> None:
        collection = await self._of(name)
        found = await collection.get(limit=1, include=["embeddings"])
        if found["ids"]:
            vectors = found["embeddings"]
            await collection.query(query_embeddings=vectors, n_results=1, include=[])

    @_within_time
    async def replace(self, name: str, by: str) -> None:
        from chromadb.errors import NotFoundError

        try:
            found = await (await self._client()).get_collection(by, embedding_function=None)
        except NotFoundError:
            if await self.metadata(name) is None:
                raise
            return
        await self.drop(name)
        await found.modify(name=name)
        self._opened.pop(by, None)
        self._opened[name] = found

    # What a server keeps on disk and in memory is up to its operator.

    async def give_back(self) -> None:
        pass

    async def tidy(self) -> None:
        pass

    async def vectors_on_disk(self) -> dict[str, int]:
        return {}

    @_within_time
    async def heartbeat(self) -> None:
        await (await self._client()).heartbeat()

    async def close(self) -> None:
        if self._looking is not None:
            await cancel(self._looking)
        if self._connected is not None:
            # Nothing else closes the connections of the asynchronous client.
            await self._connected._server.__aexit__(None, None, None)

    async def _of(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = await (await self._client()).get_collection(
                name, embedding_function=None
            )
        return self._opened[name]


class MissingServer(ServerChroma):
    """In the place of a server that nothing is known of, or that isn't to be used: every call raises
    the ``StorageError`` that says so."""

    def __init__(self, url: str, error: Note) -> None:
        super().__init__(url, lambda _: None)
        self._error = error

    async def ask(self, call: str, *args: Any) -> Any:
        raise StorageError.of(self._error)

    async def _client(self) -> Any:
        raise StorageError.of(self._error)
