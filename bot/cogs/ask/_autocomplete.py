"""Suggest sources while somebody types, for every command that takes one."""

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


def holds_words(text: str, typed: str) -> bool:
    """Return whether a text contains all words that were typed, in upper or lower case."""
    folded = text.casefold()
    return all(word in folded for word in typed.casefold().split())


async def suggest_sources(
    services: Services, interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    """Return up to 25 publishers whose names contain what was typed, from the corpora that this
    person may read. Raises ``TimeoutError`` after two seconds."""
    context = await services.contexts.of_interaction(interaction)
    async with asyncio.timeout(SUGGEST_SECONDS):
        corpora = await services.ask.suggesting_from(context)
        known = [await services.library.source_names(corpus, typed) for corpus in corpora]
    names = dict.fromkeys(name for of_one in known for name in of_one)
    return [
        app_commands.Choice(name=unmarked(name, LONGEST_SUGGESTION), value=name)
        for name in names
        if name.strip() and len(name) <= LONGEST_SUGGESTION
    ][:SUGGESTIONS]
