"""``/audit``: who did what."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.cogs._moderator_checks import acknowledge, for_moderators, moderator_of, send_pages
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.ui.moderation import audit_lines
from bot.ui.pager import paged

_MOST = 500


class AuditCommands(commands.Cog):
    def __init__(self, services: Services) -> None:
        self._services = services

    @for_moderators
    @app_commands.command(name="audit", description=command_text("command-audit"))
    @app_commands.describe(about=command_text("command-audit-about"))
    async def audit(
        self,
        interaction: discord.Interaction[Any],
        about: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        moderator = await moderator_of(self._services, context)
        entries = await moderator.audit_log.read(
            subject=about.strip() if about else None, limit=_MOST
        )
        if not entries:
            raise UserError("audit-none")
        lines = (audit_lines(entry, context.say) for entry in entries)
        await send_pages(
            self._services,
            interaction,
            context,
            paged(context.say("audit-title"), lines, context.say),
        )


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(AuditCommands(bot.services))
