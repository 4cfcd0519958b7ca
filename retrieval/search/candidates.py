"""Gather candidates for a question, from keywords and vectors, filter them and measure their
features."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from retrieval.catalogue import Corpus, VersionCandidate
from retrieval.catalogue.queries import ReadQueries
from retrieval.catalogue.snapshot import Ints, Mask
from retrieval.embedders import Vectors
from retrieval.errors import IndexDamaged, Note, StorageError
from retrieval.indexes.keyword_copy import KeywordCopy
from retrieval.indexes.keyword_index import KeywordIndex, KeywordQuery
from retrieval.indexes.vector_index import VectorIndex
from retrieval.models import Respelling
from retrieval.runtime.conditions import Conditions
from retrieval.runtime.executors import ASKING
from retrieval.search.corpus_cache import CorpusCache, CorpusSnapshot
from retrieval.search.query import Query
from retrieval.search.ranking import Ranking
from retrieval.search.respelling import Alternatives, alternatives
from retrieval.search.without_keywords import NoKeywords
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange

Result = TypeVar("Result")
# What Chroma found, best first, None if it could not be asked; and what has to be remarked of it.
Dense: TypeAlias = tuple[list[int] | None, list[Note]]

# Where filters leave up to so many passages, or one in so many of all, these are scored by their
# own vectors: Chroma would have to be asked for many times as many as are wanted.
_SCORED = 6_000
_SCORED_ONE_IN = 20
# Where filters leave one in so many or more, keyword search does without them.
_THIN = 4.0
# Of so many corpora it is held in memory what they hold.
_CORPORA = 64
# How much longer a list is asked for than would do if what passes were spread evenly.
_SPARE = 1.25
# So many passages of a time long past are looked at beside all others.
_OF_PREFERRED = 40
_LONG_AGO, _EVE = timedelta(days=45), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CorpusIndexes:
    """A corpus and its two indexes: what one search works on."""

    corpus: Corpus
    keywords: KeywordIndex
    vectors: VectorIndex


class ScoredFeatures(NamedTuple):
    """A candidate and how well it matches the question's words, as defined by `Measures`."""

    candidate: VersionCandidate
    vector: Vectors
    bm25: np.float32
    article: np.float32
    article_names: np.float32
    coverage: np.float32
    of_kind: np.float32


class ScoredCandidate(NamedTuple):
    """A candidate with its score, and how much each of the ``kinds`` of evidence ``added`` to it."""

    candidate: VersionCandidate
    score: float
    kinds: tuple[str, ...]
    added: list[float]

    @property
    def shares(self) -> dict[str, float]:
        """Return how much each kind of evidence added to the score."""
        return dict(zip(self.kinds, self.added, strict=True))


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """The candidates for a query, and the notes to show with them."""

    read: Query
    held: CorpusSnapshot
    query: KeywordQuery
    vector: Vectors
    measured: list[ScoredFeatures]
    notes: list[Note]
    respellings: tuple[Respelling, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """Return how rare each searched stem is; an unknown word is replaced by the spellings that
        were searched instead."""
        weights = dict(self.query.weights)
        for one in self.respellings:
            for stem in stems(one.word, self.read.stemming):
                weight = weights.pop(stem, 0.0)
                for form in self.query.alternatives.get(stem, ())[:1]:
                    weights.update(dict.fromkeys(form, weight))
        return weights


class CandidateRequest(NamedTuple):
    """What to gather candidates for. The question is parsed once the corpus's contents are known."""

    indexes: CorpusIndexes
    vector: Vectors
    understood: Callable[[CorpusSnapshot], Query]
    limit: int
    # Whether all that is shown has to have a vector.
    all_have_vectors: bool = True


class _DenseRequest(NamedTuple):
    """How many nearest passages are wanted, how many there are in the index at least, and which pass."""

    limit: int
    expected: int
    passages: Callable[[], Ints]


class _Behind(NamedTuple):
    """A copy of keywords that lacks the last changes, up to ``revision``."""

    copy: KeywordCopy
    revision: int


class CandidateGenerator:
    """Gathers candidates from the indexes and from the corpus cache in memory."""

    def __init__(
        self,
        reading: ReadQueries,
        conditions: Conditions | None = None,
        compared_up_to: int = 0,
    ) -> None:
        self._reading = reading
        self._conditions = conditions or Conditions()
        self._compared_up_to = compared_up_to
        self._caches: OrderedDict[int, tuple[int, CorpusCache]] = OrderedDict()
        self._lock = threading.Lock()

    def cache(self, corpus: Corpus) -> CorpusCache:
        """Return the cache of a corpus. The least recently used caches are dropped."""
        with self._lock:
            generation, cache = self._caches.get(corpus.id, (None, None))
            if cache is None or generation != corpus.generation:
                cache = CorpusCache(self._reading, corpus)
                self._caches[corpus.id] = (corpus.generation, cache)
            self._caches.move_to_end(corpus.id)
            if len(self._caches) > _CORPORA:
                self._caches.popitem(last=False)
        return cache

    async def gather(
        self, wanted: CandidateRequest, ranking: Ranking, then: Callable[[CandidateSet], Result]
    ) -> Result:
        """Gather candidates and pass them to ``then``, in one worker thread: switching threads
        costs as much as many of the steps. Only a Chroma server is awaited outside that thread.

        If an index is damaged or doesn't answer in time, the search continues without it and adds a
        note.
        """
        if wanted.indexes.vectors.is_local:
            return await ASKING.run(lambda: then(self._gather_here(wanted, ranking)))
        keywords, notes = wanted.indexes.keywords, list[Note]()
        try:
            found = await self._gather_beside(wanted, ranking, keywords, notes)
        except IndexDamaged as error:
            keywords, notes = self._without_keywords(wanted, error)
            found = await self._gather_beside(wanted, ranking, keywords, notes)
        return await ASKING.run(then, found)

    def _gather_here(self, wanted: CandidateRequest, ranking: Ranking) -> CandidateSet:
        try:
            return self._gather_with(wanted, ranking, wanted.indexes.keywords, [])
        except IndexDamaged as error:
            return self._gather_with(wanted, ranking, *self._without_keywords(wanted, error))

    def _gather_with(
        self,
        wanted: CandidateRequest,
        ranking: Ranking,
        keywords: KeywordIndex,
        notes: list[Note],
    ) -> CandidateSet:
        steps = self._steps(wanted, ranking, keywords, notes)
        step = next(steps)
        while not isinstance(step, CandidateSet):
            if isinstance(step, _Behind):
                step = steps.send(step.copy.catch_up(step.revision))
                continue
            try:
                dense: Dense = wanted.indexes.vectors.query_here(wanted.vector, *step), []
            except StorageError as error:
                dense = self._without_vectors(wanted, error, keywords)
            step = steps.send(dense)
        return step

    async def _gather_beside(
        self,
        wanted: CandidateRequest,
        ranking: Ranking,
        keywords: KeywordIndex,
        notes: list[Note],
    ) -> CandidateSet:
        steps = self._steps(wanted, ranking, keywords, notes)
        step = await ASKING.run(next, steps)
        while not isinstance(step, CandidateSet):
            if isinstance(step, _Behind):  # the threads for questions are for those who compute
                caught_up = await asyncio.to_thread(step.copy.catch_up, step.revision)
                step = await ASKING.run(steps.send, caught_up)
                continue
            try:
                dense: Dense = await wanted.indexes.vectors.query(wanted.vector, *step), []
            except StorageError as error:
                dense = self._without_vectors(wanted, error, keywords)
            step = await ASKING.run(steps.send, dense)
        return step

    def _without_keywords(
        self, wanted: CandidateRequest, error: IndexDamaged
    ) -> tuple[KeywordIndex, list[Note]]:
        name = wanted.indexes.corpus.name
        self._conditions.begin("keywords", error.note, corpus=name)
        return NoKeywords(self._reading.passages), [error.note, Note("search-vectors-alone")]

    def _without_vectors(
        self, wanted: CandidateRequest, error: StorageError, keywords: KeywordIndex
    ) -> Dense:
        """Keywords alone find most of it, and the answer says what is wrong."""
        if isinstance(error, IndexDamaged):
            name = wanted.indexes.corpus.name
            self._conditions.begin("vectors", error.note, corpus=name)
        if isinstance(keywords, NoKeywords):
            return None, [error.note]
        return None, [error.note, Note("search-words-alone")]

    def _steps(
        self,
        wanted: CandidateRequest,
        ranking: Ranking,
        keywords: KeywordIndex,
        notes: list[Note],
    ) -> Generator[_Behind | _DenseRequest | CandidateSet, Any, None]:
        """Yields a copy of keywords that is behind and is sent whether it has caught up, then how many
        nearest passages Chroma is to be asked for and is sent them (``Dense``), and in the end what was
        gathered. Blocks. Raises ``IndexDamaged`` if the keyword index is."""
        vector, limit = wanted.vector, wanted.limit
        held = self.cache(wanted.indexes.corpus).current()
        read = wanted.understood(held)
        shown = held.shown
        passing = shown.passing(read.within, read.source)
        every, left = shown.passages(shown.live), shown.passages(passing)
        thinning = max(1.0, every / max(left, 1))
        if isinstance(keywords, KeywordCopy) and not keywords.serves(shown.revision):
            caught_up = yield _Behind(keywords, shown.revision)
            if not caught_up:
                notes.append(Note("keywords-behind"))
        keywords.check(every)
        other = (
            Alternatives(stemming=read.stemming)
            if isinstance(keywords, NoKeywords)
            else alternatives(
                read.words, keywords, self._texts, read.language, read.stemming, read.names
            )
        )
        query = keywords.weigh(read.words, read.kind, read.names, other.forms, read.stemming)
        keyword = _keyword(
            _QueryTerms(keywords, query, read, held, passing, thinning),
            max(ranking.keyword_candidates, 2 * limit),
        )
        keyword |= _of_preferred_time(keywords, query, read, held, passing)
        depth = max(ranking.dense_candidates, limit)
        by_vector = bool(np.any(vector))
        if self._asks_chroma(wanted.indexes, left, every):
            found, remarks = yield _DenseRequest(
                depth if left == every else int(depth * thinning * _SPARE),
                every if wanted.all_have_vectors else 0,
                lambda: shown.passage_ids(passing),
            )
            notes += remarks
            if found is not None:
                dense = shown.only(found, passing)[:depth]
            elif left <= _SCORED and by_vector:
                # So few are looked through without an index.
                dense = held.nearest(passing, vector, depth)
            else:
                dense = []
        else:
            dense = held.nearest(passing, vector, depth) if by_vector else []
        ids = np.array(sorted({*keyword, *dense}), dtype=np.int64)
        measures = keywords.measure(query, ids, keyword)
        measured = map(
            ScoredFeatures,
            shown.candidates(ids),
            held.vectors(ids, len(vector)),
            measures.bm25,
            measures.article,
            measures.article_names,
            measures.coverage,
            measures.of_kind,
        )
        respellings = tuple(other.respellings)
        yield CandidateSet(read, held, query, vector, list(measured), notes, respellings)

    def _asks_chroma(self, indexes: CorpusIndexes, left: int, every: int) -> bool:
        """Whether the nearest of ``left`` passages out of ``every`` are looked up in Chroma's index."""
        if indexes.vectors.is_local and left <= self._compared_up_to:
            return False  # a server has started already
        return left == every or left > max(_SCORED, every // _SCORED_ONE_IN)

    def _texts(self, passage_ids: Sequence[int]) -> list[str]:
        return [passage.text for passage in self._reading.passages(passage_ids).values()]


class _QueryTerms(NamedTuple):
    """A question to a keyword index; one passage in ``thinning`` passes its filters."""

    keywords: KeywordIndex
    query: KeywordQuery
    read: Query
    held: CorpusSnapshot
    passing: Mask
    thinning: float


def _keyword(asked: _QueryTerms, depth: int) -> dict[int, float]:
    """The best ``depth`` passages that pass, with their scores."""
    keywords, query, read, held, passing, thinning = asked
    if thinning <= _THIN:
        # Most pass: a longer list without filters is found sooner than a list with them.
        length = int(depth * thinning * _SPARE)
        found = keywords.search(query, length, None, ())
        kept = held.shown.only(list(found), passing)[:depth]
        if len(kept) == depth or len(found) < length:
            return {passage_id: found[passage_id] for passage_id in kept}
    terms = read.source.terms if read.source else []
    found = keywords.search(query, depth, read.within, terms)
    return {passage_id: found[passage_id] for passage_id in held.shown.only(list(found), passing)}


def _of_preferred_time(
    keywords: KeywordIndex, query: KeywordQuery, read: Query, held: CorpusSnapshot, passing: Mask
) -> dict[int, float]:
    """The best passages of a time long past that the question speaks of: newer ones would crowd
    them out. Nothing where the time is open or recent, for then they are found anyway."""
    preferred, as_of = read.preferred, read.within.as_of
    if preferred is None or not preferred.articles or preferred.until is None:
        return {}
    if preferred.until > as_of - _LONG_AGO:
        return {}
    since = preferred.since - _EVE if preferred.since else None
    within = TimeRange(as_of, since, preferred.until + _EVE)
    terms = read.source.terms if read.source else []
    found = keywords.search(query, _OF_PREFERRED, within, terms)
    return {passage_id: found[passage_id] for passage_id in held.shown.only(list(found), passing)}
