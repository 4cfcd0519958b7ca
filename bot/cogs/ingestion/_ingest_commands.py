"""``/ingest url``, ``file`` and ``text``, and "Ingest this"."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import for_moderators
from bot.cogs.ingestion._files import check_file, store_upload
from bot.cogs.ingestion._pasted_text import PasteForm
from bot.errors import UserError
from bot.i18n import say_note
from bot.i18n.translator import command_text
from bot.services.job_progress import acknowledge_publicly
from bot.ui.links import link_of, links_of, parts_of
from bot.ui.pages import note
from retrieval.catalogue.jobs import JobSource

_TOLD = 5


@for_moderators
class IngestCommands(
    commands.GroupCog, group_name="ingest", group_description=command_text("command-ingest")
):
    """The commands of ``/ingest``, and "Ingest this"."""

    def __init__(self, bot: commands.AutoShardedBot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._menu = for_moderators(
            app_commands.ContextMenu(
                name=command_text("command-ingest-this"), callback=self._ingest_this
            )
        )

    async def cog_load(self) -> None:
        """Add the menu entry."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu entry."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(name="url", description=command_text("command-ingest-url"))
    @app_commands.describe(links=command_text("command-ingest-url-links"))
    async def url(self, interaction: discord.Interaction[Any], links: str) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        wanted = dict.fromkeys(link_of(each) for each in links.split())
        if not wanted:
            raise UserError("ingest-nothing")
        message_id = await acknowledge_publicly(interaction)
        sources = [JobSource("url", each) for each in wanted]
        await self._services.job_board.bring_in(interaction, context, sources, message_id)

    @app_commands.command(name="file", description=command_text("command-ingest-file"))
    @app_commands.describe(file=command_text("command-ingest-file-file"))
    async def file(self, interaction: discord.Interaction[Any], file: discord.Attachment) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        check_file(file, self._services.settings.max_upload_bytes)
        message_id = await acknowledge_publicly(interaction)
        source = await store_upload(file, self._services)
        await self._services.job_board.bring_in(interaction, context, [source], message_id)

    @app_commands.command(name="text", description=command_text("command-ingest-text"))
    async def text(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await interaction.response.send_modal(PasteForm(self._services, context.say))

    async def _ingest_this(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        """Ingest every link and file of a message. What can't be read is skipped and reported."""
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        files = [file for part in parts_of(message) for file in part.attachments]
        links = links_of(message)
        if not links and not files:
            raise UserError("ingest-nothing-in-message")
        most = self._services.settings.max_upload_bytes
        sources: list[JobSource] = []
        readable: list[discord.Attachment] = []
        refused: list[UserError] = []
        for link in links:
            with _noting(refused):
                sources.append(JobSource("url", link_of(link)))
        for file in files:
            with _noting(refused):
                check_file(file, most)
                readable.append(file)
        if not sources and not readable:
            raise refused[0]
        message_id = await acknowledge_publicly(interaction)
        for file in readable:
            with _noting(refused):
                sources.append(await store_upload(file, self._services))
        if not sources:
            raise refused[0]
        tells = bool(refused) and message_id is not None
        if tells:
            # A follow-up to an empty response would become the response itself.
            await interaction.edit_original_response(embed=note(context.say("job-coming")).embed)
        await self._services.job_board.bring_in(interaction, context, sources, message_id)
        if tells:
            words = "\n".join(say_note(each.note, context.say) for each in refused[:_TOLD])
            await interaction.followup.send(embed=note(words).embed, ephemeral=True)


@contextlib.contextmanager
def _noting(refused: list[UserError]) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        refused.append(error)
