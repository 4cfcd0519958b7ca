"""Brings pages in by a job, in a process that is killed from outside.

With a count it submits a job of so many pages first; with 0 it goes on with what is left.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.config.settings import Settings
from bot.services.ingestion import open_ingestion
from bot.storage.library import open_library
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.jobs import JobSource
from tests.integration.crash_child import HashEmbedder, load_no_weights


async def main(data: Path, base: str, count: int) -> None:
    settings = Settings(data_dir=data, fetch_allow=(base.removeprefix("http://"),))
    async with (
        open_library(settings.library(), writer="test", embedder=HashEmbedder()) as library,
        open_ingestion(settings, library) as room,
    ):
        if count:
            sources = [JobSource("url", f"{base}/news/{n}") for n in range(count)]
            await room.jobs.submit("local", sources, Actor("Ada (17)", "#newsroom"))
        await room.jobs.drain()


def run(data: Path, base: str, count: int) -> None:
    load_no_weights()
    asyncio.run(main(data, base, count))
