"""Newsdesk as the command and the bot use it: a library on disk, ingested and searched."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.models import RelatedArticle, SearchResult
from retrieval.timestamps import TimeRange
from tests.benchmarks.peers.peer import Result

_CORPUS = "bench"
_MAX_BYTES = 5_000_000


class Newsdesk:
    packages: tuple[str, ...] = ("newsdesk", "chromadb", "tantivy", "wordllama")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner = asyncio.Runner()
        opening = open_library(LibraryConfig(folder), writer="bench")
        self._stack = contextlib.AsyncExitStack()  # what it opened stays open as long as it lives
        self._library = self._runner.run(self._stack.enter_async_context(opening))
        self._runner.run(self._library.embedder.warm_up())

    def ingest(self, articles: Path) -> None:
        self._runner.run(self._ingest(articles))

    def search(self, question: str, last: datetime, limit: int) -> list[Result]:
        searching = self._library.search(question, TimeRange(last), corpus=_CORPUS, limit=limit)
        return [_result(hit) for hit in self._runner.run(searching).hits]

    async def _ingest(self, articles: Path) -> None:
        indexer = await self._library.indexer(_CORPUS)
        sources = read_source(articles, _MAX_BYTES)
        async for _ in ingest(indexer, sources, actor="bench", data_dir=self._folder):
            pass


def _result(hit: SearchResult) -> Result:
    article = hit.passage.article
    also = tuple(also.url for also in hit.also if isinstance(also, RelatedArticle) and also.url)
    return Result(article.url or "", article.title, hit.passage.text, also)
