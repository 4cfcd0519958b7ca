"""Bringing articles into a corpus: accepted in the catalogue first, then indexed, then shown.

The order is what makes a crash harmless. An article is first kept (state ``accepted``, one
transaction), then its passages enter both indexes, then it is shown and its former version retired
(one transaction), then the former version leaves the indexes. Search shows nothing but what the
catalogue calls ``indexed``, every step can be done again, and start-up does just that.

Where an embedder takes long (``deferred``), articles are shown as soon as they can be found by their
words; `make_vectors` follows. Which passages have a vector, the catalogue knows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue import Acceptance, Catalogue, Corpus, PendingVersion
from retrieval.embedders import Embedder, Vectors, packed, unpacked
from retrieval.ingestion.story_assigner import (
    PreparedBatch,
    StoryAssigner,
    are_own,
    fingerprint_of,
    lead_vectors,
    passage_texts,
)
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.runtime.index_lock import IndexLock
from retrieval.search.candidates import CorpusIndexes
from retrieval.stories.clustering import Fingerprint
from retrieval.timestamps import Clock

Result = TypeVar("Result")
# What a sender of articles writes together with them: it is told what became of each.
Settle = Callable[[AsyncConnection, list[tuple[IngestItem, IngestResult]]], Awaitable[None]]
# By passage, the vectors of those of these that there are.
ExactVectors = Callable[[Sequence[int]], Awaitable[Mapping[int, Vectors]]]

# Articles that are indexed together. Larger ones are faster, smaller ones report sooner.
_BATCH = 128
# Passages whose vectors are made between two writes, where they follow later.
_PASSAGES = 64
# Vectors that are taken over at a time.
_ADOPTED = 2_000


class Indexer:
    """Brings articles into one corpus. There is one for a corpus at any time (``Library.indexer``):
    several may hand in articles side by side, and what enters or leaves the indexes takes turns."""

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

    @property
    def corpus(self) -> Corpus:
        return self._indexes.corpus

    @property
    def makes_vectors_later(self) -> bool:
        """Whether `make_vectors` is to be called after articles came in."""
        return self._embedder.deferred

    async def accept(
        self,
        batch: Sequence[IngestItem],
        *,
        actor: str,
        origin: str | None = None,
        settle: Settle | None = None,
    ) -> AcceptedBatch:
        """Keep what ``batch`` holds: from here on it survives a crash.

        ``settle`` is told the outcome of each of the batch, rejections among them, and what it
        writes is kept in the same transaction.
        """
        incoming = [item for item in batch if item.article is not None]
        if not incoming and settle is None:
            return AcceptedBatch(batch, [])

        async def settled(connection: AsyncConnection, done: list[Acceptance]) -> None:
            if settle is not None:
                await settle(connection, AcceptedBatch(batch, done).outcomes())

        acceptances = await self._catalogue.articles.accept(
            self._indexes.corpus,
            incoming,
            actor=actor,
            now=self._clock(),
            origin=origin,
            alongside=settled,
        )
        return AcceptedBatch(batch, acceptances)

    async def load(self, accepted: AcceptedBatch) -> list[PendingVersion]:
        """What was accepted, as it is kept."""
        return await self._catalogue.articles.load_versions(accepted.version_ids)

    async def embed(
        self, versions: Sequence[PendingVersion], *, placed: bool = False, vectors: bool = True
    ) -> PreparedBatch:
        """Make the vectors of accepted versions, unless they follow later, and what grouping knows
        the versions by unless they are ``placed``: have their place among the stories already."""
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
        """Index what was prepared, show it and remove what it replaces."""
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
        """Make the vectors that passages lack which are shown, the newest first. Yields how many are
        made so far; each time they are durable. Ended or killed early, it goes on the next time.

        Raises ``EmbedderError``, and ``EmbedderMismatch`` if others are by another embedder.
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
        """Take over the vectors of another generation of the indexes, made by the same embedder."""
        while found := await self._catalogue.vectors.of_generation(
            self.corpus, generation, _ADOPTED
        ):
            ids, kept = [passage_id for passage_id, _ in found], [vector for _, vector in found]
            vectors = unpacked(kept, len(kept[0]) // 2)
            async with self._turn:
                await self._write_vectors(ids, vectors, kept)

    async def enter_kept_vectors(self, exact: ExactVectors) -> None:
        """Write the vectors of shown passages into a fresh index: those that ``exact`` finds, and of
        the others those that the catalogue keeps in half precision."""
        last = -1
        while found := await self._catalogue.vectors.held(self.corpus, last, _ADOPTED):
            ids, kept = [passage_id for passage_id, _ in found], [vector for _, vector in found]
            vectors = unpacked(kept, len(kept[0]) // 2)
            rows = {passage_id: row for row, passage_id in enumerate(ids)}
            for passage_id, vector in (await exact(ids)).items():
                vectors[rows[passage_id]] = vector
            async with self._turn, self._index_lock.writing():
                await self._indexes.vectors.write(ids, vectors)
            last = ids[-1]

    async def rebuild_vectors(self) -> None:
        """Write the vectors anew, without the deleted ones; what comes in waits meanwhile."""
        async with self._turn, self._index_lock.writing():
            await self._indexes.vectors.rebuild()

    async def enter(self, version_ids: Sequence[int]) -> None:
        """Index and show accepted versions."""
        await self.finish(
            await self.embed(await self._catalogue.articles.load_versions(version_ids))
        )

    async def leave(self, version_ids: Sequence[int]) -> None:
        """Take retired versions out of both indexes."""
        if version_ids:
            async with self._turn:
                await self._remove(version_ids)

    async def regroup(self, change: Callable[[], Awaitable[Result]]) -> Result:
        """Let ``change`` rewrite the stories in the catalogue while nothing is placed."""
        async with self._turn:
            self._stories = StoryAssigner(self._catalogue, self.corpus, self._embedder.identity)
            return await change()

    @contextlib.asynccontextmanager
    async def replaced_by(self, other: Indexer) -> AsyncIterator[None]:
        """Let nothing enter or leave the indexes while ``other`` fills those that replace them at the
        end of the block; whoever still holds this one writes into them from then on."""
        async with self._turn:
            yield
            self._indexes = other._indexes
            self._stories, other._turn = other._stories, self._turn

    async def finish_pending(self) -> int:
        """Do what a crash left undone. Returns how many articles were finished."""
        accepted, retired = await self._catalogue.articles.unfinished(self._indexes.corpus)
        for first in range(0, len(accepted), _BATCH):
            await self.enter(accepted[first : first + _BATCH])
        # Finishing may have retired more, and has removed those itself.
        await self.leave(retired)
        return len(accepted)

    async def write_shown(
        self, version_ids: Sequence[int], *, vectors: bool = True
    ) -> AsyncIterator[int]:
        """Enter versions that are shown already into fresh indexes; without ``vectors`` these follow.
        Yields how many are done."""
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


class AcceptedBatch:
    """A batch that the catalogue has taken in."""

    def __init__(self, batch: Sequence[IngestItem], acceptances: Sequence[Acceptance]) -> None:
        self._batch = batch
        self._acceptances = acceptances

    @property
    def version_ids(self) -> list[int]:
        return [a.version_id for a in self._acceptances if a.version_id is not None]

    def outcomes(self) -> list[tuple[IngestItem, IngestResult]]:
        return list(zip(self._batch, self.results(), strict=True))

    def results(self) -> list[IngestResult]:
        """One result for each of the batch, in its order, rejections among them."""
        acceptances = iter(self._acceptances)
        results = []
        for item in self._batch:
            if item.article is None:
                results.append(
                    IngestResult(item.label, "rejected", None, item.url, item.title, item.reason)
                )
            else:
                done = next(acceptances)
                results.append(
                    IngestResult(
                        item.label,
                        done.status,
                        done.article_id,
                        item.article.url,
                        item.article.title,
                        done.reason,
                    )
                )
        return results
