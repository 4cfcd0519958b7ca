"""Removes one article, restores another and dies at a given instant, in a process of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from bot.storage.library import open_library
from retrieval.catalogue.audit_log import Actor
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.models import IngestItem
from retrieval.moderation import ModerationService
from retrieval.timestamps import TimeRange, utc_now
from tests.integration.conftest import article
from tests.integration.crash_child import HashEmbedder, Instants, load_no_weights

REMOVED, RESTORED, OTHER = (article(n) for n in (1, 2, 3))
_BY = Actor("Ada (17)", "#newsroom")


def prepare(data: Path) -> None:
    """Three articles, the second of which is removed."""
    load_no_weights()

    async def run() -> None:
        async with open_library(
            LibraryConfig(data), writer="test", embedder=HashEmbedder()
        ) as library:
            incoming = [
                IngestItem("t", article_from_record(each)) for each in (REMOVED, RESTORED, OTHER)
            ]
            indexer = await library.indexer("local")
            async for _ in ingest(indexer, incoming, actor="t", data_dir=data):
                pass
            await (await ModerationService.of(library, "local")).remove(RESTORED["url"], _BY)

    asyncio.run(run())


def change(data: Path, deadly: int, report: Path) -> None:
    load_no_weights()
    instants = Instants(deadly)

    async def run() -> None:
        async with open_library(
            LibraryConfig(data), writer="test", embedder=HashEmbedder()
        ) as library:
            desk = await ModerationService.of(library, "local")
            instants.watch()
            await desk.remove(REMOVED["url"], _BY)
            await desk.restore(RESTORED["url"], _BY)

    asyncio.run(run())
    report.write_text(str(instants.count))


def look(data: Path, report: Path) -> None:
    """Start again, and tell of each article what the catalogue and what search says."""
    load_no_weights()

    async def run() -> dict[str, Any]:
        async with open_library(
            LibraryConfig(data), writer="test", embedder=HashEmbedder()
        ) as library:
            desk = await ModerationService.of(library, "local")
            found = (
                await library.search("topic1 topic2 topic3", TimeRange(utc_now()), corpus="local")
            ).hits
            shown = {hit.passage.article.url for hit in found}
            states = [
                ((await desk.articles.show(each["url"]))[0].state, each["url"] in shown)
                for each in (REMOVED, RESTORED, OTHER)
            ]
            return {
                "states": states,
                "wrong": [str(each) for each in await check_indexes(library)],
                "unfinished": sum(each.unfinished for each in await library.counts()),
                "audit": [entry.action for entry in await desk.audit_log.read()][:-3],
            }

    report.write_text(json.dumps(asyncio.run(run())))
