"""Search: keyword and dense candidates, ranked together, filtered exactly, one hit for each text."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from retrieval.articles import AlsoIn, Found, Hit, Reference
from retrieval.catalogue import PASSAGES_PER_VERSION, Candidate, Catalogue, Corpus
from retrieval.catalogue.catalogue import source_key
from retrieval.embedders import Embedder, Vectors, unpacked
from retrieval.indexes.keywords import KeywordIndex, KeywordQuery
from retrieval.indexes.vectors import VectorIndex
from retrieval.moments import TimeRange, to_micros
from retrieval.questions import content_words
from retrieval.ranking import (
    Ranking,
    Recency,
    dense_features,
    lead_feature,
    recency_features,
    shares,
)

_SOFTNESS = 3.0  # a candidate this much below the best has 1/e of its score
_DEEPER = 20
_AT_THE_TOP = 5


@dataclass(frozen=True, slots=True)
class Corner:
    """What one search works on: a corpus and its two indexes."""

    corpus: Corpus
    keywords: KeywordIndex
    vectors: VectorIndex


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate and how it matches the question's words, as `Measures` defines it."""

    candidate: Candidate
    bm25: np.float32
    pairs: np.float32
    article: np.float32


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and what each kind of evidence adds to it."""

    candidate: Candidate
    score: float
    shares: dict[str, float]


class Searcher:
    def __init__(
        self, catalogue: Catalogue, embedder: Embedder, ranking: Ranking | None = None
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._ranking = ranking or Ranking()

    async def search(
        self,
        corner: Corner,
        question: str,
        within: TimeRange,
        *,
        source: str | None = None,
        limit: int = 10,
    ) -> Found:
        """Find the passages that answer ``question``, best first, at most ``limit``.

        Every hit, and every outlet listed with it, belongs to the corpus, was visible at
        ``within.as_of``, lies in the range and is of ``source``, exactly.
        """
        wanted_source = source_key(source) if source else None
        ranking = self._ranking
        keyword_depth = max(ranking.keyword_candidates, 2 * limit)
        dense_depth = max(ranking.dense_candidates, limit)
        (query, keyword), (vector, dense) = await asyncio.gather(
            self._keyword(corner, question, within, wanted_source, keyword_depth),
            self._dense(corner, question, dense_depth),
        )
        looked_up = await self._looked_up(corner, query, keyword, dense)
        passing = [c for c in looked_up if passes(c.candidate, within, wanted_source)]
        if len(passing) < limit and len(dense) == dense_depth:
            # A narrow range left little: look deeper. Chroma's own filters cost more than this.
            dense = await corner.vectors.query(vector, dense_depth * _DEEPER)
            looked_up = await self._looked_up(corner, query, keyword, dense)
            passing = [c for c in looked_up if passes(c.candidate, within, wanted_source)]
        scored = self._scored(vector, passing, within.as_of, Recency())
        chosen = self._chosen(scored, limit)
        hits = await self._hits(corner.corpus, chosen, within, wanted_source)
        notes = await self._notes(corner.corpus, source, hits)
        return Found(question, within.since, within.last, hits, notes, query.weights)

    async def nearest(self, corner: Corner, question: str, as_of: datetime) -> list[Reference]:
        """Up to five articles that come closest to a question, whatever their date or source."""
        found = await self.search(corner, question, TimeRange(as_of), limit=10)
        nearest = list(
            {hit.passage.article.article_id: hit.passage.article for hit in found.hits}.values()
        )
        return (nearest or await self._catalogue.newest(corner.corpus, as_of, 5))[:5]

    async def _keyword(
        self, corner: Corner, question: str, within: TimeRange, source: str | None, depth: int
    ) -> tuple[KeywordQuery, dict[int, float]]:
        query = await corner.keywords.weigh(content_words(question))
        return query, await corner.keywords.search(query, within, source, depth)

    async def _dense(self, corner: Corner, question: str, depth: int) -> tuple[Vectors, list[int]]:
        await corner.vectors.require_embedder()
        vector = (await self._embedder.embed([question]))[0]
        return vector, await corner.vectors.query(vector, depth)

    async def _looked_up(
        self, corner: Corner, query: KeywordQuery, keyword: dict[int, float], dense: Sequence[int]
    ) -> list[Measured]:
        """What both lists hold and may be shown, with all that ranking has to know of it."""
        ids = list(dict.fromkeys([*keyword, *dense]))
        candidates, measures = await asyncio.gather(
            self._catalogue.candidates(corner.corpus, ids),
            corner.keywords.measure(query, ids, keyword),
        )
        rows = {passage_id: row for row, passage_id in enumerate(ids)}
        return [
            Measured(c, measures.bm25[row], measures.pairs[row], measures.article[row])
            for c in candidates
            for row in (rows[c.passage_id],)
        ]

    def _scored(
        self, vector: Vectors, measured: Sequence[Measured], as_of: datetime, recency: Recency
    ) -> list[Scored]:
        """The candidates, best first. The best one has the score 1."""
        if not measured:
            return []
        candidates = [entry.candidate for entry in measured]
        ids = [candidate.passage_id for candidate in candidates]
        visible = np.array([candidate.visible_from for candidate in candidates], dtype=np.int64)
        features = {
            "bm25": np.array([entry.bm25 for entry in measured]),
            "pairs": np.array([entry.pairs for entry in measured]),
            "article": np.array([entry.article for entry in measured]),
            "lead": lead_feature([i % PASSAGES_PER_VERSION for i in ids]),
            **recency_features(to_micros(as_of) - visible, recency),
        }
        vectors = unpacked([candidate.vector for candidate in candidates], len(vector))
        weights = self._ranking.weights
        nothing = np.zeros(len(ids), dtype=np.float32)
        guess = sum(shares(features, weights).values(), nothing)
        features |= dense_features(vector, vectors, guess)
        parts = shares(features, weights)
        totals = sum(parts.values(), nothing)
        scores = np.exp((totals - totals.max()) / _SOFTNESS)
        order = sorted(range(len(ids)), key=lambda i: (-totals[i], ids[i]))
        return [
            Scored(candidates[i], float(scores[i]), {k: float(v[i]) for k, v in parts.items()})
            for i in order
        ]

    def _chosen(self, scored: Sequence[Scored], limit: int) -> list[Scored]:
        """The best ``limit``: one passage for each wording, few of each article among the first."""
        chosen: list[Scored] = []
        put_back: list[Scored] = []
        seen: set[tuple[str, int]] = set()
        taken: Counter[str] = Counter()
        for entry in scored:
            digest = entry.candidate.content_hash
            # Articles with the same text are cut alike: same hash and same place, same passage.
            wording = (digest, entry.candidate.passage_id % PASSAGES_PER_VERSION)
            if wording in seen:
                continue
            seen.add(wording)
            taken[digest] += 1
            crowded = taken[digest] > self._ranking.passages_per_article
            (put_back if crowded and len(chosen) < _AT_THE_TOP else chosen).append(entry)
        rest = sorted(put_back + chosen[_AT_THE_TOP:], key=lambda e: -e.score)
        return (chosen[:_AT_THE_TOP] + rest)[:limit]

    async def _hits(
        self,
        corpus: Corpus,
        chosen: list[Scored],
        within: TimeRange,
        source: str | None,
    ) -> tuple[Hit, ...]:
        if not chosen:
            return ()
        hashes = {entry.candidate.content_hash for entry in chosen}
        passages, twins = await asyncio.gather(
            self._catalogue.load_passages([entry.candidate.passage_id for entry in chosen]),
            self._catalogue.same_text(corpus, sorted(hashes)),
        )
        hits: list[Hit] = []
        for entry in chosen:
            passage = passages.get(entry.candidate.passage_id)
            if passage is None:
                continue  # replaced by another version in this very moment
            own, digest = entry.candidate.article_id, entry.candidate.content_hash
            also: tuple[AlsoIn, ...] = tuple(
                also
                for twin, also in twins.get(digest, ())
                if twin.article_id != own and passes(twin, within, source)
            )
            hits.append(Hit(len(hits) + 1, round(entry.score, 4), passage, also, entry.shares))
        return tuple(hits)

    async def _notes(
        self, corpus: Corpus, source: str | None, hits: tuple[Hit, ...]
    ) -> tuple[str, ...]:
        if source is None or hits:
            return ()
        known = await self._catalogue.sources(corpus)
        if source_key(source) in known:
            return ()
        from difflib import get_close_matches

        close = get_close_matches(source_key(source), known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        return (f"No article here is of a source called {source!r}{hint}",)


def passes(candidate: Candidate, within: TimeRange, source: str | None) -> bool:
    """Whether a passage may be shown: the filters of a search, exactly."""
    if candidate.visible_from > to_micros(within.as_of):
        return False
    if within.since is not None and (
        candidate.published_to is None or candidate.published_to < to_micros(within.since)
    ):
        return False
    if within.until is not None and (
        candidate.published_from is None or candidate.published_from > to_micros(within.until)
    ):
        return False
    return source is None or source in (candidate.source_key, candidate.host)
