"""How tests tell a final form from one that is still being written, and what the log may say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from bot.client import NewsdeskBot
from bot.storage.guild_settings import guilds_removed_before, known_guilds
from tests.deadlines import scaled
from tests.discord_standin import Channel, DiscordStandIn, Message
from tests.discord_standin.model import TEXT_DISPLAY, walk


def footer(message: Message) -> str:
    """The small print of a message: of its embeds, or the last lines of its components' texts."""
    said = [(embed.get("footer") or {}).get("text", "") for embed in message.embeds]
    texts = [p["content"] for p in walk(message.components) if p["type"] == TEXT_DISPLAY]
    return " ".join([*said, *(text for text in texts if text.startswith("-# "))])


def whole(message: Message) -> bool:
    """Whether it is an answer in its final form: those bear their id."""
    return "id " in footer(message)


def begun(message: Message) -> bool:
    """Whether it is an answer that is being written."""
    return "writing" in footer(message)


def told(log: pytest.LogCaptureFixture) -> list[str]:
    """What the operator is told of trouble by the bot itself."""
    return [
        record.getMessage()
        for record in log.records
        if record.name.startswith("bot.") and record.levelno >= logging.WARNING
    ]


async def eventually(look: Callable[[], Awaitable[object]], timeout: float = 10.0) -> None:
    """Until ``look`` finds something; ``TimeoutError`` after ``timeout`` seconds."""
    async with asyncio.timeout(scaled(timeout)):
        while not await look():
            await asyncio.sleep(0.02)


async def noted(bot: NewsdeskBot, guild_id: int, *, gone: bool) -> None:
    """Until the bot has put down that a server is there, or that it removed the bot."""

    async def look() -> bool:
        database = bot.services.library.database
        known = await guilds_removed_before(database, datetime.max) if gone else await known_guilds(database)  # fmt: skip
        return guild_id in known

    await eventually(look)


async def thread_in(standin: DiscordStandIn, channel: Channel) -> Channel:
    """The thread that the bot opens in a channel."""
    await standin.wait_until(lambda: bool(standin.threads(channel)))
    return standin.threads(channel)[0]
