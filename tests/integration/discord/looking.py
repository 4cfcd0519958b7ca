"""How tests tell a final form from one that is still being written, and what the log may say."""

from __future__ import annotations

import logging

import pytest

from tests.discord_standin import Channel, DiscordStandIn, Message


def footer(message: Message) -> str:
    return " ".join((embed.get("footer") or {}).get("text", "") for embed in message.embeds)


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


async def thread_in(standin: DiscordStandIn, channel: Channel) -> Channel:
    """The thread that the bot opens in a channel."""
    await standin.wait_until(lambda: bool(standin.threads(channel)))
    return standin.threads(channel)[0]
