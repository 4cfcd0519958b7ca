"""A library with the demo articles and an engine over it whose model a test scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.answering.factory import open_engine
from bot.config.limits import AnsweringConfig, ModelOptions
from bot.demo import demo_articles
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.models import IngestItem
from retrieval.timestamps import TimeRange

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
BRIDGE = "How much did the Lantern Bridge cost?"
ELECTION = "Who won the mayoral election in Maravel?"


def at_noon() -> datetime:
    return NOW


async def fill(folder: Path, articles: Iterable[IngestItem], corpus: str = "local") -> None:
    async with open_library(LibraryConfig(folder), writer="test", clock=at_noon) as library:
        indexer = await library.indexer(corpus)
        async for _ in ingest(indexer, articles, actor="test", data_dir=folder):
            pass


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the demo articles as of ``NOW``. To be read only."""
    folder = tmp_path_factory.mktemp("demo")
    asyncio.run(fill(folder, demo_articles(NOW)))
    return folder


@contextlib.asynccontextmanager
async def engine_over(
    folder: Path, url: str | None = None, **changes: Any
) -> AsyncIterator[tuple[Library, AnswerEngine]]:
    """An engine over a folder; ``changes`` are fields of ``AnsweringConfig`` or of its model."""
    fields = {name: changes.pop(name) for name in list(changes) if hasattr(AnsweringConfig, name)}
    options = replace(ModelOptions("scripted", url, first_seconds=5, next_seconds=5), **changes)
    config = AnsweringConfig(options, **fields)
    async with (
        open_library(LibraryConfig(folder), clock=at_noon) as library,
        open_engine(library, config) as engine,
    ):
        yield library, engine


def asked(question: str, **more: Any) -> AnswerRequest:
    return AnswerRequest(question, TimeRange(NOW), more.pop("corpus", "local"), **more)
