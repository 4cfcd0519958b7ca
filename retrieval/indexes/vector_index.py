"""Vector search with Chroma: one collection a corpus, cosine distance, embedded or over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embedders import Vectors
from retrieval.errors import EmbedderMismatch, IndexDamaged, Note, StorageError
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.indexes.chroma import BlockingChroma, EmbeddedChroma
from retrieval.indexes.chroma_files import recorded_metadata
from retrieval.indexes.chroma_server import ServerChroma
from retrieval.runtime.conditions import Conditions

_PAGE = 2_000
# A collection is rebuilt when deleted vectors are more than so many and so large a share of the others.
_MOST_DELETED, _BLOATED = 250, 1.1
# The name of a collection that is going to take the place of another ends so.
_REBUILT = "-rebuilt"
_AT_ONCE = 2_000
# A query waits for the write that is under way.
LITTLE_AT_ONCE = 40
# The process of the index has to start first, where a command is all that waits for it.
_FIRST_SECONDS = 30.0
# A passage is among so many that are nearest to its own vector, copies of it included.
_NEAR = 20


class ChromaStore:
    """Chroma, embedded in a folder or a server at ``url``.

    The embedded one blocks and is called from worker threads; the server's is asynchronous.
    """

    def __init__(
        self,
        chroma: BlockingChroma | ServerChroma,
        folder_id: str,
        embedder: str,
        conditions: Conditions | None = None,
    ) -> None:
        self.conditions = conditions or Conditions()
        # How many vectors are written in one call; LITTLE_AT_ONCE where people wait for answers.
        self.at_once = _AT_ONCE
        self.chroma = chroma
        # Whether a collection was dropped, whose memory is still held.
        self.wants_tidying = False
        self._folder_id = folder_id
        self._embedder = embedder

    @classmethod
    def embedded(
        cls,
        folder: Path,
        folder_id: str,
        embedder: str,
        conditions: Conditions,
        *,
        apart: bool = False,
        first_seconds: float = _FIRST_SECONDS,
    ) -> ChromaStore:
        """``apart``: in a process of its own, that leaves Python's lock to this one, and survives
        what becomes of it. Nothing is opened before the first call, for which a
        question waits ``first_seconds``."""
        if not apart:
            return cls(EmbeddedChroma(folder), folder_id, embedder, conditions)

        def make() -> BlockingChroma:
            from retrieval.indexes.chroma_process import ChromaProcessClient

            return ChromaProcessClient(folder)

        chroma = BoundedChroma(
            make,
            _watch(conditions),
            lambda name: recorded_metadata(folder, name),
            first_seconds=first_seconds,
        )
        return cls(chroma, folder_id, embedder, conditions)

    @classmethod
    def server(cls, url: str, folder_id: str, embedder: str, conditions: Conditions) -> ChromaStore:
        """Raises ``SettingsError`` for what is no URL; connects with the first call."""
        return cls(ServerChroma(url, _watch(conditions)), folder_id, embedder, conditions)

    def index(self, corpus_id: int, generation: int) -> VectorIndex:
        name = f"newsdesk-{self._folder_id}-{corpus_id}-{generation}"
        return VectorIndex(self, name, self._embedder)

    async def names(self) -> list[str]:
        """The names of all collections, of whichever corpus."""
        names: list[str] = await self.call(self.chroma.names)
        return names

    async def generations(self, corpus_id: int, known: Sequence[str] | None = None) -> list[int]:
        """The generations of a corpus that have a collection, whole or half-built. ``known`` are the
        names of all collections, for who asks of many corpora."""
        prefix = f"newsdesk-{self._folder_id}-{corpus_id}-"
        if known is None:
            known = await self.names()
        names = {name for name in known if name.startswith(prefix)}
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
        self.wants_tidying = False
        await self.call(self.chroma.tidy)

    async def vectors_on_disk(self) -> dict[str, int]:
        """By collection, how many vectors it has on disk, deleted ones among them, where it is known."""
        found: dict[str, int] = await self.call(self.chroma.vectors_on_disk)
        return found

    @property
    def is_local(self) -> bool:
        return not isinstance(self.chroma, ServerChroma)

    async def heartbeat(self) -> None:
        await self.call(self.chroma.heartbeat)

    async def require_answer(self) -> None:
        """Raises ``StorageError`` if a server gives no answer in the time that a question has."""
        if isinstance(self.chroma, ServerChroma):
            await self.chroma.ask("heartbeat")

    async def reset(self) -> None:
        """Delete all vectors of an embedded Chroma, readable or not; of a server's none."""
        if not isinstance(self.chroma, ServerChroma):
            await self.call(self.chroma.reset)

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
        self._damage: Note | None = None

    @property
    def is_local(self) -> bool:
        """Whether ``query_here`` can be called."""
        return self._store.is_local

    async def query(self, vector: Vectors, limit: int, expected: int = 0) -> list[int]:
        """Ids of the nearest passages by cosine, best first.

        ``vector`` has shape ``(dimensions,)``; ``expected`` is how many passages have to be in the
        index at least. Waits no longer than a question may. Raises ``EmbedderMismatch``,
        ``IndexDamaged`` or ``StorageError``.
        """
        chroma = self._store.chroma
        if not isinstance(chroma, ServerChroma):
            return await asyncio.to_thread(self.query_here, vector, limit, expected)
        with self._remembering_damage():
            if self._metadata is None:
                self._metadata = await chroma.ask("metadata", self._name)
            if not self._is_searchable(vector, expected):
                return []
            if self._known_size < max(limit, expected):
                self._known_size = await chroma.ask("count", self._name)
            wanted = self._wanted(limit, expected)
            if not wanted:
                return []
            return self._whole(await chroma.ask("nearest", self._name, vector, wanted), wanted)

    def query_here(self, vector: Vectors, limit: int, expected: int = 0) -> list[int]:
        """The same in the calling thread, which it blocks."""
        with self._remembering_damage():
            if self._metadata is None:
                self._metadata = self._ask("metadata")
            if not self._is_searchable(vector, expected):
                return []
            if self._known_size < max(limit, expected):
                self._known_size = self._ask("count")
            wanted = self._wanted(limit, expected)
            return self._whole(self._ask("nearest", vector, wanted), wanted) if wanted else []

    @contextlib.contextmanager
    def _remembering_damage(self) -> Iterator[None]:
        """What the process of the index may not survive is asked for once. That entries are missing may
        only seem so to who began before some were removed: it is counted anew."""
        if self._damage is not None:
            raise IndexDamaged.of(self._damage)
        try:
            yield
        except IndexDamaged as error:
            if error.code == "vector-index-incomplete":
                self._known_size = 0
            else:
                self._damage = error.note
            raise

    def _is_searchable(self, vector: Vectors, expected: int) -> bool:
        if self._metadata is None:
            if expected:
                raise IndexDamaged("vector-index-missing")
            return False
        self._check_embedder()
        return bool(np.any(vector))

    def _wanted(self, limit: int, expected: int) -> int:
        if self._known_size < expected:
            raise IndexDamaged("vector-index-incomplete", held=self._known_size, wanted=expected)
        return min(limit, self._known_size)

    def _whole(self, found: list[int], wanted: int) -> list[int]:
        """Raises ``IndexDamaged`` if a graph lost its way: an approximate one finds nearly all."""
        if len(found) < wanted / 2:
            raise IndexDamaged("vector-index-incomplete", held=len(found), wanted=wanted)
        return found

    def _ask(self, call: str, *args: Any) -> Any:
        chroma = self._store.chroma
        if isinstance(chroma, BoundedChroma):
            return chroma.ask(call, self._name, *args)
        return getattr(chroma, call)(self._name, *args)

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

    async def vectors_of(self, passage_ids: Sequence[int]) -> dict[int, Vectors]:
        """By passage, the vectors of those that have one here, as they were written."""
        if not passage_ids or await self._opened() is None:
            return {}
        wanted = [str(each) for each in passage_ids]
        ids, vectors = await self._call(self._store.chroma.vectors_of, wanted)
        return dict(zip(ids, vectors, strict=True))

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

    async def is_bloated(self, vectors_on_disk: Mapping[str, int]) -> bool:
        """Whether so many of its vectors are deleted ones that it should be rebuilt, by what the
        collections have on disk."""
        on_disk = vectors_on_disk.get(self._name, 0)
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
        self._store.wants_tidying = True
        self._known_size = 0

    async def embedder(self) -> str | None:
        """The identity of the embedder that made the vectors; None if there are none."""
        metadata = await self._opened(check=False)
        return None if metadata is None else metadata.get("embedder")

    async def require_embedder(self) -> None:
        """Raises ``EmbedderMismatch`` if another embedder than ours made the vectors."""
        await self._opened()

    async def check_for_question(self) -> None:
        """The same as far as it can be told in the time that a question has; what else is wrong
        with the index, its search finds out."""
        chroma = self._store.chroma
        if self._metadata is None and self._damage is None:
            with contextlib.suppress(StorageError):
                if isinstance(chroma, ServerChroma):
                    self._metadata = await chroma.ask("metadata", self._name)
                else:
                    self._metadata = await asyncio.to_thread(self._ask, "metadata")
        if self._metadata is not None:
            self._check_embedder()

    async def check(self, sample: Sequence[tuple[int, Vectors]], expected: int) -> None:
        """Look for passages by their own vectors. Raises ``IndexDamaged`` if less than half of them
        are found, or if fewer than the ``expected`` are in it."""
        found = 0
        for passage_id, vector in sample:
            nearest = await self.query(vector, _NEAR, expected)
            found += passage_id in nearest or not np.any(vector)
        if found < len(sample) / 2:
            error = IndexDamaged("vector-index-incomplete", held=found, wanted=len(sample))
            self._damage = error.note
            raise error

    def forget(self) -> None:
        """Know nothing of the index any more: it was deleted under our hands."""
        self._metadata, self._known_size, self._damage = None, 0, None

    async def drop(self) -> None:
        await self._call(self._store.chroma.drop)
        self._store.wants_tidying = True
        self._metadata = None

    async def _opened(self, *, create: bool = False, check: bool = True) -> dict[str, Any] | None:
        """The metadata of the collection, once there is one."""
        if self._metadata is None:
            chroma = self._store.chroma
            if create:
                await self._call(chroma.create, {"embedder": self._embedder})
            self._metadata = await self._call(chroma.metadata)
        if check and self._metadata is not None:
            self._check_embedder()
        return self._metadata

    def _check_embedder(self) -> None:
        made_by = (self._metadata or {}).get("embedder")
        if made_by != self._embedder:
            raise EmbedderMismatch(
                "embedder-changed",
                made_by=str(made_by),
                wanted=self._embedder,
                setting=str(made_by).partition("/")[0],
            )

    async def _call(self, method: Callable[..., Any], *args: Any) -> Any:
        return await self._store.call(method, self._name, *args)


def _watch(conditions: Conditions) -> Callable[[Note | None], None]:
    def watch(why: Note | None) -> None:
        if why is None:
            conditions.end("vectors")
        else:
            conditions.begin("vectors", why)

    return watch
