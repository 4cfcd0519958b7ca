"""Where vectors take long: articles are found by words at once, and no stop loses anything."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import retrieval.ingestion.indexer as indexer_module
from bot.storage.library import open_library
from retrieval.embedders import Embedder, Vectors
from retrieval.embedders.base import normalised
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.ingestion.vector_worker import VectorWorker
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.models import IngestItem
from retrieval.reindexing import reindex
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import TimeRange, utc_now
from tests.deadlines import scaled
from tests.integration.conftest import article


class SlowEmbedder(Embedder):
    """Waits at every step until it is let on. "outlay" and "cost" are one word to it."""

    identity = "test/slow"
    deferred = True

    def __init__(self) -> None:
        self.steps = asyncio.Semaphore(0)
        self.waiting = False
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.waiting = True
        await self.steps.acquire()
        self.texts += texts
        return await self.embed_questions(texts)

    async def embed_questions(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace("outlay", "cost").split():
                row[zlib.crc32(word.strip(".,?").encode()) % 64] += 1
        return normalised(rows)


@contextlib.asynccontextmanager
async def _opened(folder: Path, embedder: SlowEmbedder) -> AsyncIterator[Library]:
    config = LibraryConfig(folder)
    async with open_library(config, writer="test", embedder=embedder) as library:
        yield library


async def _bring_in(library: Library, numbers: Sequence[int]) -> list[str]:
    indexer = await library.indexer("local")
    items = [IngestItem(str(n), article_from_record(article(n))) for n in numbers]
    coming = ingest(indexer, items, actor="t", data_dir=library.data_dir, vectors=False)
    return [result.status async for result in coming]


async def _found(library: Library, question: str) -> list[str]:
    results = await library.search(question, TimeRange(utc_now()), corpus="local")
    return [hit.passage.article.title for hit in results.hits]


async def _until_all_have_vectors(library: Library) -> None:
    async with asyncio.timeout(scaled(20)):
        while (await library.without_vector())["local"]:
            await asyncio.sleep(0.02)


async def test_articles_are_found_by_words_while_their_vectors_are_made(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    async with _opened(tmp_path, embedder) as library:
        worker = asyncio.create_task(VectorWorker(library).run())
        assert await _bring_in(library, range(3)) == ["indexed"] * 3
        assert (await library.without_vector())["local"] >= 3
        assert article(1)["title"] in await _found(library, "What will topic1 cost?")
        assert await _found(library, "outlay") == []
        assert embedder.texts == []
        assert await check_indexes(library) == []
        embedder.steps.release()
        await _until_all_have_vectors(library)
        assert article(1)["title"] in await _found(library, "outlay")
        assert await check_indexes(library) == []
        # What comes in later wakes it again.
        assert await _bring_in(library, [7]) == ["indexed"]
        embedder.steps.release()
        await _until_all_have_vectors(library)
        await cancel(worker)


async def test_a_stop_in_the_middle_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer_module, "_PASSAGES", 2)
    async with _opened(tmp_path, embedder := SlowEmbedder()) as library:
        worker = asyncio.create_task(VectorWorker(library).run())
        await _bring_in(library, range(6))
        before = (await library.without_vector())["local"]
        embedder.steps.release()
        async with asyncio.timeout(scaled(20)):
            while (await library.without_vector())["local"] == before:
                await asyncio.sleep(0.02)
        await cancel(worker)
        left = (await library.without_vector())["local"]
        assert 0 < left < before
    first = list(embedder.texts)
    async with _opened(tmp_path, embedder := SlowEmbedder()) as library:
        assert (await library.without_vector())["local"] == left
        embedder.steps = asyncio.Semaphore(100)
        made = [done async for done in VectorWorker(library).finish()]
        assert made[-1] == left
        # Nothing is made twice, nothing is left out.
        assert len({*first, *embedder.texts}) == len(first) + len(embedder.texts) == before
        assert (await library.without_vector())["local"] == 0
        assert await check_indexes(library) == []
        assert article(5)["title"] in await _found(library, "What will topic5 cost?")


async def test_what_is_replaced_while_its_vector_is_made_does_not_come_back(tmp_path: Path) -> None:
    async with _opened(tmp_path, embedder := SlowEmbedder()) as library:
        await _bring_in(library, [1])
        made = asyncio.create_task(_all(VectorWorker(library)))
        async with asyncio.timeout(scaled(20)):
            while not embedder.waiting:
                await asyncio.sleep(0.02)
        text = "Town1 gave topic1 up for good, the mayor Anna Berg1 told the council on Thursday."
        item = IngestItem("1", article_from_record(article(1, text)))
        indexer = await library.indexer("local")
        coming = ingest(indexer, [item], actor="t", data_dir=tmp_path, vectors=False)
        assert [result.status async for result in coming] == ["updated"]
        for _ in range(9):
            embedder.steps.release()
        await made
        assert (await library.without_vector())["local"] == 0
        assert await check_indexes(library) == []


async def test_new_indexes_take_over_vectors_and_serve_before_the_others_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _opened(tmp_path, embedder := SlowEmbedder()) as library:
        await _bring_in(library, range(2))
        embedder.steps = asyncio.Semaphore(100)
        await _all(VectorWorker(library))
        await _bring_in(library, [2])
        embedder.texts.clear()
        corpus = await library.catalogue.corpora.by_name("local")
        assert corpus is not None
        async for _ in reindex(library, corpus):
            pass
        # The vectors that there were are not made again; the others are nobody's loss meanwhile.
        assert embedder.texts == []
        assert (await library.without_vector())["local"] == 1
        assert await check_indexes(library) == []
        assert article(2)["title"] in await _found(library, "What will topic2 cost?")
    monkeypatch.setattr(SlowEmbedder, "identity", "test/other")
    async with _opened(tmp_path, embedder := SlowEmbedder()) as library:
        corpus = await library.catalogue.corpora.by_name("local")
        assert corpus is not None
        async for _ in reindex(library, corpus):
            pass
        assert (await library.without_vector())["local"] == 3
        assert article(1)["title"] in await _found(library, "What will topic1 cost?")
        embedder.steps = asyncio.Semaphore(100)
        await _all(VectorWorker(library))
        assert len(embedder.texts) == 3
        assert await check_indexes(library) == []


async def test_reports_of_one_event_are_one_story_whatever_makes_the_vectors(
    tmp_path: Path,
) -> None:
    async with _opened(tmp_path, SlowEmbedder()) as library:
        indexer = await library.indexer("local")
        copies = [
            IngestItem(
                str(n),
                article_from_record(
                    {**article(1), "url": f"https://{n}.example/x", "source": str(n)}
                ),
            )
            for n in range(3)
        ]
        coming = ingest(indexer, copies, actor="t", data_dir=tmp_path, vectors=False)
        assert [result.status async for result in coming] == ["indexed", "duplicate", "duplicate"]
        found = await library.search("topic1", TimeRange(utc_now()), corpus="local")
        assert len(found.hits[0].also) == 2


async def _all(worker: VectorWorker) -> list[int]:
    return [done async for done in worker.finish()]
