"""Search: gather candidates from keywords and vectors, rank them, filter them, and return one
result per text."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from retrieval.catalogue import PASSAGES_PER_VERSION, Catalogue, Corpus, VersionCandidate
from retrieval.catalogue.publishers import Publishers, SourceFilter
from retrieval.embedders import Embedder, Vectors
from retrieval.errors import Note, RerankerError
from retrieval.models import (
    Reference,
    SearchResult,
    SearchResults,
    TimePreference,
)
from retrieval.rerankers import Reranker
from retrieval.runtime.conditions import Conditions
from retrieval.runtime.executors import ASKING
from retrieval.search.candidates import (
    CandidateGenerator,
    CandidateRequest,
    CandidateSet,
    CorpusIndexes,
    ScoredCandidate,
    ScoredFeatures,
)
from retrieval.search.corpus_cache import CorpusSnapshot
from retrieval.search.query import Query, content_words, names, preferred_span
from retrieval.search.ranking import (
    Floats,
    Ranking,
    Recency,
    bm25_features,
    dense_features,
    kind_features,
    lead_features,
    recency_features,
    shares,
    time_features,
    total,
    with_likeness,
)
from retrieval.search.result_choice import also_told, choose
from retrieval.text.answer_counts import counted_kind
from retrieval.text.answer_types import expected_answer_type
from retrieval.text.question_language import question_language
from retrieval.text.spelling import spelling
from retrieval.text.stemming import stemming_language
from retrieval.text.time_expressions import TimeExpression, read_time
from retrieval.timestamps import TimeRange, to_micros

_log = logging.getLogger(__name__)

# How far from an empty range its nearest report is looked for, in turn.
_MARGINS = (timedelta(days=3), timedelta(days=30), timedelta(days=365), None)
_SOFTNESS = 3.0  # a candidate this much below the best has 1/e of its score
_RERANKED = 30
# Candidates whose scores differ by rounding only are in the order of their passages' ids.
_DIGITS = 4


class Searcher:
    """Searches any corpus with its indexes."""

    def __init__(
        self,
        catalogue: Catalogue,
        embedder: Embedder,
        ranking: Ranking | None = None,
        zone: tzinfo = UTC,
        *,
        reranker: Reranker | None = None,
        rerank_seconds: float = 1.0,
        compared_up_to: int = 0,
        conditions: Conditions | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self.ranking = ranking or Ranking()
        self._zone = zone
        self._reranker = reranker
        self._rerank_seconds = rerank_seconds
        self.gatherer = CandidateGenerator(catalogue.queries, conditions, compared_up_to)

    async def search(
        self,
        indexes: CorpusIndexes,
        question: str,
        within: TimeRange,
        *,
        source: str | None = None,
        limit: int = 10,
        day_first: bool = True,
    ) -> SearchResults:
        """Find up to ``limit`` passages that answer ``question``, best first.

        Each result and each other publisher in it belongs to the corpus, was visible at
        ``within.as_of``, lies in the range and comes from the source. Range and source are those
        given, otherwise those that the question names. Words for the time of the event exclude
        nothing. ``day_first`` says how to read 3/5/2023.
        """
        vector = await self._vector(indexes, question)
        return await self._search(
            indexes,
            vector,
            lambda held: self._read(held, indexes, question, within, source, day_first=day_first),
            limit,
        )

    def _read(
        self,
        held: CorpusSnapshot,
        indexes: CorpusIndexes,
        question: str,
        within: TimeRange,
        source: str | None = None,
        *,
        day_first: bool = True,
    ) -> Query:
        """Read a question: its range, its source, its words and the time of which it speaks. What
        ``within`` and ``source`` say wins over what its words say."""
        publishers = held.publishers
        named = publishers.named_in(question)
        rest = named.rest if named else question
        languages = indexes.keywords.languages()
        language = question_language(question, languages)
        spans = publishers.spans_in(rest)
        time = read_time(
            rest, within.as_of, self._zone, names=spans, day_first=day_first, language=language
        )
        phrase, preferred = None, None
        if time.phrase and time.exact and within.since is None and within.until is None:
            within = TimeRange(within.as_of, time.since, time.until)
            rest, phrase = time.rest, time.phrase
        elif time.phrase and not time.exact:
            preferred = _preference(held, time, within.as_of)
        only = SourceFilter.of(source, publishers.find(source)) if source else None
        if named and not only:
            only = SourceFilter.of(named.publisher.name, named.publisher)
        if language == "en":
            rest = spelling(language).written_out(rest)
        terms = content_words(rest, language) or content_words(question, language)
        # What the corpus has nothing of is no reason to leave the newest aside.
        old = preferred is not None and not preferred.articles
        recency = Recency(wanted=old or not time.timeless, asked=time.latest)
        # What it weighs is learned on English questions; in German one of 60 more is answered wrongly.
        kind = counted_kind(expected_answer_type(question)) if language == "en" else None
        return Query(
            question,
            terms,
            within,
            only,
            phrase,
            recency,
            kind,
            names(question),
            preferred,
            language,
            stemming_language(language, languages),
        )

    async def publishers(self, corpus: Corpus) -> Publishers:
        """Return the current publishers of a corpus."""
        return (await ASKING.run(self.gatherer.cache(corpus).current)).publishers

    async def explore(
        self, indexes: CorpusIndexes, question: str, within: TimeRange
    ) -> tuple[list[VersionCandidate], dict[str, Floats]]:
        """Return the candidates for a question with their features, to train ranking on."""
        vector = await self._vector(indexes, question)
        gathered = await self.gatherer.gather(
            CandidateRequest(
                indexes,
                vector,
                lambda held: self._read(held, indexes, question, within),
                10,
                not self._embedder.deferred,
            ),
            self.ranking,
            lambda found: found,
        )
        features = self._features(vector, gathered.measured, gathered.read)
        return [entry.candidate for entry in gathered.measured], features

    async def _vector(self, indexes: CorpusIndexes, question: str) -> Vectors:
        await indexes.vectors.check_for_question()
        vector: Vectors = (await self._embedder.embed_questions([question]))[0]
        return vector

    async def _search(
        self,
        indexes: CorpusIndexes,
        vector: Vectors,
        understood: Callable[[CorpusSnapshot], Query],
        limit: int,
        *,
        explain_nothing: bool = True,
    ) -> SearchResults:
        def ordered(
            found: CandidateSet,
        ) -> tuple[
            CandidateSet,
            list[ScoredCandidate],
            tuple[tuple[SearchResult, ...], tuple[SearchResult, ...]],
        ]:
            scored = self._scored(found.vector, found.measured, found.read)
            if self._reranker is not None:
                return found, scored, ((), ())
            return found, scored, self._hits(found.held, scored, found.read, limit)

        gathered, scored, (hits, copies) = await self.gatherer.gather(
            CandidateRequest(indexes, vector, understood, limit, not self._embedder.deferred),
            self.ranking,
            ordered,
        )
        read, notes = gathered.read, list(gathered.notes)
        if self._reranker is not None and scored:
            scored = await self._reranked(self._reranker, read, scored)
            hits, copies = await ASKING.run(self._hits, gathered.held, scored, read, limit)
        if not hits and explain_nothing:
            notes += await self._why_nothing(indexes, gathered)
        within = read.within
        return SearchResults(
            read.text,
            within.since,
            within.last,
            hits,
            tuple(notes),
            gathered.weights,
            source=read.source.name if read.source else None,
            phrase=read.phrase,
            preferred=read.preferred,
            respellings=gathered.respellings,
            copies=copies,
            language=read.language,
            stemming=read.stemming,
            impaired=bool(gathered.notes),
        )

    async def nearest(
        self, indexes: CorpusIndexes, question: str, as_of: datetime
    ) -> list[Reference]:
        """Return up to five articles that come closest to a question, whatever their date or
        publisher."""
        vector = await self._vector(indexes, question)
        found = await self._search(
            indexes,
            vector,
            lambda held: self._read(held, indexes, question, TimeRange(as_of)).widened(),
            10,
            explain_nothing=False,
        )
        nearest = list(
            {hit.passage.article.article_id: hit.passage.article for hit in found.hits}.values()
        )
        return (nearest or await self._catalogue.articles.newest(indexes.corpus, as_of, 5))[:5]

    def _features(
        self, vector: Vectors, measured: Sequence[ScoredFeatures], read: Query
    ) -> dict[str, Floats]:
        """By feature of ranking, its value for each candidate."""
        candidates = [entry.candidate for entry in measured]
        visible = np.array([candidate.visible_from for candidate in candidates], dtype=np.int64)
        features = {
            **bm25_features(np.array([entry.bm25 for entry in measured])),
            "article": np.array([entry.article for entry in measured]),
            "article_names": np.array([entry.article_names for entry in measured]),
            "coverage": np.array([entry.coverage for entry in measured]),
            **lead_features([c.passage_id % PASSAGES_PER_VERSION for c in candidates], read.kind),
            **kind_features(read.kind, np.array([entry.of_kind for entry in measured])),
            **recency_features(to_micros(read.within.as_of) - visible, read.recency),
            **time_features(visible, preferred_span(read)),
        }
        vectors = np.array([entry.vector for entry in measured]).reshape(-1, len(vector))
        versions = [candidate.passage_id // PASSAGES_PER_VERSION for candidate in candidates]
        return with_likeness(features | dense_features(vector, vectors, versions))

    def _scored(
        self, vector: Vectors, measured: Sequence[ScoredFeatures], read: Query
    ) -> list[ScoredCandidate]:
        """The candidates, best first. The best one has the score 1."""
        if not measured:
            return []
        parts = shares(self._features(vector, measured, read), self.ranking.weights)
        totals = total(parts, len(measured))
        scores = np.exp((totals - np.max(totals)) / _SOFTNESS).tolist()
        ids = [entry.candidate.passage_id for entry in measured]
        kinds, rows = tuple(parts), np.stack([*parts.values()], axis=1).tolist()
        return [
            ScoredCandidate(measured[i].candidate, scores[i], kinds, rows[i])
            for i in np.lexsort((np.array(ids), -np.round(totals, _DIGITS))).tolist()
        ]

    async def _reranked(
        self, reranker: Reranker, read: Query, scored: list[ScoredCandidate]
    ) -> list[ScoredCandidate]:
        """The first candidates in the reranker's order; in the old one if it takes too long."""
        first, rest = scored[:_RERANKED], scored[_RERANKED:]
        passages = await self._catalogue.articles.load_passages(
            [e.candidate.passage_id for e in first]
        )
        first = [entry for entry in first if entry.candidate.passage_id in passages]
        texts = [
            f"{passage.article.title}\n{passage.text}"
            for entry in first
            for passage in (passages[entry.candidate.passage_id],)
        ]
        try:
            await reranker.ready()
            async with asyncio.timeout(self._rerank_seconds):
                scores = await reranker.scores(read.text, texts)
        except (TimeoutError, RerankerError) as error:
            if isinstance(error, RerankerError) and not error.retry:
                raise
            _log.info("The reranker could not be had for this question; the order stays.")
            return scored
        order = sorted(range(len(first)), key=lambda i: -scores[i])
        # The scores stay where they are, and fall from hit to hit as before.
        return [
            first[i]._replace(score=place.score) for i, place in zip(order, first, strict=True)
        ] + rest

    def _hits(
        self, held: CorpusSnapshot, scored: list[ScoredCandidate], read: Query, limit: int
    ) -> tuple[tuple[SearchResult, ...], tuple[SearchResult, ...]]:
        """The results, and what near-copies of them say in other words."""
        chosen = choose(scored, limit, self.ranking.passages_per_article)
        if not chosen.results:
            return (), ()
        entries = [*chosen.results, *chosen.copies]
        stories = sorted(
            {e.candidate.story_id for e in entries if e.candidate.story_id is not None}
        )
        passages = self._catalogue.queries.passages([e.candidate.passage_id for e in entries])
        told = held.shown.reports_of_stories(stories)

        def results(entries: Sequence[ScoredCandidate]) -> Iterator[SearchResult]:
            rank = 0
            for entry in entries:
                passage = passages.get(entry.candidate.passage_id)
                if passage is None:
                    continue  # replaced by another version in this very moment
                rank += 1
                tellers = told.get(entry.candidate.story_id or 0, ())
                also = also_told(entry.candidate, [t for t in tellers if read.admits(t[0])])
                yield SearchResult(rank, round(entry.score, 4), passage, also, entry.shares)

        hits = tuple(results(chosen.results))
        said = {hit.passage.text for hit in hits}
        return hits, tuple(each for each in results(chosen.copies) if each.passage.text not in said)

    async def _why_nothing(self, indexes: CorpusIndexes, found: CandidateSet) -> list[Note]:
        """Return what keeps a search from finding anything."""
        read, publishers = found.read, found.held.publishers
        if read.source and (unknown := publishers.unknown(read.source.name)):
            return [unknown]
        if not read.limits_time:
            return []
        dated: list[tuple[float, str]] = []
        for wider in map(read.around, _MARGINS):
            dated = [
                (read.distance(date), date) for date in await self._dates(indexes, found, wider)
            ]
            if dated:
                break
        if read.source:
            notes = [
                Note("none-of-source-in-range", source=read.source.name, range=read.range_note)
            ]
        else:
            notes = [Note("none-in-range", range=read.range_note)]
        if dated:
            notes.append(Note("nearest-date", date=min(dated)[1][:10]))
        return notes

    async def _dates(self, indexes: CorpusIndexes, found: CandidateSet, wider: Query) -> list[str]:
        """When the articles were published that a wider question finds."""
        around = await self._search(
            indexes, found.vector, lambda _: wider, 10, explain_nothing=False
        )
        dates = (hit.passage.article.published_at for hit in around.hits)
        return [date for date in dates if date]


def _preference(held: CorpusSnapshot, time: TimeExpression, as_of: datetime) -> TimePreference:
    """What words say of the time of the event, and how many articles of the corpus lie in it."""
    within = TimeRange(as_of, time.since, time.until)
    passing = held.shown.passing(within, None)
    return TimePreference(time.phrase or "", time.since, time.until, int(np.count_nonzero(passing)))
