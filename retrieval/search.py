"""Search: keyword and dense candidates, ranked together, filtered exactly, one hit for each text."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from retrieval.articles import AlsoIn, Found, Hit, Reference
from retrieval.catalogue import PASSAGES_PER_VERSION, Candidate, Catalogue, Corpus
from retrieval.embedders import Embedder, Vectors, unpacked
from retrieval.errors import IndexDamaged, RerankerError
from retrieval.indexes.keywords import KeywordIndex, KeywordQuery
from retrieval.indexes.vectors import VectorIndex
from retrieval.moments import TimeRange, to_micros
from retrieval.questions import Question, content_words, day
from retrieval.ranking import (
    Floats,
    Ranking,
    Recency,
    dense_features,
    lead_feature,
    recency_features,
    shares,
    total,
)
from retrieval.rerankers import Reranker
from retrieval.sources import Publishers, SourceFilter
from retrieval.timewords import read_time

_log = logging.getLogger(__name__)

# How far from an empty range its nearest report is looked for, in turn.
_MARGINS = (timedelta(days=3), timedelta(days=30), timedelta(days=365), None)
_SOFTNESS = 3.0  # a candidate this much below the best has 1/e of its score
_DEEPER = 20
_AT_THE_TOP = 5
_RERANKED = 30
_NO_RIVAL = 0.7
_MOST_ALSO = 30


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
        self,
        catalogue: Catalogue,
        embedder: Embedder,
        ranking: Ranking | None = None,
        zone: tzinfo = UTC,
        *,
        reranker: Reranker | None = None,
        rerank_seconds: float = 1.0,
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self.ranking = ranking or Ranking()
        self._zone = zone
        self._reranker = reranker
        self._rerank_seconds = rerank_seconds
        self._publishers: dict[int, tuple[int, Publishers]] = {}

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
        ``within.as_of``, lies in the range and is of the source, exactly. Range and source are
        those of ``within`` and ``source``, else those that the question's words ask for.
        """
        read = await self.read(corner, question, within, source)
        return await self._search(corner, read, limit)

    async def read(
        self, corner: Corner, question: str, within: TimeRange, source: str | None
    ) -> Question:
        """Read a question: its range, its source and its words. What ``within`` and ``source`` say
        wins over what its words say."""
        words = read_time(question, within.as_of, self._zone)
        if within.since is None and within.until is None:
            within = TimeRange(within.as_of, words.since, words.until)
        else:
            words = replace(words, phrase=None)
        publishers = await self.publishers(corner.corpus)
        named = publishers.named_in(words.rest)
        rest = named.rest if named else words.rest
        only: SourceFilter | None = None
        if source:
            only = SourceFilter.of(source, publishers.find(source))
        elif named:
            only = SourceFilter.of(named.publisher.name, named.publisher)
        terms = content_words(rest) or content_words(question)
        recency = Recency(wanted=not words.timeless, asked=words.asked)
        return Question(question, terms, within, only, words.phrase, recency)

    async def publishers(self, corpus: Corpus) -> Publishers:
        """The publishers of a corpus, read again when something has come in."""
        state = await self._catalogue.last_version_id()
        known = self._publishers.get(corpus.id)
        if known is None or known[0] != state:
            known = (state, Publishers(await self._catalogue.sources(corpus)))
            self._publishers[corpus.id] = known
        return known[1]

    def forget(self, corpus: Corpus) -> None:
        """Read the publishers of a corpus again: its articles were deleted."""
        self._publishers.pop(corpus.id, None)

    async def explore(
        self, corner: Corner, question: str, within: TimeRange
    ) -> tuple[list[Candidate], dict[str, Floats]]:
        """The candidates for a question and their features; what ranking is learned from."""
        read = await self.read(corner, question, within, None)
        _, vector, measured, _ = await self._gathered(corner, read, 10)
        return [entry.candidate for entry in measured], self._features(vector, measured, read)

    async def _gathered(
        self, corner: Corner, read: Question, limit: int
    ) -> tuple[KeywordQuery, Vectors, list[Measured], list[str]]:
        """The candidates that pass the filters, with their measures, and what has to be remarked."""
        ranking = self.ranking
        dense_depth = max(ranking.dense_candidates, limit)
        keyword_depth = max(ranking.keyword_candidates, 2 * limit)
        (query, keyword), (vector, dense, notes) = await asyncio.gather(
            self._keyword(corner, read, keyword_depth),
            self._dense(corner, read, dense_depth),
        )
        looked_up = await self._looked_up(corner, query, keyword, dense)
        passing = [entry for entry in looked_up if read.admits(entry.candidate)]
        if len(passing) < limit and len(dense) == dense_depth:
            # A narrow range left little: look deeper. Chroma's own filters cost more than this.
            dense = await corner.vectors.query(vector, dense_depth * _DEEPER)
            looked_up = await self._looked_up(corner, query, keyword, dense)
            passing = [entry for entry in looked_up if read.admits(entry.candidate)]
        return query, vector, passing, notes

    async def _search(
        self, corner: Corner, read: Question, limit: int, *, explain_nothing: bool = True
    ) -> Found:
        query, vector, passing, notes = await self._gathered(corner, read, limit)
        scored = self._scored(vector, passing, read)
        if self._reranker is not None and scored:
            scored = await self._reranked(self._reranker, read, scored)
        hits = await self._hits(corner.corpus, self._chosen(scored, limit), read)
        if not hits and explain_nothing:
            notes += await self._why_nothing(corner, read)
        within = read.within
        return Found(
            read.text, within.since, within.last, hits, tuple(notes), query.weights,
            source=read.source.name if read.source else None, phrase=read.phrase,
        )  # fmt: skip

    async def nearest(self, corner: Corner, question: str, as_of: datetime) -> list[Reference]:
        """Up to five articles that come closest to a question, whatever their date or source."""
        read = await self.read(corner, question, TimeRange(as_of), None)
        found = await self._search(corner, read.widened(), 10, explain_nothing=False)
        nearest = list(
            {hit.passage.article.article_id: hit.passage.article for hit in found.hits}.values()
        )
        return (nearest or await self._catalogue.newest(corner.corpus, as_of, 5))[:5]

    async def _keyword(
        self, corner: Corner, read: Question, depth: int
    ) -> tuple[KeywordQuery, dict[int, float]]:
        query = await corner.keywords.weigh(read.words)
        terms = read.source.terms if read.source else []
        return query, await corner.keywords.search(query, read.within, terms, depth)

    async def _dense(
        self, corner: Corner, read: Question, depth: int
    ) -> tuple[Vectors, list[int], list[str]]:
        await corner.vectors.require_embedder()
        vector = (await self._embedder.embed([read.text]))[0]
        try:
            return vector, await corner.vectors.query(vector, depth), []
        except IndexDamaged as error:
            # Keywords alone find most of it, and the answer says what is wrong.
            return vector, [], [error.message]

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

    def _features(
        self, vector: Vectors, measured: Sequence[Measured], read: Question
    ) -> dict[str, Floats]:
        """By feature of ranking, its value for each candidate."""
        candidates = [entry.candidate for entry in measured]
        visible = np.array([candidate.visible_from for candidate in candidates], dtype=np.int64)
        features = {
            "bm25": np.array([entry.bm25 for entry in measured]),
            "pairs": np.array([entry.pairs for entry in measured]),
            "article": np.array([entry.article for entry in measured]),
            "lead": lead_feature([c.passage_id % PASSAGES_PER_VERSION for c in candidates]),
            **recency_features(to_micros(read.within.as_of) - visible, read.recency),
        }
        vectors = unpacked([candidate.vector for candidate in candidates], len(vector))
        guess = total(shares(features, self.ranking.weights), len(candidates))
        return features | dense_features(vector, vectors, guess)

    def _scored(
        self, vector: Vectors, measured: Sequence[Measured], read: Question
    ) -> list[Scored]:
        """The candidates, best first. The best one has the score 1."""
        if not measured:
            return []
        parts = shares(self._features(vector, measured, read), self.ranking.weights)
        totals = total(parts, len(measured))
        scores = np.exp((totals - np.max(totals)) / _SOFTNESS)
        order = sorted(
            range(len(measured)), key=lambda i: (-totals[i], measured[i].candidate.passage_id)
        )
        return [
            Scored(
                measured[i].candidate, float(scores[i]), {k: float(v[i]) for k, v in parts.items()}
            )
            for i in order
        ]

    async def _reranked(
        self, reranker: Reranker, read: Question, scored: list[Scored]
    ) -> list[Scored]:
        """The first candidates in the reranker's order; in the old one if it takes too long."""
        first, rest = scored[:_RERANKED], scored[_RERANKED:]
        passages = await self._catalogue.load_passages([e.candidate.passage_id for e in first])
        first = [entry for entry in first if entry.candidate.passage_id in passages]
        texts = [
            f"{passage.article.title}\n{passage.text}"
            for entry in first
            for passage in (passages[entry.candidate.passage_id],)
        ]
        try:
            async with asyncio.timeout(self._rerank_seconds):
                scores = await reranker.scores(read.text, texts)
        except (TimeoutError, RerankerError) as error:
            if isinstance(error, RerankerError) and not error.retry:
                raise
            _log.info("The reranker had no time for this question; the order stays.")
            return scored
        order = sorted(range(len(first)), key=lambda i: -scores[i])
        # The scores stay where they are, and fall from hit to hit as before.
        return [
            replace(first[i], score=place.score) for i, place in zip(order, first, strict=True)
        ] + rest

    def _chosen(self, scored: Sequence[Scored], limit: int) -> list[Scored]:
        """The best ``limit``: of near-copies the best one speaks, and few of each among the first.

        There is no such limit for the article that the question is about: the one of the best
        candidate, if no other comes near it.
        """
        chosen: list[Scored] = []
        put_back: list[Scored] = []
        speakers: dict[int, str] = {}
        taken: Counter[int] = Counter()
        others = (e.score for e in scored if e.candidate.text_id != scored[0].candidate.text_id)
        about = scored[0].candidate.text_id if scored and next(others, 0.0) <= _NO_RIVAL else None
        for entry in scored:
            text = entry.candidate.text_id
            article = entry.candidate.article_id
            if speakers.setdefault(text, article) != article:
                continue
            taken[text] += 1
            crowded = taken[text] > self.ranking.passages_per_article and text != about
            (put_back if crowded and len(chosen) < _AT_THE_TOP else chosen).append(entry)
            if len(chosen) == limit:
                break
        rest = sorted(put_back + chosen[_AT_THE_TOP:], key=lambda e: -e.score)
        return (chosen[:_AT_THE_TOP] + rest)[:limit]

    async def _hits(self, corpus: Corpus, chosen: list[Scored], read: Question) -> tuple[Hit, ...]:
        if not chosen:
            return ()
        stories = sorted({e.candidate.story_id for e in chosen if e.candidate.story_id is not None})
        passages, told = await asyncio.gather(
            self._catalogue.load_passages([entry.candidate.passage_id for entry in chosen]),
            self._catalogue.told_by(corpus, stories),
        )
        hits: list[Hit] = []
        for entry in chosen:
            passage = passages.get(entry.candidate.passage_id)
            if passage is None:
                continue  # replaced by another version in this very moment
            tellers = told.get(entry.candidate.story_id or 0, ())
            also = _also(entry.candidate, [t for t in tellers if read.admits(t[0])])
            hits.append(Hit(len(hits) + 1, round(entry.score, 4), passage, also, entry.shares))
        return tuple(hits)

    async def _why_nothing(self, corner: Corner, read: Question) -> list[str]:
        """What keeps a search from finding anything, in a sentence."""
        publishers = await self.publishers(corner.corpus)
        if read.source and not publishers.find(read.source.name) and read.source.host is None:
            close = publishers.near(read.source.name)
            hint = f"; did you mean {' or '.join(close)}?" if close else "."
            return [f"No article here is of a source called {read.source.name!r}{hint}"]
        if not read.limits_time:
            return []
        dated: list[tuple[float, str]] = []
        for margin in _MARGINS:
            around = await self._search(corner, read.around(margin), 10, explain_nothing=False)
            dates = [hit.passage.article.published_at for hit in around.hits]
            dated = [(read.distance(date), date) for date in dates if date]
            if dated:
                break
        nearest = f"; the nearest is of {day(min(dated)[1])}" if dated else ""
        of = f" of {read.source.name}" if read.source else ""
        return [f"Nothing{of} {read.range_in_words}{nearest}."]


def _also(own: Candidate, tellers: Sequence[tuple[Candidate, AlsoIn]]) -> tuple[AlsoIn, ...]:
    """Who else tells a hit's story: outlets of the same text first, then other reports."""
    others = [(teller, also) for teller, also in tellers if teller.article_id != own.article_id]
    others.sort(key=lambda entry: entry[0].copy_id != own.copy_id)
    return tuple(also for _, also in others[:_MOST_ALSO])
