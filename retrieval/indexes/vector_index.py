"""Vector search with Chroma by cosine distance; small corpora share collections, others have their
own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from retrieval.catalogue.snapshot import Ints
from retrieval.catalogue.vector_servers import SHARES
from retrieval.embedders import Vectors
from retrieval.errors import EmbedderMismatch, IndexDamaged, Note, StorageError
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.indexes.chroma_server import ServerChroma
from retrieval.indexes.chroma_store import GROWING, ChromaStore
from retrieval.indexes.shared_vectors import SharedVectors, batches
from retrieval.indexes.steps import Result, Steps, awaited, made_beside, made_here

_PAGE = 2_000
# A corpus of more passages gets a collection of its own, and keeps it until it is indexed anew.
_SHARES = SHARES
# Among how many nearest to its own vector a passage has to be, copies of it included.
_NEAR = 20
# Errors that may only be apparent while another process moves vectors: looked at again.
_ELSEWHERE = frozenset({"vector-index-missing", "vector-index-incomplete"})


class VectorIndex:
    """The vectors of one corpus and one generation, which are located at the first use; a corpus
    without vectors finds nothing.

    A small corpus shares a collection (`SharedVectors`). One that has grown is copied into a
    collection of its own, which gets its final name, and so comes into use, once it is complete.
    Coroutines raise ``StorageError``, and ``EmbedderMismatch`` where vectors are read or written.
    """

    def __init__(self, store: ChromaStore, corpus_id: int, generation: int) -> None:
        self._store = store
        self._corpus_id = corpus_id
        self._name = store.own_name(corpus_id, generation)
        self._shared = SharedVectors(store, corpus_id, generation)
        # Whether the vectors are located, the metadata of a collection of their own, and their
        # embedder; None: the one in use, if there are any.
        self._located = False
        self._metadata: dict[str, Any] | None = None
        self._made_by: str | None = None
        self._known_size = 0
        self._damage: Note | None = None

    @property
    def is_local(self) -> bool:
        """Whether ``query_here`` can be called."""
        return self._store.is_local

    @property
    def name(self) -> str:
        """The name of the corpus's own collection in Chroma, whether it exists or not."""
        return self._name

    @property
    def shared_name(self) -> str:
        """The name of the shared collection that the vectors are in while they are few."""
        return self._shared.name

    # Asking

    async def query(
        self,
        vector: Vectors,
        limit: int,
        expected: int = 0,
        passages: Callable[[], Ints] | None = None,
    ) -> list[int]:
        """Return the ids of the nearest passages by cosine, best first.

        ``vector`` has shape (dimensions,); at least ``expected`` passages have to be in the index;
        ``passages`` returns those that count where vectors are compared one by one. Waits no longer
        than a question may. Raises ``EmbedderMismatch``, ``IndexDamaged`` or ``StorageError``.
        """
        with self._remembering_damage():
            return await self._asked(self._nearest(vector, limit, expected, passages))

    def query_here(
        self,
        vector: Vectors,
        limit: int,
        expected: int = 0,
        passages: Callable[[], Ints] | None = None,
    ) -> list[int]:
        """Do as ``query``, blocking the calling thread."""
        with self._remembering_damage():
            return self._asked_here(self._nearest(vector, limit, expected, passages))

    async def check_for_question(self) -> None:
        """Raise ``EmbedderMismatch`` as far as that can be told in the time that a question has;
        other faults are left to the search."""
        if not self._located and self._damage is None:
            with contextlib.suppress(StorageError):
                await self._asked(self._locate())
        if self._located:
            self._check_embedder()

    async def check(self, sample: Sequence[tuple[int, Vectors]], expected: int) -> None:
        """Look for passages by their own vectors.

        Raises ``IndexDamaged`` if less than half of them are found, or if fewer than ``expected``
        passages have a vector.
        """
        with self._remembering_damage():
            found = await self._asked(self._found_of(sample, expected))
        if found < len(sample) / 2:
            error = IndexDamaged("vector-index-incomplete", held=found, wanted=len(sample))
            self._damage = error.note
            raise error

    @contextlib.contextmanager
    def _remembering_damage(self) -> Iterator[None]:
        """Raise remembered damage at once: the process of the index may not survive being asked
        again."""
        if self._damage is not None:
            raise IndexDamaged.of(self._damage)
        try:
            yield
        except IndexDamaged as error:
            if error.code in _ELSEWHERE:
                self._look_anew()
            else:
                self._damage = error.note
            raise

    def _nearest(
        self, vector: Vectors, limit: int, expected: int, passages: Callable[[], Ints] | None
    ) -> Steps[list[int]]:
        known = self._located
        try:
            found = yield from self._nearest_there(vector, limit, expected, passages)
        except IndexDamaged as error:
            # Another process may have moved the vectors, or rebuilt their collection.
            if error.code not in _ELSEWHERE or not known:
                raise
        else:
            if not (known and self._metadata is None and self._shared.misses_some):
                return found
            if (yield "metadata", (self._name,)) is None:
                return found
        self._look_anew()
        return (yield from self._nearest_there(vector, limit, expected, passages))

    def _nearest_there(
        self, vector: Vectors, limit: int, expected: int, passages: Callable[[], Ints] | None
    ) -> Steps[list[int]]:
        yield from self._locate()
        self._check_embedder()
        if not np.any(vector):
            return []
        if self._metadata is None:
            return (yield from self._shared.nearest(vector, limit, expected, passages))
        if self._known_size < max(limit, expected):
            self._known_size = yield "count", (self._name,)
        if self._known_size < expected:
            raise IndexDamaged("vector-index-incomplete", held=self._known_size, wanted=expected)
        wanted = min(limit, self._known_size)
        if not wanted:
            return []
        found: list[int] = yield "nearest", (self._name, vector, wanted)
        # An approximate search finds nearly all; one that finds few has a broken graph.
        if len(found) < wanted / 2:
            raise IndexDamaged("vector-index-incomplete", held=len(found), wanted=wanted)
        return found

    def _found_of(self, sample: Sequence[tuple[int, Vectors]], expected: int) -> Steps[int]:
        yield from self._locate(again=True)
        if self._metadata is None:
            self._check_embedder()
            return (yield from self._shared.found_of(sample, expected))
        found = 0
        for passage_id, vector in sample:
            nearest = yield from self._nearest(vector, _NEAR, expected, None)
            found += passage_id in nearest or not np.any(vector)
        return found

    # Writing

    async def write(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, of shape (passages, dimensions); a passage's earlier vector is replaced."""
        await self.require_embedder()
        if self._metadata is None and await self._outgrows(passage_ids):
            await self._grow()
        if self._metadata is None:
            await self._shared.write(passage_ids, vectors)
            return
        for batch in batches(len(passage_ids), self._store.at_once):
            await self._call("upsert", passage_ids[batch], vectors[batch])
        self._known_size = 0

    async def remove(self, passage_ids: Sequence[int]) -> None:
        """Delete the vectors of passages, if they have any."""
        await self.require_embedder()
        if self._metadata is None:
            if await self._made(self._shared.is_there()):
                await self._shared.remove(passage_ids)
            return
        for batch in batches(len(passage_ids), self._store.at_once):
            await self._call("delete", passage_ids[batch])
        self._known_size = 0

    async def drop(self) -> set[str]:
        """Delete the vectors wherever they are; return the shared collections whose files still
        hold them until they are rebuilt."""
        store = self._store
        if await store.call(store.chroma.metadata, self._name) is not None:
            await self._call("drop")
            store.wants_tidying = True
        left = await self._shared.drop()
        self.forget()
        return left

    async def drop_copies(self) -> None:
        """Delete what is left in a shared collection if the corpus has one of its own."""
        await self._made(self._locate())
        if self._metadata is not None:
            await self._shared.drop()

    async def rebuild(self) -> None:
        """Rewrite the corpus's own collection without what was deleted from it.

        Nothing may be written meanwhile; questions are answered. A crash leaves either the old one
        or the complete new one.
        """
        await self._store.rebuild(self._name)
        self._known_size = 0

    async def _outgrows(self, passage_ids: Sequence[int]) -> bool:
        """Return whether there will be too many passages for a shared collection."""
        most = self._shared.at_most + len(passage_ids)
        if most > _SHARES:
            held = await self._made(self._shared.passage_ids())
            most = len({*held, *passage_ids})
        self._shared.at_most = most
        return most > _SHARES

    async def _grow(self) -> None:
        """Move from a shared collection into one of its own. A crash leaves one of them in use, and
        what is left over is deleted at the next start."""
        store, growing = self._store, self._name + GROWING
        async with store.unsettled(self._corpus_id):
            with store.making(growing):
                await store.call(store.chroma.drop, growing)
                await store.call(store.chroma.create, growing, {"embedder": store.embedder})
                moving = sorted(await self._made(self._shared.passage_ids()))
                for batch in batches(len(moving), store.at_once):
                    ids, vectors = await self._made(self._shared.fetched(moving[batch]))
                    if len(ids) < len(moving[batch]):
                        raise IndexDamaged(
                            "vector-index-incomplete", held=len(ids), wanted=len(moving[batch])
                        )
                    await store.call(store.chroma.upsert, growing, ids.tolist(), vectors)
                await self._call("replace", growing)
            self._look_anew()
            await self._made(self._locate())
            await self._shared.drop()

    # Looking after

    async def passage_ids(self) -> list[int]:
        """Return the ids of the passages that have a vector, in no particular order."""
        await self._made(self._locate(again=True))
        if self._metadata is None:
            return await self._made(self._shared.passage_ids())
        found: list[int] = []
        while True:
            page = await self._call("page", _PAGE, len(found))
            found += page
            if len(page) < _PAGE:
                return found

    async def vectors_of(self, passage_ids: Sequence[int]) -> dict[int, Vectors]:
        """Return, by passage, the vectors, of shape (dimensions,), of those passages that have
        one."""
        await self.require_embedder()
        if not passage_ids:
            return {}
        if self._metadata is None:
            if not await self._made(self._shared.is_there()):
                return {}
            ids, vectors = await self._made(self._shared.fetched(passage_ids))
            return dict(zip(ids.tolist(), vectors, strict=True))
        found, vectors = await self._call("vectors_of", [str(each) for each in passage_ids])
        return dict(zip(map(int, found), vectors, strict=True))

    async def count(self) -> int:
        """Return how many passages have a vector."""
        await self._made(self._locate(again=True))
        if self._metadata is None:
            return len(await self._made(self._shared.passage_ids()))
        return int(await self._call("count"))

    async def is_bloated(self, vectors_on_disk: Mapping[str, int]) -> bool:
        """Return whether the corpus's own collection holds so many deleted vectors that it should
        be rebuilt.

        ``vectors_on_disk`` has how many vectors each collection has on disk, by its name.
        """
        return await self._store.is_bloated(self._name, vectors_on_disk.get(self._name, 0))

    async def embedder(self) -> str | None:
        """Return the identity of the embedder that made the vectors; None if there are none."""
        await self._made(self._locate())
        if self._metadata is None and self._made_by is None:
            return self._store.embedder if await self.count() else None
        return self._made_by

    async def require_embedder(self) -> None:
        """Raise ``EmbedderMismatch`` if another embedder than the one in use made the vectors."""
        await self._made(self._locate())
        self._check_embedder()

    def forget(self) -> None:
        """Discard everything known of the index, because it was deleted from outside."""
        self._look_anew()
        self._damage = None

    def _look_anew(self) -> None:
        """Forget where the vectors are, so that they are located again."""
        self._located, self._metadata, self._made_by, self._known_size = False, None, None, 0
        self._shared.forget()

    def _locate(self, *, again: bool = False) -> Steps[None]:
        """Find out where the vectors are; ``again`` even if they were shared: another process may
        have moved them into a collection of their own."""
        if self._located and not (again and self._metadata is None):
            return
        self._metadata = yield "metadata", (self._name,)
        if self._metadata is not None:
            self._made_by = str(self._metadata.get("embedder"))
        else:
            self._made_by = yield from self._shared.other_embedder()
        self._located = True

    def _check_embedder(self) -> None:
        made_by = self._made_by
        if made_by not in (None, self._store.embedder):
            raise EmbedderMismatch(
                "embedder-changed",
                made_by=str(made_by),
                wanted=self._store.embedder,
                setting=str(made_by).partition("/")[0],
            )

    # How steps are made

    def _asked_here(self, steps: Steps[Result]) -> Result:
        """Carry out the steps in this thread, in the time that a question has."""
        chroma = self._store.chroma

        def ask(call: str, *args: Any) -> Any:
            if isinstance(chroma, BoundedChroma):
                return chroma.ask(call, *args)
            return getattr(chroma, call)(*args)

        return made_here(steps, ask)

    async def _asked(self, steps: Steps[Result]) -> Result:
        """Carry out the steps in the time that a question has."""
        chroma = self._store.chroma
        if isinstance(chroma, ServerChroma):
            return await made_beside(steps, chroma.ask)
        return await asyncio.to_thread(self._asked_here, steps)

    async def _made(self, steps: Steps[Result]) -> Result:
        """Carry out the steps, however long it takes."""
        store = self._store
        return await awaited(
            steps, lambda call, *args: store.call(getattr(store.chroma, call), *args)
        )

    async def _call(self, call: str, *args: Any) -> Any:
        return await self._store.call(getattr(self._store.chroma, call), self._name, *args)
