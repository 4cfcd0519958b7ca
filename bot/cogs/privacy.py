"""``/privacy``: show what is stored about a person, and delete it."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.i18n import Say
from bot.i18n.translator import command_text
from bot.services.permissions import RequestContext
from bot.storage.answers import feedback_of, forget_user, other_answers_of, questions_of
from bot.storage.subscriptions import forget_subscriptions, subscriptions_of
from bot.ui import error_pages
from bot.ui.pages import note

_SECONDS = 300.0


class PrivacyCommands(
    commands.GroupCog, group_name="privacy", group_description=command_text("command-privacy")
):
    """The commands of ``/privacy``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="show", description=command_text("command-privacy-show"))
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction, remembered=False)
        kept = await self._kept(context)
        head = [] if kept else [context.say("privacy-none")]
        used = await self._services.limits.of_person(context.user.id)
        if used.questions:
            kept.append(context.say("privacy-usage", count=used.questions))
        how = [context.say("privacy-how")] if not head else []
        text = "\n".join([*head, *(f"• {each}" for each in kept), *how])
        await interaction.response.send_message(embed=note(text).embed, ephemeral=True)

    @app_commands.command(name="forget", description=command_text("command-privacy-forget"))
    async def forget(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction, remembered=False)
        if not await self._kept(context):
            # What is only held for a while is deleted without confirmation.
            await _forget_remembered(self._services, context.user.id)
            text = context.say("privacy-none")
            await interaction.response.send_message(embed=note(text).embed, ephemeral=True)
            return
        await interaction.response.send_message(
            embed=note(context.say("privacy-sure")).embed,
            view=_Confirmation(self._services, context.user.id, context.say),
            ephemeral=True,
        )

    async def _kept(self, context: RequestContext) -> list[str]:
        """Return what is stored about somebody, one line per kind."""
        database, user_id, say = self._services.library.database, context.user.id, context.say
        lines = []
        days = f"{self._services.settings.answer_retention_days:g}"
        if count := await questions_of(database, user_id):
            lines.append(say("privacy-kept", count=count, days=days))
        if count := await other_answers_of(database, user_id):
            lines.append(say("privacy-kept-summaries", count=count, days=days))
        if count := await feedback_of(database, user_id):
            lines.append(say("privacy-kept-feedback", count=count))
        if count := await subscriptions_of(database, user_id):
            lines.append(say("privacy-kept-subscriptions", count=count))
        if count := len(await self._services.contexts.seen_in(user_id)):
            lines.append(say("privacy-kept-servers", count=count))
        return lines


async def _forget_remembered(services: Services, user_id: int) -> None:
    await services.conversations.forget(user_id)
    services.ask.forget(user_id)
    await services.contexts.forget_seen(user_id)


class _Confirmation(discord.ui.View):
    """A button for the person who asked; its message says when it is done."""

    def __init__(self, services: Services, user_id: int, say: Say) -> None:
        super().__init__(timeout=_SECONDS)
        self._services = services
        self._user_id = user_id
        self._say = say
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=say("privacy-button"), style=discord.ButtonStyle.danger
        )
        button.callback = self._forget  # type: ignore[method-assign]
        self.add_item(button)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Return whether the person who asked pressed the button."""
        return interaction.user.id == self._user_id

    async def _forget(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        database = self._services.library.database
        count = await forget_user(database, self._user_id)
        await forget_subscriptions(database, user_id=self._user_id)
        await _forget_remembered(self._services, self._user_id)
        self.stop()
        text = self._say("privacy-done", count=count)
        await interaction.edit_original_response(embed=note(text).embed, view=None)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Show an error to the person."""
        await error_pages.report(interaction, error, self._say, "/privacy forget")


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(PrivacyCommands(bot.services))
