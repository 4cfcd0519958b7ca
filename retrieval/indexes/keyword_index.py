"""Keyword search with tantivy: BM25 over title and text of passages, coverage by whole articles."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tantivy

from retrieval.catalogue import PASSAGES_PER_VERSION, PendingVersion
from retrieval.errors import IndexDamaged
from retrieval.indexes import keyword_scores as scores
from retrieval.indexes.common_words import idf, share_of_passages
from retrieval.indexes.keyword_files import META, SegmentSizes, explained, open_index
from retrieval.indexes.keyword_languages import with_other_stems
from retrieval.indexes.keyword_pool import KeywordPool
from retrieval.indexes.keyword_schema import (
    ANALYZER,
    documents_of,
    filters_of,
    make_analyzer,
    make_schema,
)
from retrieval.indexes.keyword_scores import Floats, Ints, enter, run, run_among
from retrieval.indexes.keyword_statistics import TermStatistics
from retrieval.runtime.concurrency import to_its_end
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.text.answer_counts import Kind
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange

# How many bytes a writer may collect in memory; fewer for an index of few passages.
_HEAP_BYTES, _SMALL_HEAP_BYTES = 60_000_000, 15_000_000
_FEW_PASSAGES = 6_000
_MIN_IDF_PASSAGES = 1_000


@dataclass(frozen=True, slots=True)
class KeywordQuery:
    """What to search for: stems with their inverse document frequency in the corpus, the kind of
    thing that is asked for, and which of the stems are of names."""

    weights: dict[str, float]
    kind: Kind | None = None
    names: frozenset[str] = frozenset()
    # By stem what counts as it: other stems, or several that have to occur together.
    alternatives: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TermMeasures:
    """How passages match a question, in the order of the ids given; each of shape ``(passages,)``.

    ``bm25`` is over text and title. ``article`` and ``article_names`` are sums of idf: of the
    question's words that occur anywhere in the passage's article, and of its names among them;
    ``coverage`` is that of the words in the passage itself. All these are divided by the sum of the
    question's idf. ``of_kind`` is how many things of the kind asked for the passage holds.
    """

    bm25: Floats
    article: Floats
    article_names: Floats
    coverage: Floats
    of_kind: Floats


class KeywordIndex:
    """The keyword index of one corpus, in a folder of its own.

    ``weigh``, ``search`` and ``measure`` block: they are steps of a search, which runs in a worker
    thread as a whole. Several processes may read while one writes. All methods raise
    ``IndexDamaged`` for files that can't be read. ``pool`` limits how many of the indexes that
    share it are open: one that was closed for others opens again when it is used.
    """

    def __init__(
        self, folder: Path, pool: KeywordPool | None = None, *, title_boost: float = 0.6
    ) -> None:
        self._folder = folder
        self._pool = pool or KeywordPool()
        self._title_boost = title_boost
        self._statistics: TermStatistics | None = None
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        # The folder that it is read from, if its own can't be written.
        self._links: tempfile.TemporaryDirectory[str] | None = None
        self._sizes = SegmentSizes(folder)
        self._lock = asyncio.Lock()
        # Held while the writer is used or closed.
        self._writer_lock = threading.Lock()

    @explained
    def check(self, expected: int) -> None:
        """Raise ``IndexDamaged`` if the index holds fewer than ``expected`` passages, or if one of
        its files was cut since it was opened."""
        index = self._opened()
        if index is None:
            if expected:
                raise IndexDamaged("keyword-index-missing")
            return
        self._sizes.check()
        if index.searcher().num_docs < expected:
            index.reload()
            held = int(index.searcher().num_docs)
            if held < expected:
                raise IndexDamaged("keyword-index-incomplete", held=held, wanted=expected)

    @explained
    def weigh(
        self,
        words: Sequence[str],
        kind: Kind | None = None,
        names: Iterable[str] = (),
        alternatives: Mapping[str, Sequence[tuple[str, ...]]] | None = None,
        language: str | None = None,
    ) -> KeywordQuery:
        """Stem ``words`` as those of ``language`` and weight each stem by its rarity here (BM25's
        idf); an unknown stem by what counts as it.

        ``names`` are those of the words that name someone or something; ``alternatives`` says by
        stem what counts as it, to which the word's stems in other languages of the corpus are
        added.
        """
        terms = dict.fromkeys(stem for word in words for stem in stems(word, language))
        index = self._opened()
        if index is None:
            return KeywordQuery({})
        statistics = self._read_statistics(index)
        alternatives = with_other_stems(alternatives or {}, words, language, statistics.languages)
        # In a corpus of a few passages every word is rare or common by chance: it is filled up
        # with statistics of news in general.
        count = max(statistics.count, _MIN_IDF_PASSAGES)
        filled = count - statistics.count
        weights = {}
        for stem in terms:
            frequency = statistics.frequency("text", stem)
            if not frequency:
                forms = alternatives.get(stem, ())
                frequency = max((statistics.together(form) for form in forms), default=0)
            weights[stem] = idf(count, frequency + filled * share_of_passages(stem))
        of_names = {stem for name in names for stem in stems(name, language)}
        return KeywordQuery(weights, kind, frozenset(of_names & weights.keys()), alternatives)

    def languages(self) -> dict[str, int]:
        """Return how many passages are in each language; empty for an index without any, or a
        damaged one."""
        try:
            return self._read_languages()
        except IndexDamaged:  # the search that follows reports it
            return {}

    @explained
    def _read_languages(self) -> dict[str, int]:
        index = self._opened()
        return {} if index is None else self._read_statistics(index).languages

    def _read_statistics(self, index: tantivy.Index) -> TermStatistics:
        """Return the statistics of the index as it is now: its state shows what another process
        wrote."""
        current, kept = TermStatistics(index), self._statistics
        if kept is None or kept.state != current.state:
            kept = self._statistics = current
        return kept

    @explained
    def frequency(self, stems: Sequence[str]) -> int:
        """Return how many passages contain all of these stems; for several stems at most 50 are
        counted."""
        index = self._opened()
        return 0 if index is None else self._read_statistics(index).together(stems)

    @explained
    def resembling(self, stem: str, distance: int, limit: int) -> list[int]:
        """Return up to ``limit`` passages with a stem at most ``distance`` edits away; swapping two
        letters is one edit."""
        index = self._opened()
        if index is None:
            return []
        near = tantivy.Query.fuzzy_term_query(index.schema, "text", stem, distance, True, False)
        return scores.lowest(index, near, limit, "passage")

    @explained
    def search(
        self, query: KeywordQuery, limit: int, within: TimeRange | None, sources: Sequence[str]
    ) -> dict[int, float]:
        """Return the ``limit`` passages with the highest BM25 scores, by id. With a range
        ``within`` they are limited to it and to ``sources``; both filters are exact."""
        index = self._opened()
        if index is None or not query.weights:
            return {}
        filters = filters_of(index.schema, within, sources) if within else []
        return dict(run(index, self._bm25(index, query), filters, limit, "passage"))

    @explained
    def measure(
        self, query: KeywordQuery, passage_ids: Ints, known: Mapping[int, float]
    ) -> TermMeasures:
        """Return every measure of these passages that ranking uses.

        ``passage_ids`` ascend, shape ``(passages,)``; ``known`` are BM25 scores that ``search``
        returned.
        """
        index = self._opened()
        total = sum(query.weights.values())
        bm25, coverage, of_kind = np.zeros((3, len(passage_ids)), dtype=np.float32)
        versions = passage_ids // PASSAGES_PER_VERSION
        distinct = versions[np.diff(versions, prepend=-1) > 0]  # they ascend
        by_version, names_by_version = np.zeros((2, len(distinct)), dtype=np.float32)
        if index is not None and total and len(passage_ids):
            schema = index.schema
            unknown = [i for i in passage_ids.tolist() if i not in known]
            found = [*known.items()]
            if unknown:
                found += run_among(index, self._bm25(index, query), "passage", unknown)
            enter(bm25, passage_ids, found)
            holding = _standing(schema, "text", query.weights, query)
            enter(coverage, passage_ids, run_among(index, holding, "passage", passage_ids.tolist()))
            of_names = {s: w for s, w in query.weights.items() if s in query.names}
            others = {s: w for s, w in query.weights.items() if s not in query.names}
            if of_names:
                holding = _standing(schema, "article", of_names, query)
                found = run_among(index, holding, "version", distinct.tolist())
                enter(names_by_version, distinct, found)
            if others:
                holding = _standing(schema, "article", others, query)
                found = run_among(index, holding, "version", distinct.tolist())
                enter(by_version, distinct, found)
            if query.kind is not None:
                enter(of_kind, passage_ids, scores.counted(index, query.kind, passage_ids.tolist()))
        places = np.searchsorted(distinct, versions)
        total = total or 1.0
        return TermMeasures(
            bm25 / total,
            (by_version + names_by_version)[places] / total,
            names_by_version[places] / total,
            coverage / total,
            of_kind,
        )

    async def write(self, add: Sequence[PendingVersion], remove: Sequence[int]) -> None:
        """Remove and add versions, durably, in one commit. Adding one again replaces it. Raises
        ``ValueError`` or ``OSError`` on a full disk."""
        async with self._lock:
            await to_its_end(INGESTING.run(self._write, add, remove))

    async def passage_ids(self) -> list[int]:
        """Return the ids of all passages in the index; one that is in it twice appears twice."""
        return await asyncio.to_thread(self._passage_ids)

    async def close(self) -> None:
        """Close the index; it opens again when it is used."""
        async with self._lock:
            await to_its_end(asyncio.to_thread(self._close))

    async def drop(self) -> None:
        """Close the index and delete its folder."""
        await self.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, True)

    def close_reader(self) -> None:
        """Close what the index is read through, to make room for others; running searches go on."""
        if self._links is None:
            self._let_go()

    def _let_go(self) -> None:
        self._index = self._statistics = None  # the statistics keep it open too

    def close_writer(self) -> None:
        """Close the writer, to make room for others. Blocks until its merges are finished."""
        with self._writer_lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.wait_merging_threads()

    def _opened(self, *, create: bool = False) -> tantivy.Index | None:
        index = self._index
        if index is None:
            if (self._folder / META).exists():
                index, self._links = open_index(self._folder)
            elif create:
                self._folder.mkdir(parents=True, exist_ok=True)
                index = tantivy.Index(make_schema(), path=str(self._folder))
                index.config_reader("commit", 0)
            else:
                return None
            index.register_tokenizer(ANALYZER, make_analyzer())
            self._index = index
        self._pool.reads(self)
        return index

    def _write(self, add: Sequence[PendingVersion], remove: Sequence[int]) -> None:
        with self._pool.writing(self), self._writer_lock:
            self._write_now(add, remove)

    @explained
    def _write_now(self, add: Sequence[PendingVersion], remove: Sequence[int]) -> None:
        index = self._opened(create=True)
        if index is None:  # only without `create`
            return
        if self._writer is None:
            few = index.searcher().num_docs < _FEW_PASSAGES
            heap = _SMALL_HEAP_BYTES if few else _HEAP_BYTES
            self._writer = index.writer(heap_size=heap, num_threads=1)
        writer = self._writer
        try:
            self._sizes.check()
            for version_id in [*remove, *(version.id for version in add)]:
                writer.delete_documents_by_term("version", version_id)
            for version in giving_way(add):
                for document in documents_of(version):
                    writer.add_document(document)
            writer.commit()
        except BaseException:
            # A writer that failed holds half a batch and may refuse to continue: make a new one.
            self._writer = None
            raise
        # Meanwhile it may have been closed for others, and opened again by a search.
        if (current := self._opened()) is not None:
            current.reload()
        self._statistics = None

    def _bm25(self, index: tantivy.Index, query: KeywordQuery) -> tantivy.Query:
        schema, statistics = index.schema, self._read_statistics(index)

        def scored(field: str, boost: float) -> Callable[[str], tantivy.Query]:
            def of(stem: str) -> tantivy.Query:
                one = tantivy.Query.term_query(schema, field, stem, "freq")
                return tantivy.Query.boost_query(one, boost * statistics.correction(field, stem))

            return of

        in_text, in_title = scored("text", 1.0), scored("title", self._title_boost)
        return _any_of(
            _as_any(stem, query, term) for stem in query.weights for term in (in_text, in_title)
        )

    @explained
    def _passage_ids(self) -> list[int]:
        index = self._opened()
        if index is None:
            return []
        searcher = index.searcher()
        if not searcher.num_docs:
            return []
        hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
        ids = searcher.fast_field_values("passage", [address for _, address in hits])
        return [int(i) for i in ids if i is not None]

    def _close(self) -> None:
        self._pool.forget(self)
        self.close_writer()
        self._let_go()
        self._sizes = SegmentSizes(self._folder)
        if self._links is not None:
            self._links.cleanup()
            self._links = None


def _standing(
    schema: tantivy.Schema, name: str, words: Mapping[str, float], query: KeywordQuery
) -> tantivy.Query:
    """Return a query that scores a document with the weights of those words that occur in its field
    ``name``."""

    def standing(stem: str) -> tantivy.Query:
        return tantivy.Query.term_query(schema, name, stem, "basic")

    return _any_of(
        tantivy.Query.const_score_query(_as_any(word, query, standing), weight)
        for word, weight in words.items()
    )


def _as_any(stem: str, query: KeywordQuery, term: Callable[[str], tantivy.Query]) -> tantivy.Query:
    """Return a query for a stem or what counts as it, whichever scores highest; ``term`` makes the
    query for one stem."""
    one = term(stem)
    others = query.alternatives.get(stem)
    if not others:
        return one
    forms = [one]
    for form in others:
        terms = [term(part) for part in form]
        forms.append(
            terms[0]
            if len(terms) == 1
            else tantivy.Query.boolean_query([(tantivy.Occur.Must, term) for term in terms])
        )
    return tantivy.Query.disjunction_max_query(forms)


def _any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])
