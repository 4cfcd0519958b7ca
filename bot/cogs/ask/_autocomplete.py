"""Sources suggested while somebody types, for every command that takes one."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands

from bot.bootstrap import Services
from bot.ui.escaping import unmarked

SUGGESTIONS = 25
SUGGEST_SECONDS = 2.0
LONGEST_SUGGESTION = 100


async def suggest_sources(
    services: Services, interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """The publishers whose names begin so, of what this person may read."""
    context = await services.contexts.of_interaction(interaction)
    async with asyncio.timeout(SUGGEST_SECONDS):
        corpus = await services.ask.suggesting_from(context)
        if corpus is None:
            return []
        names = await services.library.source_names(corpus, typed)
    return [
        app_commands.Choice(name=unmarked(name, LONGEST_SUGGESTION), value=name)
        for name in names
        if name.strip() and len(name) <= LONGEST_SUGGESTION
    ][:SUGGESTIONS]
