"""The real bot, in process, against the stand-in; its model is a scripted server or none."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.demo import demo_articles
from bot.storage.library import APPLICATION
from retrieval.catalogue.database import Database
from retrieval.embedders import Embedder, EmbedderOptions, make_embedder
from retrieval.ingestion.pipeline import ingest
from tests.deadlines import scaled
from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import NOW, at_noon
from tests.scripted_model import Request, Says, ScriptedModel


class Running:
    """A bot that is connected to a stand-in, with what tests ask of it."""

    def __init__(self, bot: NewsdeskBot, standin: DiscordStandIn) -> None:
        self.bot = bot
        self.standin = standin

    async def bring_in(self, guild: Guild | str, articles: Any = None) -> None:
        """Ingest the demo articles, or others, for a server or into a corpus."""
        corpus = guild if isinstance(guild, str) else self.bot.services.contexts.corpus_of(guild.id)
        indexer = await self.bot.services.library.indexer(corpus)
        incoming = demo_articles(NOW) if articles is None else articles
        folder = self.bot.settings.data_dir
        async for _ in ingest(indexer, incoming, actor="test", data_dir=folder):
            pass


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """Read once for all tests: its weights take a while."""
    return make_embedder("wordllama", EmbedderOptions())


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with its tables, which are made once for all tests."""
    folder = tmp_path_factory.mktemp("prepared")
    asyncio.run(Database.prepare(folder / "catalogue.sqlite3", (APPLICATION,)))
    return folder


Start = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(standin: DiscordStandIn, tmp_path: Path, embedder: Embedder, prepared: Path) -> Start:
    """``async with start(NEWSDESK_…="…") as running``: the bot, until the block ends."""

    @contextlib.asynccontextmanager
    async def started(**environment: str) -> AsyncIterator[Running]:
        given = {
            "NEWSDESK_DATA_DIR": str(tmp_path / "data"), "NEWSDESK_COOLDOWN_SECONDS": "0",
            "NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS": "1", **standin.environment, **environment,
        }  # fmt: skip
        settings = load_settings(given, tmp_path / "no.env")
        if not settings.data_dir.exists():
            shutil.copytree(prepared, settings.data_dir)
        bot = NewsdeskBot(settings, clock=at_noon, embedder=embedder)
        running = asyncio.create_task(bot.start(standin.token))
        waiting = asyncio.create_task(standin.wait_for_bot("ask"))
        try:
            done, _ = await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
            if running in done:
                running.result()
            await waiting
            yield Running(bot, standin)
        finally:
            waiting.cancel()
            await bot.close()
            done, _ = await asyncio.wait([running, waiting], timeout=scaled(10))
            for hanging in {running, waiting} - done:
                hanging.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)

    return started


@pytest.fixture
async def running(start: Start) -> AsyncIterator[Running]:
    async with start() as made:
        yield made


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        yield server


@pytest.fixture
async def writing(start: Start, model: ScriptedModel) -> AsyncIterator[Running]:
    """A bot whose model writes an answer about the Lantern Bridge for some two seconds."""
    model.play(Says(bridge_answer, pause=0.05))
    async with start(OPENAI_BASE_URL=model.url) as made:
        yield made


def bridge_answer(request: Request) -> str:
    cost, radio = request.holding("cost 412 million"), request.holding("640-metre span")
    return (
        f"The Lantern Bridge cost 412 million crowns. [{cost}] "
        f"Mayor Ines Calder cut the ribbon before a crowd of about 6,000 people. [{cost}] "
        f"The engineer in charge, Piet Holloway, said the 640-metre span was built to stand a flood. [{radio}]"
    )
