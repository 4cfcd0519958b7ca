"""``/report`` and the entry "Correct this answer" of a message's menu."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import acknowledge, for_moderators
from bot.cogs.report._notes import AnswerNoteHandlers
from bot.i18n.translator import command_text
from bot.ui.report import report_page

_DAYS = {"day": 1, "week": 7, "month": 30}


class ReportCommands(commands.Cog):
    """``/report`` and "Correct this answer"."""

    def __init__(
        self, bot: commands.AutoShardedBot, services: Services, handlers: AnswerNoteHandlers
    ) -> None:
        self._bot = bot
        self._services = services
        self._handlers = handlers
        self._menu = for_moderators(
            app_commands.ContextMenu(
                name=command_text("command-correct-answer"), callback=self._correct
            )
        )

    async def cog_load(self) -> None:
        """Add the menu entry."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu entry and stop the reports."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)
        await self._services.report.stop()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Start the weekly reports, now that servers are known. Discord may send this event
        again."""
        self._services.report.start()

    @for_moderators
    @app_commands.command(name="report", description=command_text("command-report"))
    @app_commands.describe(period=command_text("command-report-period"))
    @app_commands.choices(period=[app_commands.Choice(name=name, value=name) for name in _DAYS])
    async def report(
        self,
        interaction: discord.Interaction[Any],
        period: app_commands.Choice[str] | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        now = self._services.library.clock()
        since = now - timedelta(days=_DAYS[period.value if period else "week"])
        # Include what was asked at this very moment.
        found = await self._services.report.report(
            context.require_guild(), since, now + timedelta(seconds=1)
        )
        page = report_page(found, context.say)
        await interaction.edit_original_response(embed=page.embed, view=page.view)

    async def _correct(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        await self._handlers.open_form(interaction, message_id=message.id)
