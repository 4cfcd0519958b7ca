"""``/help``: what members and moderators can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.i18n import Say, language_of
from bot.i18n.command_names import with_commands
from bot.i18n.translator import command_text
from bot.ui.escaping import plain
from bot.ui.pages import ANSWER, note

MEMBERS = (
    "ask",
    "digest",
    "timeline",
    "compare",
    "summary story",
    "subscribe digest",
    "subscribe topic",
    "usage",
    "privacy show",
)
MODERATORS = (
    "setup",
    "settings show",
    "feeds add",
    "ingest url",
    "articles find",
    "report",
    "audit",
)
_EXAMPLES = 3
_LOOKED_AT = 12
_SOURCES = 12
_TITLE = 90


class HelpCommands(commands.Cog):
    """The command ``/help``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="help", description=command_text("command-help"))
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        say = context.say
        language = language_of(context.settings.language or interaction.locale.value)
        await interaction.response.defer(ephemeral=True)
        newest: list[str] = []
        if context.corpus is not None:
            newest = await self._newest_titles(context.corpus)
        examples = [say("help-example-story", title=title) for title in newest]
        lines = [say("help-what"), say("help-time"), say("help-privacy")]
        embed = note("\n\n".join(lines), ANSWER).embed
        embed.title = say("help-title")
        embed.add_field(
            name=say("help-members"), value=_listed(MEMBERS, language, say), inline=False
        )
        asked = [say("help-example", example=each) for each in (*examples, say("example-question"))]
        embed.add_field(name=say("help-examples"), value="\n".join(asked), inline=False)
        if context.corpus is not None:
            sources = await self._sources(context.corpus, say)
            embed.add_field(name=say("sources"), value=sources, inline=False)
        if context.is_moderator and context.guild_id is not None:
            embed.add_field(
                name=say("help-moderators"), value=_listed(MODERATORS, language, say), inline=False
            )
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def _newest_titles(self, corpus: str) -> list[str]:
        """Return headlines to ask about, with different words."""
        catalogue = self._services.library.catalogue
        known = await catalogue.corpora.by_name(corpus)
        if known is None:
            return []
        newest = await catalogue.articles.newest(known, self._services.library.clock(), _LOOKED_AT)
        titles = dict.fromkeys(plain(each.title or "", _TITLE) for each in newest)
        return [title for title in titles if title][:_EXAMPLES]

    async def _sources(self, corpus: str, say: Say) -> str:
        counts = {entry.name: entry for entry in await self._services.library.counts()}
        found = counts.get(corpus)
        if found is None or not found.articles:
            return say("nothing-here-yet")
        names = await self._services.library.source_names(corpus)
        listed = ", ".join(plain(name, 40) for name in names[:_SOURCES])
        more = f" +{len(names) - _SOURCES}" if len(names) > _SOURCES else ""
        newest = plain(found.newest_title or "", 150)
        return f"{say('help-has', count=found.articles, newest=newest)}\n{listed}{more}"


def _listed(names: Sequence[str], language: str, say: Say) -> str:
    """Return commands with what they do, as clickable mentions."""
    return "\n".join(
        f"{with_commands(f'`/{name}`', language)} · {say('command-' + name.replace(' ', '-'))}"
        for name in names
    )


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(HelpCommands(bot.services))
