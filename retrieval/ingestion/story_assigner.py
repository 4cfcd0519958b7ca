"""Assign versions to stories as they come in."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.catalogue import Catalogue, Corpus, KnownStoryMember, PendingVersion, StoryMember
from retrieval.embedders import Vectors, unpacked
from retrieval.embedders.wordllama import WordLlamaEmbedder, sentence_vectors
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.stories.clustering import (
    ClusterAssignment,
    ClusterDocument,
    Fingerprint,
    StoryClusterer,
    fingerprint,
    ordered,
)
from retrieval.stories.features import unpack_features

# Versions whose vectors are recomputed at a time.
_AT_ONCE = 256
# After so many versions, and so large a share of all, have left, the rest are read anew.
_MANY_GONE, _SHARE_GONE = 500, 0.25


def fingerprint_of(version: PendingVersion) -> Fingerprint:
    """Return the fingerprint of a version's title and text."""
    return fingerprint(version.title, version.text, version.visible_from)


def passage_texts(version: PendingVersion) -> list[str]:
    """Return the text to embed for each passage of a version: the title, a line break and the
    passage."""
    return [f"{version.title}\n{version.text[start:end]}" for _, start, end in version.passages]


def lead_vectors(versions: Sequence[PendingVersion]) -> Vectors:
    """Return the vectors by which versions are clustered: those of their first passages, shape
    ``(versions, 256)``. Blocks. Raises ``EmbedderError``.

    The thresholds between stories were learned on wordllama's vectors, so these are used whatever
    embedder a corpus is searched with.
    """
    return sentence_vectors([texts[0] if (texts := passage_texts(v)) else "" for v in versions])


def are_own(embedder: str) -> bool:
    """Return whether the vectors of this embedder are those by which versions are clustered."""
    return embedder == WordLlamaEmbedder.identity


class PreparedBatch:
    """Versions and the vectors of their passages, in order: shape ``(passages, dimensions)``, or
    None if they are made later.

    ``fingerprints`` and ``leads``, the vectors for clustering, are by version id, for versions that
    have no story yet.
    """

    def __init__(
        self,
        versions: Sequence[PendingVersion],
        vectors: Vectors | None,
        fingerprints: Mapping[int, Fingerprint],
        leads: Mapping[int, Vectors],
    ) -> None:
        self.versions = versions
        self.vectors = vectors
        self.fingerprints = fingerprints
        self.leads = leads

    def only(self, version_ids: set[int]) -> PreparedBatch:
        """Return the batch with only these versions, and their rows of the vectors."""
        if all(version.id in version_ids for version in self.versions):
            return self
        kept = [version for version in self.versions if version.id in version_ids]
        vectors = self.vectors
        if vectors is not None:
            wanted = [v.id in version_ids for v in self.versions for _ in v.passages]
            vectors = vectors[np.array(wanted, dtype=bool)]
        return PreparedBatch(kept, vectors, self.fingerprints, self.leads)


class StoryAssigner:
    """Assigns the versions of one corpus to its stories, as they come in."""

    def __init__(self, catalogue: Catalogue, corpus: Corpus, embedder: str) -> None:
        self._catalogue = catalogue
        self._corpus = corpus
        self._embedder = embedder
        self._stories: StoryClusterer | None = None
        self._placed: set[int] = set()
        self._gone = 0
        self._pins: dict[str, int] = {}

    async def place(self, prepared: PreparedBatch) -> None:
        """Assign those versions that have no story yet, and store the result. Raises
        ``EmbedderError`` and ``StorageError``."""
        if not any(version.passages for version in prepared.versions):
            return
        if self._gone >= max(_MANY_GONE, _SHARE_GONE * len(self._placed)):
            self._stories, self._placed, self._gone = None, set(), 0
        if self._stories is None:
            known = await self._catalogue.stories.members(self._corpus)
            # The first article with a text decides about its copies: here one that a moderator
            # didn't split off.
            known.sort(key=lambda entry: entry.member.story_id < 0)
            self._pins = await self._catalogue.stories.pins(self._corpus)
            vectors = await self._known_vectors(known)
            self._stories = await INGESTING.run(self._loaded, known, vectors)
        members = await INGESTING.run(self._place, self._stories, prepared)
        await self._catalogue.stories.place(self._corpus, members)

    def forget(self, version_ids: Sequence[int]) -> None:
        """Forget versions that have left the indexes; one that comes back is assigned anew."""
        self._placed.difference_update(version_ids)
        self._gone += len(version_ids)

    async def _known_vectors(self, known: Sequence[KnownStoryMember]) -> Vectors:
        dimensions = WordLlamaEmbedder.dimensions
        if are_own(self._embedder):
            return unpacked([entry.vector for entry in known], dimensions)
        vectors = np.zeros((len(known), dimensions), dtype=np.float32)
        rows = {entry.member.version_id: row for row, entry in enumerate(known)}
        for first in range(0, len(known), _AT_ONCE):
            ids = [entry.member.version_id for entry in known[first : first + _AT_ONCE]]
            versions = await self._catalogue.articles.load_versions(ids)
            vectors[[rows[v.id] for v in versions]] = await INGESTING.run(lead_vectors, versions)
        return vectors

    def _loaded(self, known: Sequence[KnownStoryMember], vectors: Vectors) -> StoryClusterer:
        stories = StoryClusterer(vectors.shape[1])
        for entry, vector in zip(known, vectors, strict=True):
            member = entry.member
            found = Fingerprint(
                np.frombuffer(member.sketch, dtype="<u4").astype(np.uint32),
                # Interned: many articles share a name.
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
        for version in giving_way(prepared.versions):
            if version.passages and version.id not in self._placed:
                vector = prepared.leads.get(version.id)
                if vector is None:
                    vector = lead_vectors([version])[0]
                found = prepared.fingerprints.get(version.id) or fingerprint_of(version)
                fresh.append(
                    ClusterDocument(
                        version.id, version.content_hash, version.visible_from, vector, found
                    )
                )
                self._placed.add(version.id)
                pinned[version.id] = self._pins.get(version.article_id)
        placed = [
            (marks, stories.place(marks, pinned[marks.version_id]))
            for marks in giving_way(ordered(fresh))
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
