"""Whole bots that share the shards of one database."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from retrieval.embedders import Embedder
from tests.deadlines import scaled, until
from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import at_noon


class Bots:
    """Bots with folders of their own on one database. ``urls`` are the settings that name it and the
    Chroma server; there are as many shards as the stand-in has."""

    def __init__(
        self, standin: DiscordStandIn, folder: Path, urls: dict[str, str], embedder: Embedder
    ) -> None:
        self.standin = standin
        self.shards = standin.gateway.shards
        self.running: dict[NewsdeskBot, asyncio.Task[None]] = {}
        self._folder = folder
        self._urls = urls
        self._embedder = embedder

    async def start(self, name: str, **environment: str) -> NewsdeskBot:
        given = {
            "NEWSDESK_DATA_DIR": str(self._folder / name), "NEWSDESK_COOLDOWN_SECONDS": "0",
            "NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS": "1", "NEWSDESK_SHARDS": str(self.shards),
            **self.standin.environment, **self._urls, **environment,
        }  # fmt: skip
        settings = load_settings(given, self._folder / "no.env")
        bot = NewsdeskBot(settings, clock=at_noon, embedder=self._embedder)
        self.running[bot] = asyncio.create_task(bot.start(self.standin.token))
        return bot

    async def stop(self, bot: NewsdeskBot) -> None:
        await bot.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.running.pop(bot), scaled(10))

    async def stop_all(self) -> None:
        for bot in list(self.running):
            await self.stop(bot)

    async def share(self, *bots: NewsdeskBot) -> None:
        """Wait until these serve all servers, each a fair share."""

        def shares() -> list[int]:
            return [len({g.shard_id for g in bot.guilds if not g.unavailable}) for bot in bots]

        most = -(-self.shards // len(bots))
        await until(lambda: sum(shares()) == self.shards and max(shares()) <= most, 90, 0.1)

    def serving(self, guild: Guild) -> NewsdeskBot:
        [found] = [bot for bot in self.running if bot.get_guild(guild.id) is not None]
        return found
