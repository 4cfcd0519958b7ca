"""Search: keyword and dense candidates, fused, filtered exactly, one hit for each text."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from retrieval.articles import AlsoIn, Found, Hit, Reference
from retrieval.catalogue import Candidate, Catalogue, Corpus
from retrieval.catalogue.catalogue import source_key
from retrieval.embedders import Embedder, Vectors
from retrieval.indexes.keywords import KeywordIndex
from retrieval.indexes.vectors import VectorIndex
from retrieval.moments import TimeRange, to_micros
from retrieval.questions import content_words

_DEEPER = 20


@dataclass(frozen=True, slots=True)
class Ranking:
    """How candidates are scored. The defaults were chosen on the dev set (`make bench`)."""

    candidates: int = 100
    # What a passage as near to the question as the nearest one adds to a keyword score of 1.
    dense_weight: float = 0.15
    # A passage published at the as-of moment counts 1 + recency_weight times as much as an old one.
    recency_weight: float = 1.0
    recency_half_life: timedelta = timedelta(days=7)
    passages_per_article: int = 2


@dataclass(frozen=True, slots=True)
class Corner:
    """What one search works on: a corpus and its two indexes."""

    corpus: Corpus
    keywords: KeywordIndex
    vectors: VectorIndex


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
        depth = max(self._ranking.candidates, 2 * limit)
        (weights, keyword), (vector, dense) = await asyncio.gather(
            self._keyword(corner, question, within, wanted_source, depth),
            self._dense(corner, question, depth),
        )
        candidates = await self._passing(corner.corpus, keyword, dense, within, wanted_source)
        if len(candidates) < limit and len(dense) == depth:
            # A narrow range left little: look deeper. Chroma's own filters cost more than this.
            dense = await corner.vectors.query(vector, depth * _DEEPER)
            candidates = await self._passing(corner.corpus, keyword, dense, within, wanted_source)
        scores = self._fused(candidates, keyword, dense, within.as_of)
        chosen = self._chosen(candidates, scores, limit)
        hits = await self._hits(corner.corpus, candidates, chosen, within, wanted_source)
        notes = await self._notes(corner.corpus, source, hits)
        return Found(question, within.since, within.last, hits, notes, weights)

    async def nearest(self, corner: Corner, question: str, as_of: datetime) -> list[Reference]:
        """Up to five articles that come closest to a question, whatever their date or source."""
        found = await self.search(corner, question, TimeRange(as_of), limit=10)
        nearest = list(
            {hit.passage.article.article_id: hit.passage.article for hit in found.hits}.values()
        )
        return (nearest or await self._catalogue.newest(corner.corpus, as_of, 5))[:5]

    async def _keyword(
        self, corner: Corner, question: str, within: TimeRange, source: str | None, depth: int
    ) -> tuple[dict[str, float], list[tuple[int, float]]]:
        query = await corner.keywords.weigh(content_words(question))
        return query.weights, await corner.keywords.search(query, within, source, depth)

    async def _dense(
        self, corner: Corner, question: str, depth: int
    ) -> tuple[Vectors, list[tuple[int, float]]]:
        await corner.vectors.require_embedder()
        vector = (await self._embedder.embed([question]))[0]
        return vector, await corner.vectors.query(vector, depth)

    async def _passing(
        self,
        corpus: Corpus,
        keyword: list[tuple[int, float]],
        dense: list[tuple[int, float]],
        within: TimeRange,
        source: str | None,
    ) -> dict[int, Candidate]:
        ids = list(dict.fromkeys(passage_id for passage_id, _ in keyword + dense))
        found = await self._catalogue.candidates(corpus, ids)
        return {i: candidate for i, candidate in found.items() if passes(candidate, within, source)}

    def _fused(
        self,
        candidates: dict[int, Candidate],
        keyword: Sequence[tuple[int, float]],
        dense: Sequence[tuple[int, float]],
        as_of: datetime,
    ) -> list[tuple[float, int]]:
        """Scores of the candidates, best first; the best one has 1.0.

        Both lists are scaled to their best entry, summed with weights and multiplied by recency,
        which halves with every half-life.
        """
        ranking = self._ranking
        totals = dict.fromkeys(candidates, 0.0)
        for entries, weight in ((keyword, 1.0), (dense, ranking.dense_weight)):
            passing = [(i, score) for i, score in entries if i in candidates]
            best = max((score for _, score in passing), default=0.0)
            for passage_id, score in passing:
                totals[passage_id] += weight * max(score, 0.0) / best if best > 0 else 0.0
        now = to_micros(as_of)
        half_life = ranking.recency_half_life / timedelta(microseconds=1)
        for passage_id, candidate in candidates.items():
            age = max(0, now - candidate.visible_from)
            recency = math.exp(-math.log(2) * age / half_life)
            totals[passage_id] *= 1 + ranking.recency_weight * recency
        top = max(totals.values(), default=0.0) or 1.0
        return sorted(
            ((score / top, i) for i, score in totals.items()), key=lambda e: (-e[0], e[1])
        )

    def _chosen(
        self, candidates: dict[int, Candidate], scores: list[tuple[float, int]], limit: int
    ) -> list[tuple[float, int]]:
        """The best ``limit``: one passage for each wording, few for each article."""
        chosen: list[tuple[float, int]] = []
        put_back: list[tuple[float, int]] = []
        seen: set[tuple[str, int]] = set()
        taken: dict[str, int] = {}
        for score, passage_id in scores:
            candidate = candidates[passage_id]
            # Articles with the same text are cut alike: same hash and same place, same passage.
            wording = (candidate.content_hash, passage_id & 0xFFFF)
            if wording in seen:
                continue
            seen.add(wording)
            taken[candidate.content_hash] = taken.get(candidate.content_hash, 0) + 1
            crowded = taken[candidate.content_hash] > self._ranking.passages_per_article
            (put_back if crowded else chosen).append((score, passage_id))
            if len(chosen) == limit:
                break
        filled = chosen + put_back[: limit - len(chosen)]
        return sorted(filled, key=lambda entry: (-entry[0], entry[1]))

    async def _hits(
        self,
        corpus: Corpus,
        candidates: dict[int, Candidate],
        chosen: list[tuple[float, int]],
        within: TimeRange,
        source: str | None,
    ) -> tuple[Hit, ...]:
        if not chosen:
            return ()
        hashes = {candidates[passage_id].content_hash for _, passage_id in chosen}
        passages, twins = await asyncio.gather(
            self._catalogue.load_passages([passage_id for _, passage_id in chosen]),
            self._catalogue.same_text(corpus, sorted(hashes)),
        )
        hits: list[Hit] = []
        for score, passage_id in chosen:
            if passage_id not in passages:
                continue  # replaced by another version in this very moment
            own, digest = candidates[passage_id].article_id, candidates[passage_id].content_hash
            also: tuple[AlsoIn, ...] = tuple(
                also
                for twin, also in twins.get(digest, ())
                if twin.article_id != own and passes(twin, within, source)
            )
            hits.append(Hit(len(hits) + 1, round(score, 4), passages[passage_id], also))
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
