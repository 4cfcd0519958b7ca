"""A process that shares its shards with others and answers each message with its own number.

``python -m tests.integration.discord.shard_child DATABASE API GATEWAY TOKEN SHARDS SECONDS``
"""

from __future__ import annotations

import asyncio
import os
import sys

import discord

from bot.client import least_intents
from bot.ops.discord_endpoints import use_endpoints
from bot.ops.identify_turns import IdentifyTurns
from bot.services.shard_leases import ShardLeases
from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Leases
from retrieval.catalogue.server import DatabaseServer


class Child(discord.AutoShardedClient):
    """The part of the bot that connects: everything but what it answers with."""

    def __init__(self, database: Database, shards: int, seconds: float) -> None:
        super().__init__(
            intents=least_intents(message_content=True), shard_count=shards,
            guild_ready_timeout=0.1, max_messages=None,
        )  # fmt: skip
        leases = Leases(database, str(os.getpid()))
        self.turns = IdentifyTurns(leases, seconds=0.6)
        self.leases = ShardLeases(self, leases, shards, seconds=seconds, pause=seconds / 5)

    async def setup_hook(self) -> None:
        await self.leases.join()

    async def launch_shards(self) -> None:
        await self.leases.launch()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        self.leases.require(shard_id or 0)
        await self.turns.wait(shard_id or 0)
        self.leases.require(shard_id or 0)

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            await message.reply(f"{os.getpid()}: {message.content}")

    async def close(self) -> None:
        await super().close()
        await self.leases.close()


async def main(
    database: str, api: str, gateway: str, token: str, shards: str, seconds: str
) -> None:
    use_endpoints(api, gateway, None)
    opened = await Database.open(DatabaseServer(database))
    client = Child(opened, int(shards), float(seconds))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(15, stop.set)
    running = asyncio.create_task(client.start(token))
    await asyncio.wait([running, asyncio.ensure_future(stop.wait())], return_when="FIRST_COMPLETED")
    await client.close()
    await running
    await opened.close()


if __name__ == "__main__":
    discord.utils.setup_logging()
    asyncio.run(main(*sys.argv[1:]))
