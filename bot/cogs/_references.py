"""Suggest articles for moderators' commands."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import Suggested, moderator_of, suggest
from bot.services.permissions import RequestContext

_MOST = 25

Reference = app_commands.Range[str, 1, 1000]


async def suggest_articles(
    services: Services,
    interaction: discord.Interaction[Any],
    typed: str,
    *,
    removed: bool | None = None,
) -> list[app_commands.Choice[str]]:
    """Return articles whose title, publisher or link contains what was typed, newest first;
    ``removed`` limits them to removed or to other ones."""

    async def find(context: RequestContext, corpus: str) -> Suggested:
        moderator = await moderator_of(services, context)
        cards = await moderator.articles.find(typed, _MOST, removed)
        return [
            (" · ".join(filter(None, (card.title, card.source))), card.article_id) for card in cards
        ]

    return await suggest(services, interaction, find)
