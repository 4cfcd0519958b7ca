"""``/setup`` with its checklist, and the greeting in a server that the bot joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import acknowledge, for_moderators
from bot.cogs.setup._forms import FeedForm, ZoneForm
from bot.i18n import translator_for
from bot.i18n.translator import command_text
from bot.services.permissions import RequestContext
from bot.subscriptions.runner import DeliveryRefused
from bot.ui import error_pages
from bot.ui.pages import note
from bot.ui.setup import OWN_LANGUAGE, checklist_page, setup_button


class SetupCommands(commands.Cog):
    """The command ``/setup``, with the buttons and menus of the checklist."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @for_moderators
    @app_commands.command(name="setup", description=command_text("command-setup"))
    async def setup(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        await self.show(interaction)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Greet a new server once, where the bot may write, with what to do next."""
        settings = await self._services.guild_settings.of(guild.id)
        channel = _first_channel(guild)
        if settings.welcomed or channel is None:
            return
        await self._services.guild_settings.change(guild.id, welcomed=True)
        say = translator_for(settings.language or guild.preferred_locale.value)
        try:
            await channel.send(embed=note(say("welcome")).embed, view=setup_button(say))
        except discord.HTTPException as error:
            error_pages.log(error, "welcome", server=guild.id)

    async def setup_used(
        self, interaction: discord.Interaction[Any], action: str, values: Sequence[str]
    ) -> None:
        """Do what a button or menu of the checklist says. Never raises: errors are shown to the
        person."""
        try:
            context = await self._services.contexts.of_interaction(interaction)
            context.require_moderator()
            if action == "feed":
                await interaction.response.send_modal(FeedForm(self._services, context, self.show))
            elif action == "zone":
                await interaction.response.send_modal(ZoneForm(self._services, context, self.show))
            elif action == "open":
                await acknowledge(interaction)
                await self.show(interaction)
            else:
                await interaction.response.defer()
                await self.show(interaction, await self._do(interaction, context, action, values))
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            say = translator_for(interaction.locale.value)
            await error_pages.report(interaction, error, say, f"setup {action}")

    async def show(self, interaction: discord.Interaction[Any], remark: str | None = None) -> None:
        """Show the current checklist; ``remark`` is what was just done. The interaction must be
        acknowledged."""
        context = await self._services.contexts.of_interaction(interaction)
        state = await self._services.setup.checklist(context)
        page = checklist_page(state, context.say, remark)
        await interaction.edit_original_response(embed=page.embed, view=page.view)

    async def _do(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        action: str,
        values: Sequence[str],
    ) -> str | None:
        """Do an action and return what to say about it; None for nothing."""
        if action == "digest":
            chosen = int(values[0]) if values else None
            await self._services.setup.set_digest(context, chosen, interaction.locale.value)
        elif action == "language":
            language = None if values[0] == OWN_LANGUAGE else values[0]
            await self._change(context, language=language)
        elif action in ("channels", "roles"):
            name = "channels" if action == "channels" else "ask_roles"
            await self._change(context, **{name: tuple(map(int, values))})
        elif action == "post":
            return await self._post(context)
        return None

    async def _post(self, context: RequestContext) -> str:
        """Send today's digest now, as if it were due."""
        digest = await self._services.setup.digest_of(context)
        if digest is None:
            return context.say("setup-no-digest")
        try:
            sent = await self._services.subscriptions.send_now(digest)
        except DeliveryRefused as error:
            return error.why
        if not sent:
            return context.say("setup-nothing-to-post")
        return context.say("setup-posted", channel=f"<#{digest.channel_id}>")

    async def _change(self, context: RequestContext, **changes: Any) -> None:
        by = (context.require_moderator(), context.actor)
        await self._services.guild_settings.change(context.require_guild(), by=by, **changes)


def _first_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Return the channel for a greeting: the system channel, or the first one that the bot may
    write in; None if there is none."""
    for channel in (guild.system_channel, *guild.text_channels):
        if channel is not None:
            rights = channel.permissions_for(guild.me)
            if rights.send_messages and rights.view_channel and rights.embed_links:
                return channel
    return None
