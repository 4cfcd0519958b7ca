"""``/ask`` and the entry "Ask about this" of a message's menu."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs.ask._autocomplete import suggest_sources
from bot.cogs.ask._context import AboutForm
from bot.cogs.ask._delivery import acknowledged
from bot.cogs.ask._threads import open_thread
from bot.i18n.translator import command_text
from bot.services.answers import LONGEST_QUESTION


class AskCommands(commands.Cog):
    """``/ask`` and "Ask about this"."""

    def __init__(self, bot: commands.AutoShardedBot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._menu = app_commands.ContextMenu(
            name=command_text("command-ask-about"), callback=self._about_this
        )

    async def cog_load(self) -> None:
        """Add the menu entry."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu entry."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(name="ask", description=command_text("command-ask"))
    @app_commands.describe(
        question=command_text("command-ask-question"),
        since=command_text("command-ask-since"),
        source=command_text("command-ask-source"),
        private=command_text("command-ask-private"),
    )
    async def ask(
        self,
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, LONGEST_QUESTION],
        since: app_commands.Range[str, 1, 60] | None = None,
        source: app_commands.Range[str, 1, 100] | None = None,
        private: bool | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        ask = self._services.ask
        ask.admit(context, question)
        hidden = context.hides(private)
        with self._services.requests.acknowledging():
            delivery = await acknowledged(interaction, private=hidden)
        moment = await ask.since(since, interaction.locale.value, context.settings.zone)
        channel = interaction.channel
        going_on = await ask.going_on_in(channel)
        request = ask.request(
            context,
            question,
            since=moment,
            source=source,
            about=going_on,
            topics=ask.topics_in(channel),
        )
        posted = await ask.ask(context, delivery, request)
        if posted is not None and not hidden:
            await open_thread(self._services, context, channel, question, posted)

    @ask.autocomplete("source")
    async def _sources(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_sources(self._services, interaction, typed)

    async def _about_this(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_asking()
        await interaction.response.send_modal(AboutForm(self._services, context, message))
