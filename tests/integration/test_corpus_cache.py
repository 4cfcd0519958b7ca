"""What search holds in memory is never older than the question, whoever wrote in the meantime."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import retrieval.search.candidates
import retrieval.search.corpus_cache
from bot.storage.library import open_library
from retrieval.embedders.wordllama import WordLlamaEmbedder
from retrieval.errors import EmbedderMismatch
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.models import Article, IngestItem, SearchResults
from retrieval.search.candidates import CandidateGenerator
from retrieval.timestamps import TimeRange, parse_span, utc_now
from tests.both_databases import execute

pytestmark = pytest.mark.both_databases


def _article(number: int, text: str, published: str = "2023-11-03") -> Article:
    return Article(
        f"Bridge {number}", text, f"https://example.com/{number}", "Example", published=parse_span(published)
    )  # fmt: skip


async def _bring(library: Library, *articles: Article) -> None:
    indexer = await library.indexer("local")
    incoming = [IngestItem(str(number), article) for number, article in enumerate(articles)]
    async for _ in ingest(indexer, incoming, actor="t", data_dir=library.config.data_dir):
        pass


async def _texts(library: Library, within: TimeRange | None = None) -> set[str]:
    return {hit.passage.text for hit in (await _found(library, within)).hits}


async def _found(library: Library, within: TimeRange | None = None) -> SearchResults:
    within = within or TimeRange(utc_now())
    return await library.search("Who opened the bridge?", within, corpus="local", limit=50)


def _has_started(library: Library) -> bool:
    assert isinstance(library.store.chroma, BoundedChroma)
    return library.store.chroma.inner is not None


async def test_a_reader_sees_what_another_wrote_a_moment_ago(tmp_path: Path) -> None:
    config = LibraryConfig(tmp_path)
    async with open_library(config, writer="test") as writer:
        await _bring(writer, _article(1, "The mayor opened the bridge."))
        async with open_library(config) as reader:
            assert await _texts(reader) == {"The mayor opened the bridge."}
            await _bring(writer, _article(2, "A minister opened the bridge in the rain."))
            assert len(await _texts(reader)) == 2
            await _bring(writer, _article(1, "Nobody opened the bridge, it was learned later."))
            assert await _texts(reader) == {
                "A minister opened the bridge in the rain.",
                "Nobody opened the bridge, it was learned later.",
            }


async def test_an_article_that_is_taken_out_is_shown_no_more_and_may_come_back(
    tmp_path: Path,
) -> None:
    config = LibraryConfig(tmp_path)
    texts = {"The mayor opened the bridge.", "A minister opened the bridge in the rain."}
    async with open_library(config, writer="test") as library:
        await _bring(library, *(_article(n, text) for n, text in enumerate(sorted(texts))))
        assert await _texts(library) == texts
        await _set_state(library, 1, "retired")
        assert await _texts(library) == {sorted(texts)[1]}
        async with open_library(config) as other:
            assert await _texts(other) == {sorted(texts)[1]}
            await _set_state(library, 1, "indexed")
            # It was not among what the other one holds, and is older than all of that.
            assert await _texts(other) == texts
        assert await _texts(library) == texts


async def test_a_story_that_is_split_is_split_for_readers(tmp_path: Path) -> None:
    text = "The mayor opened the new bridge over the river in a ceremony on Friday."
    async with open_library(LibraryConfig(tmp_path), writer="test") as library:
        await _bring(library, _article(1, text), _article(2, text + " It rained."))
        assert [len(hit.also) for hit in (await _found(library)).hits] == [1]
        await execute(
            library, "UPDATE story_members SET story_id = -1, copy_id = -1 WHERE version_id = 2"
        )
        assert [len(hit.also) for hit in (await _found(library)).hits] == [0, 0]


async def test_vectors_that_do_not_fit_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [
        _article(n, f"Mayor{n} opened the bridge.", f"2023-11-{n + 1:02}") for n in range(9)
    ]
    async with open_library(LibraryConfig(tmp_path), writer="test") as library:
        await _bring(library, *articles)
        ranges = [
            TimeRange(utc_now(), span.start, span.start + timedelta(days=2))
            for span in (article.published for article in articles)
            if span
        ]
        asked = [within for within in ranges for _ in range(2)]
        whole = [hits.hits for hits in [await _found(library, within) for within in asked]]
        monkeypatch.setattr(retrieval.search.corpus_cache, "_MOST_VECTORS", 4)
        async with open_library(LibraryConfig(tmp_path)) as small:
            # At once, so that one forgets what another is using.
            found = await asyncio.gather(*(_found(small, within) for within in asked))
        assert [each.hits for each in found] == whole


async def _set_state(library: Library, version_id: int, state: str) -> None:
    """As a moderator's program would, which knows nothing of what others hold."""
    await execute(library, f"UPDATE versions SET state = '{state}' WHERE id = {version_id}")


async def test_what_is_held_of_a_corpus_that_nobody_asks_for_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval.search.candidates, "_CORPORA", 2)
    async with open_library(LibraryConfig(tmp_path), writer="test") as library:
        corpora = [await library.catalogue.corpora.ensure(name, utc_now()) for name in "abc"]
        gatherer = CandidateGenerator(library.catalogue.queries)
        held = [weakref.ref(gatherer.cache(corpus)) for corpus in corpora]
        gc.collect()
        assert [each() is not None for each in held] == [False, True, True]
        again = gatherer.cache(corpora[0])
        assert again.current().shown.numbered == 0
        gc.collect()
        assert [each() is not None for each in held] == [False, False, True]


async def test_opening_a_library_leaves_garbage_collection_alone(tmp_path: Path) -> None:
    before = gc.get_freeze_count()
    async with open_library(LibraryConfig(tmp_path)):
        assert gc.get_freeze_count() == before


async def test_few_passages_are_compared_without_starting_chroma_and_found_alike(
    tmp_path: Path,
) -> None:
    """As a command asks once; `chroma_apart` because only that one starts by itself."""
    config = LibraryConfig(tmp_path, chroma_apart=True)
    texts = [f"Minister {n} opened the bridge in the rain of day {n}." for n in range(30)]
    async with open_library(config, writer="test") as library:
        await _bring(library, *(_article(n, text) for n, text in enumerate(texts)))
        within = TimeRange(utc_now())
        looked_up = await _found(library, within)
        assert _has_started(library)
    async with open_library(replace(config, compared_up_to=len(texts))) as library:
        compared = await _found(library, within)
        assert not _has_started(library)
    assert compared.hits == looked_up.hits
    async with open_library(replace(config, compared_up_to=len(texts) - 1)) as library:
        await _found(library)
        assert _has_started(library)


async def test_vectors_of_another_embedder_are_told_without_starting_chroma(tmp_path: Path) -> None:
    config = LibraryConfig(tmp_path, chroma_apart=True, compared_up_to=100)
    async with open_library(config, writer="test") as library:
        await _bring(library, _article(1, "The mayor opened the bridge."))
    other = WordLlamaEmbedder()
    other.identity = "another/model"
    async with open_library(config, embedder=other) as library:
        with pytest.raises(EmbedderMismatch):
            await _found(library)
        assert not _has_started(library)
