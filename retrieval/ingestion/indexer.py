"""Bringing articles into a corpus: accepted in the catalogue first, then indexed, then shown.

The order is what makes a crash harmless. An article is first kept (state ``accepted``, one
transaction), then its passages enter both indexes, then it is shown and its former version retired
(one transaction), then the former version leaves the indexes. Search shows nothing but what the
catalogue calls ``indexed``, every step can be done again, and start-up does just that.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue import (
    Acceptance,
    Catalogue,
    Corpus,
    KnownStoryMember,
    PendingVersion,
    StoryMember,
)
from retrieval.embedders import Embedder, Vectors, packed, unpacked
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.executors import INGESTING
from retrieval.search.candidates import CorpusIndexes
from retrieval.stories.clustering import (
    ClusterAssignment,
    ClusterDocument,
    Fingerprint,
    StoryClusterer,
    fingerprint,
    ordered,
)
from retrieval.stories.features import unpack_features
from retrieval.timestamps import Clock

Result = TypeVar("Result")
# What a sender of articles writes together with them: it is told what became of each.
Settle = Callable[[AsyncConnection, list[tuple[IngestItem, IngestResult]]], Awaitable[None]]

# Articles that are indexed together. Larger ones are faster, smaller ones report sooner.
_BATCH = 128


class Indexer:
    """Brings articles into one corpus. There is one for a corpus at any time (``Library.indexer``):
    several may hand in articles side by side, and what enters or leaves the indexes takes turns."""

    def __init__(
        self, catalogue: Catalogue, embedder: Embedder, indexes: CorpusIndexes, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._indexes = indexes
        self._clock = clock
        self._stories = StoryAssigner(catalogue, indexes.corpus)
        self._turn = asyncio.Lock()

    @property
    def corpus(self) -> Corpus:
        return self._indexes.corpus

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
        self, versions: Sequence[PendingVersion], *, placed: bool = False
    ) -> PreparedBatch:
        """Make the vectors of accepted versions, and what grouping knows them by unless they are
        ``placed``: have their place among the stories already."""
        texts = [
            f"{version.title}\n{version.text[start:end]}"
            for version in versions
            for _, start, end in version.passages
        ]
        unplaced = [] if placed else versions
        vectors, fingerprints = await asyncio.gather(
            self._embedder.embed(texts), INGESTING.run(lambda: [*map(_fingerprint, unplaced)])
        )
        known = {v.id: found for v, found in zip(unplaced, fingerprints, strict=True)}
        return PreparedBatch(versions, vectors, known)

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
            self._stories = StoryAssigner(self._catalogue, self._indexes.corpus)
            return await change()

    async def finish_pending(self) -> int:
        """Do what a crash left undone. Returns how many articles were finished."""
        accepted, retired = await self._catalogue.articles.unfinished(self._indexes.corpus)
        for first in range(0, len(accepted), _BATCH):
            await self.enter(accepted[first : first + _BATCH])
        # Finishing may have retired more, and has removed those itself.
        await self.leave(retired)
        return len(accepted)

    async def write_shown(self, version_ids: Sequence[int]) -> AsyncIterator[int]:
        """Enter versions that are shown already into fresh indexes. Yields how many are done."""
        for first in range(0, len(version_ids), _BATCH):
            batch = version_ids[first : first + _BATCH]
            versions = await self._catalogue.articles.load_versions(batch)
            await self._enter(await self.embed(versions, placed=True))
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
        if ids:
            outcomes = await asyncio.gather(
                self._indexes.vectors.write(ids, prepared.vectors),
                self._indexes.keywords.write(prepared.versions, ()),
                self._catalogue.articles.store_vectors(
                    self._indexes.corpus.generation, ids, packed(prepared.vectors)
                ),
                return_exceptions=True,
            )
            for error in filter(None, outcomes):
                raise error

    async def _remove(self, version_ids: Sequence[int]) -> None:
        leaving = await self._catalogue.articles.load_versions(version_ids)
        ids = [passage_id for version in leaving for passage_id, _, _ in version.passages]
        await self._indexes.vectors.remove(ids)
        await self._indexes.keywords.write((), version_ids)
        await self._catalogue.articles.mark_archived(version_ids)
        self._stories.forget(version_ids)


class StoryAssigner:
    """Gives the versions of one corpus their places among its stories, as they come in."""

    def __init__(self, catalogue: Catalogue, corpus: Corpus) -> None:
        self._catalogue = catalogue
        self._corpus = corpus
        self._stories: StoryClusterer | None = None
        self._placed: set[int] = set()
        self._pins: dict[str, int] = {}

    async def place(self, prepared: PreparedBatch) -> None:
        """Place those versions that have no place yet, and keep their places."""
        dimensions = prepared.vectors.shape[1] if prepared.vectors.size else 0
        if not dimensions:
            return
        if self._stories is None:
            known = await self._catalogue.stories.members(self._corpus)
            self._pins = await self._catalogue.stories.pins(self._corpus)
            self._stories = await INGESTING.run(self._loaded, known, dimensions)
        members = await INGESTING.run(self._place, self._stories, prepared)
        await self._catalogue.stories.place(self._corpus, members)

    def forget(self, version_ids: Sequence[int]) -> None:
        """These have no place any more; one that comes back is given a new one."""
        self._placed.difference_update(version_ids)

    def _loaded(self, known: Sequence[KnownStoryMember], dimensions: int) -> StoryClusterer:
        stories = StoryClusterer(dimensions)
        # A copy of what a moderator split off belongs to the story that the others are in: the
        # first article with its text decides.
        known = sorted(known, key=lambda entry: entry.member.story_id < 0)
        vectors = unpacked([entry.vector for entry in known], dimensions)
        for entry, vector in zip(known, vectors, strict=True):
            member = entry.member
            found = Fingerprint(
                np.frombuffer(member.sketch, dtype="<u4").astype(np.uint32),
                # Names are kept once, however many articles have them.
                {sys.intern(name): count for name, count in member.names.items()},
                unpack_features(member.traits),
            )
            marks = ClusterDocument(
                member.version_id, entry.content_hash, entry.visible_from, vector, found
            )
            stories.add(
                marks, ClusterAssignment(member.version_id, member.story_id, member.copy_id)
            )
            self._placed.add(member.version_id)
        return stories

    def _place(self, stories: StoryClusterer, prepared: PreparedBatch) -> list[StoryMember]:
        fresh = []
        pinned: dict[int, int | None] = {}
        first_row = 0
        for version in prepared.versions:
            if version.passages and version.id not in self._placed:
                # A view would keep the vectors of the whole batch.
                vector = prepared.vectors[first_row].copy()
                found = prepared.fingerprints.get(version.id) or _fingerprint(version)
                fresh.append(
                    ClusterDocument(
                        version.id, version.content_hash, version.visible_from, vector, found
                    )
                )
                self._placed.add(version.id)
                pinned[version.id] = self._pins.get(version.article_id)
            first_row += len(version.passages)
        placed = [
            (marks, stories.place(marks, pinned[marks.version_id])) for marks in ordered(fresh)
        ]
        return [
            StoryMember(
                place.version_id,
                place.story_id,
                place.copy_id,
                marks.sketch.astype("<u4").tobytes(),
                marks.names,
                marks.traits.packed(),
            )
            for marks, place in placed
        ]


def _fingerprint(version: PendingVersion) -> Fingerprint:
    return fingerprint(version.title, version.text, version.visible_from)


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


class PreparedBatch:
    """Versions and the vectors of their passages, in order; shape ``(passages, dimensions)``.
    ``fingerprints`` of those without a place among the stories, by version."""

    def __init__(
        self,
        versions: Sequence[PendingVersion],
        vectors: Vectors,
        fingerprints: Mapping[int, Fingerprint],
    ) -> None:
        self.versions = versions
        self.vectors = vectors
        self.fingerprints = fingerprints

    def only(self, version_ids: set[int]) -> PreparedBatch:
        """Those of its versions, with their rows."""
        if all(version.id in version_ids for version in self.versions):
            return self
        wanted = [v.id in version_ids for v in self.versions for _ in v.passages]
        kept = [version for version in self.versions if version.id in version_ids]
        return PreparedBatch(kept, self.vectors[np.array(wanted, dtype=bool)], self.fingerprints)
