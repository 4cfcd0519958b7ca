"""Add articles to a corpus: first accept them in the catalogue, then index them, then show them.

This order makes a crash harmless. An article is first stored (state ``accepted``, one transaction);
then its passages are added to both indexes; then it is shown and its earlier version retired (one
transaction); then the earlier version is removed from the indexes. Search shows only what the
catalogue calls ``indexed``. Every step can be repeated, and startup does so.

With a slow embedder (``deferred``), an article is shown as soon as it can be found by its words;
`make_vectors` follows. The catalogue records which passages have a vector.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from weakref import WeakSet

import numpy as np

from retrieval.catalogue import Catalogue, Corpus, PendingVersion
from retrieval.embedders import Embedder, Vectors, packed, unpacked
from retrieval.indexes.shared_vectors import SharedVectors
from retrieval.ingestion.accepted_batch import AcceptedBatch, Settle, accept_batch
from retrieval.ingestion.story_assigner import (
    PreparedBatch,
    StoryAssigner,
    are_own,
    fingerprint_of,
    lead_vectors,
    passage_texts,
)
from retrieval.models import IngestItem
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.runtime.index_lock import IndexLock
from retrieval.search.candidates import CorpusIndexes
from retrieval.stories.clustering import Fingerprint
from retrieval.timestamps import Clock

Result = TypeVar("Result")
# By passage, the vectors of those of these that there are.
ExactVectors = Callable[[Sequence[int]], Awaitable[Mapping[int, Vectors]]]

# Articles that are indexed together. Larger ones are faster, smaller ones report sooner.
_BATCH = 128
# Passages whose vectors are made between two writes, where they follow later.
_PASSAGES = 64
# Vectors that are taken over at a time.
_ADOPTED = 2_000


class Indexer:
    """Adds articles to one corpus. Each corpus has one at a time (``Library.indexer``).

    Several callers may add articles concurrently; changes to the indexes take turns.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        embedder: Embedder,
        indexes: CorpusIndexes,
        clock: Clock,
        index_lock: IndexLock,
        *,
        backlog: asyncio.Event | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._indexes = indexes
        self._clock = clock
        # A backup waits for what is being written, and what is written for a backup.
        self._index_lock = index_lock
        # Set when there are vectors to be made.
        self._backlog = backlog or asyncio.Event()
        self._stories = StoryAssigner(catalogue, indexes.corpus, embedder.identity)
        self._turn = asyncio.Lock()
        # What callers of this process have accepted and not let go of yet.
        self._under_way: WeakSet[AcceptedBatch] = WeakSet()

    @property
    def corpus(self) -> Corpus:
        """Return the corpus that this indexer writes to."""
        return self._indexes.corpus

    @property
    def makes_vectors_later(self) -> bool:
        """Return whether `make_vectors` must be called after adding articles."""
        return self._embedder.deferred

    async def accept(
        self,
        batch: Sequence[IngestItem],
        *,
        actor: str,
        origin: str | None = None,
        settle: Settle | None = None,
    ) -> AcceptedBatch:
        """Store the articles of ``batch``, so that they survive a crash.

        ``settle`` receives the outcome of each item, including rejections, and writes in the same
        transaction.
        """
        accepted = await accept_batch(
            self._catalogue,
            self._indexes.corpus,
            batch,
            actor=actor,
            origin=origin,
            now=self._clock(),
            settle=settle,
        )
        self._under_way.add(accepted)
        return accepted

    async def load(self, accepted: AcceptedBatch) -> list[PendingVersion]:
        """Return the accepted versions as they are stored."""
        return await self._catalogue.articles.load_versions(accepted.version_ids)

    async def embed(
        self, versions: Sequence[PendingVersion], *, placed: bool = False, vectors: bool = True
    ) -> PreparedBatch:
        """Compute the vectors of accepted versions, unless they follow later, and the features for
        grouping stories unless the versions are ``placed``, that is, already belong to a story."""
        unplaced = [] if placed else [version for version in versions if version.passages]
        own = are_own(self._embedder.identity)

        def known() -> tuple[list[Fingerprint], Vectors | None]:
            return [*map(fingerprint_of, giving_way(unplaced))], None if own else lead_vectors(
                unplaced
            )

        async def made() -> Vectors | None:
            if self._embedder.deferred or not vectors:
                return None
            return await self._embedder.embed([t for v in versions for t in passage_texts(v)])

        made_vectors, (fingerprints, leads) = await asyncio.gather(made(), INGESTING.run(known))
        if own and made_vectors is not None:
            sizes = [len(version.passages) for version in versions]
            starts = np.cumsum(sizes) - sizes
            rows = [start for start, size in zip(starts, sizes, strict=True) if size]
            # A copy: a view would keep the vectors of the whole batch.
            leads = None if placed else made_vectors[rows].copy()
        ids = [version.id for version in unplaced]
        return PreparedBatch(
            versions,
            made_vectors,
            dict(zip(ids, fingerprints, strict=True)),
            dict(zip(ids, leads, strict=True)) if leads is not None else {},
        )

    async def finish(self, prepared: PreparedBatch) -> None:
        """Index prepared versions, show them and remove the versions that they replace."""
        if not prepared.versions:
            return
        async with self._turn:
            ids = [version.id for version in prepared.versions]
            prepared = prepared.only(await self._catalogue.articles.still_accepted(ids))
            await self._enter(prepared)
            retired = await self._catalogue.articles.mark_indexed(
                [version.id for version in prepared.versions]
            )
            if retired:
                await self._remove(retired)
        if prepared.vectors is None:
            self._backlog.set()

    async def make_vectors(self) -> AsyncGenerator[int]:
        """Compute the missing vectors of visible passages, newest first. Yield how many have been
        stored so far.

        If interrupted, the next call continues. Raise ``EmbedderError``, and ``EmbedderMismatch``
        if the corpus's other vectors are by another embedder.
        """
        await self._indexes.vectors.require_embedder()
        done = 0
        while lacking := await self._catalogue.vectors.lacking(self.corpus, _PASSAGES):
            ids = [passage_id for passage_id, _ in lacking]
            made = await self._embedder.embed([text for _, text in lacking])
            async with self._turn:
                # What left the indexes meanwhile must not come back.
                shown = await self._catalogue.vectors.still_shown(ids)
                rows = [row for row, passage_id in enumerate(ids) if passage_id in shown]
                kept = [ids[row] for row in rows]
                if kept:
                    await self._write_vectors(kept, made[rows], packed(made[rows]))
            done += len(rows)
            yield done

    async def adopt_vectors(self, generation: int) -> None:
        """Copy the vectors of another generation of the indexes, made by the same embedder."""
        while found := await self._catalogue.vectors.of_generation(
            self.corpus, generation, _ADOPTED
        ):
            ids, kept = [passage_id for passage_id, _ in found], [vector for _, vector in found]
            vectors = unpacked(kept, len(kept[0]) // 2)
            async with self._turn:
                await self._write_vectors(ids, vectors, kept)

    async def enter_kept_vectors(
        self, exact: ExactVectors | None = None, *, into: SharedVectors | None = None
    ) -> None:
        """Write the vectors of visible passages into a new index, or ``into`` a shared collection:
        those that ``exact`` finds, otherwise those that the catalogue stores in half precision."""
        target = self._indexes.vectors if into is None else into
        last = -1
        while found := await self._catalogue.vectors.held(self.corpus, last, _ADOPTED):
            ids, kept = [passage_id for passage_id, _ in found], [vector for _, vector in found]
            vectors = unpacked(kept, len(kept[0]) // 2)
            rows = {passage_id: row for row, passage_id in enumerate(ids)}
            known = await exact(ids) if exact is not None else {}
            for passage_id, vector in known.items():
                vectors[rows[passage_id]] = vector
            async with self._turn, self._index_lock.writing():
                await target.write(ids, vectors)
            last = ids[-1]

    async def rebuild_vectors(self) -> None:
        """Rewrite the vector index without the deleted vectors. New articles wait meanwhile."""
        async with self._turn, self._index_lock.writing():
            await self._indexes.vectors.rebuild()

    async def enter(self, version_ids: Sequence[int]) -> None:
        """Index and show accepted versions."""
        await self.finish(
            await self.embed(await self._catalogue.articles.load_versions(version_ids))
        )

    async def leave(self, version_ids: Sequence[int]) -> None:
        """Remove retired versions from both indexes."""
        if version_ids:
            async with self._turn:
                await self._remove(version_ids)

    async def regroup(self, change: Callable[[], Awaitable[Result]]) -> Result:
        """Run ``change``, which rewrites stories in the catalogue, while no article is added to a
        story."""
        async with self._turn:
            self._stories = StoryAssigner(self._catalogue, self.corpus, self._embedder.identity)
            return await change()

    @contextlib.asynccontextmanager
    async def replaced_by(self, other: Indexer) -> AsyncIterator[None]:
        """Block changes to the indexes while ``other`` fills their replacements, which take effect
        at the end of the block. Anyone who still holds this indexer then writes to the
        replacements."""
        async with self._turn:
            yield
            self._indexes = other._indexes
            self._stories, other._turn = other._stories, self._turn

    async def finish_accepted(self) -> int:
        """Index and show some of the versions that other processes accepted. Return how many."""
        mine = {each for batch in self._under_way for each in batch.version_ids}
        ids = await self._catalogue.articles.accepted(self.corpus, _BATCH, but=mine)
        if ids:
            await self.enter(ids)
        return len(ids)

    async def finish_pending(self) -> int:
        """Finish what a crash interrupted. Return the number of articles finished."""
        accepted, retired = await self._catalogue.articles.unfinished(self._indexes.corpus)
        for first in range(0, len(accepted), _BATCH):
            await self.enter(accepted[first : first + _BATCH])
        # Finishing may have retired more, and has removed those itself.
        await self.leave(retired)
        return len(accepted)

    async def write_shown(
        self, version_ids: Sequence[int], *, vectors: bool = True
    ) -> AsyncIterator[int]:
        """Write versions that are already visible into new indexes, with or without their
        ``vectors``. Yield how many are done."""
        for first in range(0, len(version_ids), _BATCH):
            batch = version_ids[first : first + _BATCH]
            versions = await self._catalogue.articles.load_versions(batch)
            await self._enter(await self.embed(versions, placed=True, vectors=vectors))
            yield first + len(batch)

    async def _enter(self, prepared: PreparedBatch) -> None:
        """Bring versions into the indexes and among the stories, side by side; the one needs
        processors most, the other the disk. Waits for both even if one fails."""
        outcomes = await asyncio.gather(
            self._write(prepared), self._stories.place(prepared), return_exceptions=True
        )
        for error in filter(None, outcomes):
            raise error

    async def _write(self, prepared: PreparedBatch) -> None:
        ids = [passage_id for version in prepared.versions for passage_id, _, _ in version.passages]
        if not ids:
            return
        vectors = prepared.vectors
        if vectors is None:  # they follow; whether they may is seen now
            ids, vectors = [], np.zeros((0, 0), dtype=np.float32)
        async with self._index_lock.writing():
            outcomes = await asyncio.gather(
                self._indexes.vectors.write(ids, vectors),
                self._indexes.keywords.write(prepared.versions, ()),
                self._catalogue.vectors.store(self.corpus.generation, ids, packed(vectors)),
                return_exceptions=True,
            )
        for error in filter(None, outcomes):
            raise error

    async def _write_vectors(
        self, ids: Sequence[int], vectors: Vectors, kept: Sequence[bytes]
    ) -> None:
        """Write vectors, the catalogue's last: those that it knows of are in the index for sure."""
        async with self._index_lock.writing():
            await self._indexes.vectors.write(ids, vectors)
            await self._catalogue.vectors.store(self.corpus.generation, ids, kept)

    async def _remove(self, version_ids: Sequence[int]) -> None:
        leaving = await self._catalogue.articles.load_versions(version_ids)
        ids = [passage_id for version in leaving for passage_id, _, _ in version.passages]
        async with self._index_lock.writing():
            await self._indexes.vectors.remove(ids)
            await self._indexes.keywords.write((), version_ids)
        await self._catalogue.articles.mark_archived(version_ids)
        self._stories.forget(version_ids)
