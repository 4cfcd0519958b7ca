"""The Discord stand-in as the fixture `standin`, for bots in the test's own process or another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from discord import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.ops.discord_endpoints import use_endpoints
from tests.discord_standin import DiscordStandIn


@contextmanager
def addresses_of(standin: DiscordStandIn) -> Iterator[None]:
    """Inside, discord.py in this process takes the stand-in for Discord."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    use_endpoints(standin.api_url, standin.gateway_url, standin.cdn_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before


@pytest.fixture
async def standin() -> AsyncIterator[DiscordStandIn]:
    """A Discord of this test's own, in its loop; the test fails if the bot broke Discord's rules."""
    async with DiscordStandIn() as made:
        made.gateway.starts.pace = 0.0  # tests start a bot again at once
        with addresses_of(made):
            yield made
    assert not made.violations, "\n".join(map(str, made.violations))
