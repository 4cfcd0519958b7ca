"""Keyword search with tantivy: BM25 over title and text of passages."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tantivy

from retrieval.catalogue import PendingVersion
from retrieval.moments import TimeRange, to_micros

_HEAP_BYTES = 60_000_000
_ANALYZER = "english"
_MIN_IDF_PASSAGES = 1_000


@dataclass(frozen=True, slots=True)
class KeywordQuery:
    """What to look for: stems, each with its inverse document frequency in the corpus."""

    weights: dict[str, float]


class KeywordIndex:
    """The keyword index of one corpus, in a folder of its own.

    Its methods run in worker threads. Several processes may read while one writes.
    """

    def __init__(self, folder: Path, *, title_boost: float = 0.6) -> None:
        self._folder = folder
        self._title_boost = title_boost
        self._analyzer = _analyzer()
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._lock = asyncio.Lock()

    async def search(
        self, query: KeywordQuery, within: TimeRange, source: str | None, limit: int
    ) -> list[tuple[int, float]]:
        """``(passage id, BM25 score)``, best first; time and source are filtered exactly."""
        return await asyncio.to_thread(self._search, query, within, source, limit)

    async def weigh(self, words: Sequence[str]) -> KeywordQuery:
        """Stem ``words`` and weigh each stem by how rare it is here (BM25's idf)."""
        return await asyncio.to_thread(self._weigh, words)

    async def write(self, add: Sequence[PendingVersion], remove: Sequence[int]) -> None:
        """Remove and add versions, durably, in one commit. Adding one again replaces it."""
        async with self._lock:
            await _finished(asyncio.to_thread(self._write, add, remove))

    async def passage_ids(self) -> list[int]:
        """The ids of all passages that it holds; one twice if it stands in it twice."""
        return await asyncio.to_thread(self._passage_ids)

    async def close(self) -> None:
        async with self._lock:
            await _finished(asyncio.to_thread(self._close))

    async def drop(self) -> None:
        """Close the index and delete its folder."""
        await self.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, True)

    def _opened(self, *, create: bool = False) -> tantivy.Index | None:
        if self._index is None:
            if create:
                self._folder.mkdir(parents=True, exist_ok=True)
                index = tantivy.Index(_schema(), path=str(self._folder))
            elif (self._folder / "meta.json").exists():
                index = tantivy.Index.open(str(self._folder))
            else:
                return None
            index.register_tokenizer(_ANALYZER, _analyzer())
            index.config_reader("commit", 0)
            self._index = index
        return self._index

    def _write(self, add: Sequence[PendingVersion], remove: Sequence[int]) -> None:
        index = self._opened(create=True)
        if index is None:  # only without `create`
            return
        if self._writer is None:
            self._writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        writer = self._writer
        try:
            for version_id in [*remove, *(version.id for version in add)]:
                writer.delete_documents_by_term("version", version_id)
            for version in add:
                for document in _documents(version):
                    writer.add_document(document)
            writer.commit()
        except BaseException:
            # A writer that failed holds half a batch and may refuse to go on: begin anew.
            self._writer = None
            raise
        index.reload()

    def _search(
        self, query: KeywordQuery, within: TimeRange, source: str | None, limit: int
    ) -> list[tuple[int, float]]:
        index = self._opened()
        if index is None or not query.weights:
            return []
        schema = index.schema
        wanted = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, boosted)
                for stem in query.weights
                for boosted in (
                    tantivy.Query.term_query(schema, "text", stem, "freq"),
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(schema, "title", stem, "freq"), self._title_boost
                    ),
                )
            ]
        )
        filters = _filters(schema, within, source)
        # The ones to pass add nothing to the score.
        passing = [(tantivy.Occur.Must, tantivy.Query.const_score_query(f, 0.0)) for f in filters]
        searcher = index.searcher()
        found = searcher.search(
            tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted), *passing]),
            limit,
            count=False,
        ).hits
        ids = searcher.fast_field_values("passage", [address for _, address in found])
        return [(int(i), float(score)) for i, (score, _) in zip(ids, found, strict=True) if i]

    def _weigh(self, words: Sequence[str]) -> KeywordQuery:
        stems = dict.fromkeys(stem for word in words for stem in self._analyzer.analyze(word))
        index = self._opened()
        if index is None:
            return KeywordQuery({})
        searcher = index.searcher()
        # In a corpus of a few passages every word is rare or common by chance.
        count = max(searcher.num_docs, _MIN_IDF_PASSAGES)
        return KeywordQuery({stem: _idf(count, searcher.doc_freq("text", stem)) for stem in stems})

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
        if self._writer is not None:
            self._writer.wait_merging_threads()
        self._writer = self._index = None


async def _finished(work: Any) -> Any:
    """Wait for work in a thread even if cancelled: it can't be stopped, and must not be overtaken."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _idf(count: int, frequency: int) -> float:
    """Robertson and Sparck Jones' weight as BM25 uses it: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))


def _analyzer() -> tantivy.TextAnalyzer:
    filters = (
        tantivy.Filter.remove_long(60),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("english"),
    )
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def stems(text: str) -> list[str]:
    """The index terms of a text, in order. Cheap for a question or a sentence."""
    return _shared_analyzer().analyze(text)


@cache
def _shared_analyzer() -> tantivy.TextAnalyzer:
    return _analyzer()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="position")
    builder.add_text_field("title", tokenizer_name=_ANALYZER, index_option="position")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("passage", fast=True)
    builder.add_integer_field("version", indexed=True)
    builder.add_integer_field("visible_from", fast=True)
    builder.add_integer_field("published_from", fast=True)
    builder.add_integer_field("published_to", fast=True)
    return builder.build()


def _documents(version: PendingVersion) -> list[tantivy.Document]:
    shared: dict[str, Any] = {
        "title": version.title,
        "version": version.id,
        "visible_from": version.visible_from,
        "source": [name for name in (version.source_key, version.host) if name],
    }
    if version.published_from is not None and version.published_to is not None:
        shared["published_from"] = version.published_from
        shared["published_to"] = version.published_to
    return [
        tantivy.Document(passage=passage_id, text=version.text[start:end], **shared)
        for passage_id, start, end in version.passages
    ]


def _filters(schema: tantivy.Schema, within: TimeRange, source: str | None) -> list[tantivy.Query]:
    def between(field: str, low: int | None, high: int | None) -> tantivy.Query:
        return tantivy.Query.range_query(schema, field, tantivy.FieldType.Integer, low, high)

    filters = [between("visible_from", None, to_micros(within.as_of))]
    if within.since is not None:
        filters.append(between("published_to", to_micros(within.since), None))
    if within.until is not None:
        filters.append(between("published_from", None, to_micros(within.until)))
    if source is not None:
        filters.append(tantivy.Query.term_query(schema, "source", source, "basic"))
    return filters
