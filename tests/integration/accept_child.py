"""Accepts articles as a worker does, in a process of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.kept_leases import LeaseFence
from retrieval.catalogue.leases import Leases
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import LibraryConfig
from retrieval.models import IngestItem
from tests.integration.conftest import article
from tests.integration.crash_child import HashEmbedder, load_no_weights

_NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_AT_ONCE = 3


async def main(folder: Path, url: str, name: str, numbers: list[int], texts: list[str]) -> None:
    config = LibraryConfig(folder, database_url=url)
    async with open_library(config, access=Access.WORKER, embedder=HashEmbedder()) as library:
        lease = await Leases(library.database, name).take(f"test:{name}", 600)
        assert lease is not None
        corpus = await library.require_corpus("local")
        for text in texts:
            for first in range(0, len(numbers), _AT_ONCE):
                items = [
                    IngestItem(str(n), article_from_record(article(n, f"{text} It was topic{n}.")))
                    for n in numbers[first : first + _AT_ONCE]
                ]
                with fenced(LeaseFence(lambda: lease)):
                    await library.catalogue.articles.accept(corpus, items, actor=name, now=_NOW)


def run(folder: Path, url: str, name: str, numbers: list[int], texts: list[str]) -> None:
    load_no_weights()
    asyncio.run(main(folder, url, name, numbers, texts))
