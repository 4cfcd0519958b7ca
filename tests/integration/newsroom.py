"""A data folder and all that brings news into it, for tests: in this process, with a clock of theirs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.config.settings import Settings
from bot.services.ingestion import IngestionServices, open_ingestion
from bot.storage.library import open_library
from retrieval.catalogue.audit_log import Actor
from retrieval.moderation import ModerationService
from retrieval.timestamps import TimeRange
from tests.integration.crash_child import HashEmbedder
from tests.newsite import NewsSite

MODERATOR = Actor("Ada (17)", "#newsroom")


@dataclass
class Clock:
    now: datetime = datetime(2023, 11, 7, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@contextlib.asynccontextmanager
async def opened(
    folder: Path, site: NewsSite, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[IngestionServices]:
    settings.setdefault("fetch_allow", (site.allow,))
    made = Settings(data_dir=folder, **settings)
    async with (
        open_library(
            made.library(), writer="test", clock=clock or Clock(), embedder=HashEmbedder()
        ) as library,
        open_ingestion(made, library) as room,
    ):
        yield room


async def titles(room: IngestionServices, words: str, corpus: str = "local") -> list[str]:
    """Of the articles that a question finds, the titles."""
    within = TimeRange(datetime(2030, 1, 1, tzinfo=UTC))
    found = await room.library.search(words, within, corpus=corpus, limit=50)
    return list(dict.fromkeys(hit.passage.article.title for hit in found.hits))


async def moderator(room: IngestionServices, corpus: str = "local") -> ModerationService:
    return await ModerationService.of(room.library, corpus)
