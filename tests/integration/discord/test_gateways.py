"""Whole bots share eight shards of one database: each serves its own, and one of them writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.storage.guild_settings import known_guilds
from retrieval.embedders import Embedder
from retrieval.errors import StorageError
from tests.deadlines import scaled, until
from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import at_noon
from tests.integration.discord.conftest import Running

SHARDS = 8


class Bots:
    """Bots with folders of their own on one database."""

    def __init__(
        self, standin: DiscordStandIn, folder: Path, urls: dict[str, str], embedder: Embedder
    ) -> None:
        self.standin = standin
        self._folder = folder
        self._urls = urls
        self._embedder = embedder
        self._running: dict[NewsdeskBot, asyncio.Task[None]] = {}

    async def start(self, name: str, **environment: str) -> NewsdeskBot:
        given = {
            "NEWSDESK_DATA_DIR": str(self._folder / name), "NEWSDESK_COOLDOWN_SECONDS": "0",
            "NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS": "1", "NEWSDESK_SHARDS": str(SHARDS),
            **self.standin.environment, **self._urls, **environment,
        }  # fmt: skip
        settings = load_settings(given, self._folder / "no.env")
        bot = NewsdeskBot(settings, clock=at_noon, embedder=self._embedder)
        self._running[bot] = asyncio.create_task(bot.start(self.standin.token))
        return bot

    async def stop(self, bot: NewsdeskBot) -> None:
        await bot.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._running.pop(bot), scaled(10))

    async def stop_all(self) -> None:
        for bot in list(self._running):
            await self.stop(bot)

    async def share(self, *bots: NewsdeskBot) -> None:
        """Wait until these serve all servers, each a fair share."""

        def shares() -> list[int]:
            return [len({g.shard_id for g in bot.guilds if not g.unavailable}) for bot in bots]

        most = -(-SHARDS // len(bots))
        await until(lambda: sum(shares()) == SHARDS and max(shares()) <= most, 90, 0.1)

    def serving(self, guild: Guild) -> NewsdeskBot:
        [found] = [bot for bot in self._running if bot.get_guild(guild.id) is not None]
        return found


@pytest.fixture
async def bots(
    standin: DiscordStandIn, tmp_path: Path, postgres_url: str, chroma_url: str, embedder: Embedder
) -> AsyncIterator[Bots]:
    standin.gateway.shards = standin.gateway.starts.max_concurrency = SHARDS
    urls = {"NEWSDESK_DATABASE_URL": postgres_url, "NEWSDESK_CHROMA_URL": chroma_url}
    made = Bots(standin, tmp_path, urls, embedder)
    yield made
    await made.stop_all()


async def test_two_bots_answer_side_by_side_and_the_other_writes_when_one_ends(
    bots: Bots, standin: DiscordStandIn
) -> None:
    guilds = [standin.guild(f"Harbour {shard}", shard=shard) for shard in range(SHARDS)]
    ada = standin.user("Ada")
    for guild in guilds:
        standin.member(guild, ada)
    first = await bots.start("first")
    await bots.share(first)
    for guild in guilds:
        await Running(first, standin).bring_in(guild)
    second = await bots.start("second")
    await bots.share(first, second)
    assert first.services.library.writable
    assert not second.services.library.writable
    served = Counter(bots.serving(guild) for guild in guilds)
    assert served == {first: 4, second: 4}
    answers = {}
    for guild in guilds:
        channel = standin.channel(guild)
        reply = await ada.slash(channel, "ask", question="How much did the Lantern Bridge cost?")
        answers[guild.id] = (await reply.final(lambda m: "412 million" in m.text)).text
    assert len({text.partition("\n")[0] for text in answers.values()}) == 1
    await bots.stop(first)
    await until(lambda: second.services.library.writable, 90, 0.1)
    await bots.share(second)
    assert len(await known_guilds(second.services.library.database)) == SHARDS
    channel = standin.channel(guilds[0])
    reply = await ada.slash(channel, "ask", question="How much did the Lantern Bridge cost?")
    await reply.final(lambda m: "412 million" in m.text)
    await Running(second, standin).bring_in(guilds[1], [])


async def test_a_second_bot_without_a_chroma_server_says_what_it_needs(
    bots: Bots, standin: DiscordStandIn
) -> None:
    first = await bots.start("first")
    await until(first.is_ready, 90, 0.1)
    second = await bots.start("second", NEWSDESK_CHROMA_URL="")
    with pytest.raises(StorageError) as refused:
        await bots._running.pop(second)
    assert refused.value.code == "gateway-needs-chroma"
    await second.close()
