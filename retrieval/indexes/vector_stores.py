"""Where the vectors of each corpus are: in the embedded Chroma, on a server, or on one of several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from retrieval.catalogue import Corpus
from retrieval.catalogue.vector_servers import choose_server
from retrieval.errors import IndexDamaged, Note, SettingsError, StorageError
from retrieval.indexes.chroma_server import MissingServer, ServerChroma
from retrieval.indexes.chroma_store import HELD_BYTES, ChromaStore
from retrieval.indexes.held_vectors import VectorMemory
from retrieval.runtime.conditions import Conditions

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Result = TypeVar("Result")

_PORTS = {"http": 80, "https": 443}
_NOWHERE = "http://nowhere.invalid"


class VectorStores:
    """The stores that hold the vectors of a data folder.

    ``places``: each corpus says in the catalogue which server has its vectors. Otherwise there is one
    store, which has those of all corpora but any that say that they are somewhere else.
    """

    def __init__(self, stores: Sequence[ChromaStore], *, places: bool = False) -> None:
        self._stores = {store.url: store for store in stores}
        self.places = places
        self._missing: dict[str | None, ChromaStore] = {}

    @classmethod
    def servers(
        cls,
        urls: Iterable[str],
        folder_id: str,
        embedder: str,
        conditions: Conditions,
        *,
        places: bool,
    ) -> VectorStores:
        """The stores of Chroma servers, which are connected to when they are called.

        Raises ``SettingsError`` for what is no URL.
        """
        memory, watch = VectorMemory(HELD_BYTES), _Watch(conditions)
        stores = [
            ChromaStore(ServerChroma(url, watch.of(url)), folder_id, embedder, memory)
            for url in dict.fromkeys(map(plain_address, urls))
        ]
        return cls(stores, places=places)

    def __iter__(self) -> Iterator[ChromaStore]:
        return iter(self._stores.values())

    @property
    def only(self) -> ChromaStore:
        """The store, or the first of several."""
        return next(iter(self))

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded Chroma."""
        return self.only.is_local

    @property
    def urls(self) -> list[str]:
        """The addresses of the servers; none for the embedded Chroma."""
        return [url for url in self._stores if url is not None]

    async def choose(self, connection: AsyncConnection, corpus_id: int) -> str:
        """Return the address of the server that a corpus without vectors goes to."""
        return await choose_server(connection, self.answering_urls, corpus_id)

    @property
    def answering_urls(self) -> list[str]:
        """The addresses of the servers that aren't known to be late; of all if every one is."""
        late = {store.url for store in self if store.is_late}
        return [url for url in self.urls if url not in late] or self.urls

    def of(self, corpus: Corpus) -> ChromaStore:
        """Return the store with the vectors of a corpus. If its server isn't among ours or isn't known
        yet, every call of that store raises a ``StorageError`` that says so."""
        if self.is_local:
            return self.only
        url = corpus.vector_server
        if url is None and not self.places:
            return self.only
        return self._stores.get(url) or self._missing_store(url)

    def misses(self, corpus: Corpus) -> bool:
        """Return whether the server of a corpus isn't among ours, or isn't known yet."""
        return self.of(corpus) not in self._stores.values()

    async def recovered_names(self) -> dict[ChromaStore, list[str]]:
        """As ``ChromaStore.recovered_names``, of the stores that can be had.

        Raises the ``StorageError`` of one of them if none can.
        """
        return await self._of_each(ChromaStore.recovered_names)

    async def names(self) -> dict[ChromaStore, list[str]]:
        """As ``ChromaStore.names``, of the stores that can be had."""
        return await self._of_each(ChromaStore.names)

    async def require_answer(self) -> None:
        """Raises ``StorageError`` if none of them gives an answer in the time that a question has."""
        await self._of_each(ChromaStore.require_answer)

    async def give_back(self) -> None:
        """Give back the disk space of collections that are gone."""
        for store in self:
            await store.give_back()

    async def tidy(self) -> None:
        """Give back disk space and memory of what was deleted."""
        for store in self:
            await store.tidy()

    def write_at_once(self, count: int) -> None:
        """Write so many vectors in one call at most."""
        for store in self:
            store.at_once = count

    def forget(self) -> None:
        """Know nothing of any collection any more."""
        for store in self:
            store.forget()

    async def close(self) -> None:
        """Let go of Chroma's files or connections."""
        for store in self:
            await store.close()

    async def _of_each(
        self, call: Callable[[ChromaStore], Awaitable[Result]]
    ) -> dict[ChromaStore, Result]:
        """What the stores answer that can be had. Raises ``StorageError`` if none can."""
        found: dict[ChromaStore, Result] = {}
        failed: StorageError | None = None
        for store in self:
            try:
                if len(self._stores) > 1:  # one that hangs isn't waited for
                    await store.require_answer()
                found[store] = await call(store)
            except IndexDamaged:
                raise
            except StorageError as error:
                failed = failed or error
        if failed is not None and not found:
            raise failed
        return found

    def _missing_store(self, url: str | None) -> ChromaStore:
        if url not in self._missing:
            error = (
                Note("chroma-server-unknown")
                if url is None
                else Note("chroma-server-unlisted", url=url)
            )
            chroma = MissingServer(url or _NOWHERE, error)
            self._missing[url] = ChromaStore(chroma, "", self.only.embedder, self.only.memory)
        return self._missing[url]


class _Watch:
    """Tells the conditions that servers are late: of several the one that was late first, until all
    answer."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._late: dict[str, Note] = {}

    def of(self, url: str) -> Callable[[Note | None], None]:
        """Return what is told why the server at ``url`` is late, and None once it isn't any more."""

        def watch(why: Note | None) -> None:
            if why is None:
                self._late.pop(url, None)
            else:
                self._late[url] = why
            if self._late:
                self._conditions.begin("vectors", next(iter(self._late.values())))
            else:
                self._conditions.end("vectors")

        return watch


def plain_address(url: str) -> str:
    """Return a server's address as it is noted and compared: without a path, a slash at the end or the
    scheme's own port. Raises ``SettingsError`` for what is no URL."""
    try:
        parts = urlsplit(url.strip())
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError as error:
        raise SettingsError("chroma-url-invalid") from error
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
