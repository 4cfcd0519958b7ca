"""Suggest the feeds of a server."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import Suggested, suggest
from bot.cogs.ask._autocomplete import holds_words
from bot.services.permissions import RequestContext


async def suggest_feeds(
    services: Services, interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Return the feeds whose number, name or address contains what was typed."""

    async def find(context: RequestContext, corpus: str) -> Suggested:
        feeds = await services.ingestion.feeds.feeds(corpus)
        return [
            (
                f"{feed.id} · {feed.name} · {context.say(f'feed-state-{feed.state}')}",
                str(feed.id),
            )
            for feed in feeds
            if holds_words(f"{feed.id} {feed.name} {feed.url}", typed)
        ]

    return await suggest(services, interaction, find)
