"""The vectors of a small corpus, in a collection that it shares with others.

Chroma stores them and returns them by their ids; they are compared here. Asking a shared collection
for the nearest of one corpus takes five times as long, and a collection for each of a thousand
corpora takes more files, threads and memory than a process has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from retrieval.catalogue.snapshot import Ints
from retrieval.embedders import Vectors
from retrieval.errors import IndexDamaged
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.held_vectors import HeldVectors
from retrieval.indexes.steps import Steps

# Vectors that are fetched in one call: what a question can't wait for is fetched for the next one.
_FETCHED = 1_000
# The cosine of a vector with itself in half precision is larger.
_SAME = 0.99
# For how long passages without a vector aren't looked for again.
_AGAIN_SECONDS = 5.0


class SharedVectors:
    """The records of one corpus and one generation in a shared collection, by default that of the
    embedder in use.

    ``write``, ``remove`` and ``drop`` raise ``StorageError``, and so do the steps that the others
    return.
    """

    def __init__(
        self,
        store: ChromaStore,
        corpus_id: int,
        generation: int,
        name: str | None = None,
        made_by: str | None = None,
    ) -> None:
        self._store = store
        self._corpus_id = corpus_id
        self._generation = generation
        self._key = corpus_id, generation
        self.name = name or store.shared_name(corpus_id)
        self._made_by = made_by or store.embedder
        # Passages that have no vector, as far as is known, and until when that is believed.
        self._absent: Ints = np.zeros(0, dtype=np.int64)
        self._absent_until = 0.0
        # How many passages there are at most; counted before it matters.
        self.at_most = 10**9

    def forget(self) -> None:
        """Discard everything held and known of the vectors."""
        self.name = self._store.shared_name(self._corpus_id)
        self._store.there.discard(self.name)
        self._store.memory.forget(self._key)
        self._absent_until = 0.0
        self.at_most = 10**9

    def other_embedder(self) -> Steps[str | None]:
        """Go to the collection of another embedder if the vectors are there; return its identity,
        or None."""
        store = self._store
        if store.of_others is None:
            store.of_others = store.shared_by_others((yield "names", ()))
        for name in store.shared_names(self._corpus_id, store.of_others):
            if (metadata := (yield "metadata", (name,))) is not None:
                records = yield "records", (name, self._corpus_id)
                if self._mine(records):
                    self.name = name
                    return str(metadata.get("embedder"))
        return None

    def is_there(self) -> Steps[bool]:
        """Return whether the collection exists."""
        if self.name not in self._store.there:
            if (yield "metadata", (self.name,)) is None:
                return False
            self._store.there.add(self.name)
        return True

    def passage_ids(self) -> Steps[list[int]]:
        """Return the ids of the passages that have a vector."""
        if not (yield from self.is_there()):
            return []
        return self._mine((yield "records", (self.name, self._corpus_id)))

    def nearest(
        self, vector: Vectors, limit: int, expected: int, passages: Callable[[], Ints] | None
    ) -> Steps[list[int]]:
        """Return what ``VectorIndex.query`` does, exactly, of these ``passages`` or of all.

        Raises ``IndexDamaged`` if the collection is missing or holds fewer than ``expected``.
        """
        if not (yield from self.is_there()):
            if expected:
                raise IndexDamaged("vector-index-missing")
            return []
        if passages is None:
            wanted = np.array((yield from self.passage_ids()), dtype=np.int64)
        else:
            wanted = passages()
        held = self._store.memory.of(self._key)
        lacking = wanted[~held.has(wanted)]
        if len(lacking) and time.monotonic() < self._absent_until:
            lacking = np.setdiff1d(lacking, self._absent, assume_unique=True)
        asked_for = len(lacking)
        if len(lacking) > _FETCHED:  # most of them may have no vector yet
            there = np.array((yield from self.passage_ids()), dtype=np.int64)
            lacking = np.intersect1d(lacking, there, assume_unique=True)
        for batch in batches(len(lacking), _FETCHED):
            found = yield from self.fetched(lacking[batch].tolist())
            held = held.joined(*found)
            self._store.memory.hold(self._key, held)
        if asked_for:
            self._absent = wanted[~held.has(wanted)]
            self._absent_until = time.monotonic() + _AGAIN_SECONDS
        asked = held.only(wanted)
        if len(held.passage_ids) > 2 * len(
            asked.passage_ids
        ):  # including passages that left the index
            self._store.memory.hold(self._key, asked)
        expected = min(expected, len(wanted)) if passages is not None else expected
        if len(asked.passage_ids) < expected:
            self._absent_until = 0.0
            raise IndexDamaged(
                "vector-index-incomplete", held=len(asked.passage_ids), wanted=expected
            )
        return asked.nearest(vector, limit)

    @property
    def misses_some(self) -> bool:
        """Whether passages that were asked for have no vector, as far as is known."""
        return len(self._absent) > 0

    def found_of(self, sample: Sequence[tuple[int, Vectors]], expected: int) -> Steps[int]:
        """Return how many of ``sample`` have the vector that they should have.

        Raises ``IndexDamaged`` if fewer than ``expected`` passages have any.
        """
        if expected and not (yield from self.is_there()):
            raise IndexDamaged("vector-index-missing")
        held = len((yield from self.passage_ids()))
        if held < expected:
            raise IndexDamaged("vector-index-incomplete", held=held, wanted=expected)
        if not sample:
            return 0
        yield "probe", (self.name,)
        found = HeldVectors.none().joined(*(yield from self.fetched([each for each, _ in sample])))
        return sum(
            not np.any(vector)
            or bool((found.only(np.array([passage_id])).cosines(vector) > _SAME).any())
            for passage_id, vector in sample
        )

    def fetched(self, passage_ids: Sequence[int]) -> Steps[tuple[Ints, Vectors]]:
        """Return those of these passages that have a vector, with their vectors, of shape
        (passages, dimensions)."""
        records = [self._record(passage_id) for passage_id in passage_ids]
        found, vectors = yield "vectors_of", (self.name, records)
        return np.array(self._mine(found), dtype=np.int64), vectors

    async def write(self, passage_ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, of shape (passages, dimensions); a passage's earlier vector is replaced."""
        store, chroma = self._store, self._store.chroma
        if not passage_ids:
            return
        async with store.lock(self.name):
            metadata = {"embedder": self._made_by}
            await store.call(chroma.create, self.name, metadata, False)
            store.there.add(self.name)
            for batch in batches(len(passage_ids), store.at_once):
                records = [self._record(each) for each in passage_ids[batch]]
                await store.call(chroma.upsert, self.name, records, vectors[batch], self._corpus_id)
        self._absent_until = 0.0
        held = store.memory.of(self._key)
        replaced = held.has(np.array(passage_ids, dtype=np.int64))
        if replaced.any():
            store.memory.forget(self._key)

    async def remove(self, passage_ids: Sequence[int]) -> None:
        """Delete the vectors of passages; the collection has to exist."""
        await self._delete(self.name, [self._record(each) for each in passage_ids])

    async def drop(self) -> set[str]:
        """Delete all vectors of this generation, by whichever embedder; return the collections
        whose files still hold them.

        A collection that is empty then, or that can't be read, is dropped.
        """
        store, chroma, left = self._store, self._store.chroma, set()
        for name in store.shared_names(self._corpus_id, await store.names()):
            try:
                records = await store.call(chroma.records, name, self._corpus_id)
                mine = [self._record(each) for each in self._mine(records)]
                await self._delete(name, mine)
                async with store.lock(name):
                    if await store.call(chroma.count, name) == 0:
                        await store.call(chroma.drop, name)
                        store.know_gone(name)
                        store.wants_tidying = True
                    elif mine:
                        left.add(name)
            except IndexDamaged:
                if not await store.drop_damaged(name):
                    raise
        self.forget()
        return left

    async def _delete(self, name: str, records: Sequence[str]) -> None:
        store = self._store
        async with store.lock(name):
            for batch in batches(len(records), store.at_once):
                await store.call(store.chroma.delete, name, records[batch])

    def _record(self, passage_id: int) -> str:
        return f"{self._generation}:{passage_id}"

    def _mine(self, records: Sequence[str]) -> list[int]:
        """Return the passages of the records that belong to this generation."""
        mine = f"{self._generation}:"
        return [int(each.removeprefix(mine)) for each in records if each.startswith(mine)]


def batches(count: int, size: int) -> Iterator[slice]:
    """Return slices of at most ``size`` that together cover ``count`` things."""
    return (slice(first, first + size) for first in range(0, count, size))
