"""Show an answer with its evidence, and correct it with a note that is shown with it."""

from __future__ import annotations

from typing import Any

import discord

from bot.answering.serialization import from_record
from bot.bootstrap import Services
from bot.cogs._moderator_checks import acknowledge
from bot.errors import UserError
from bot.i18n import translator_for
from bot.services.answers import texts_of
from bot.services.permissions import RequestContext
from bot.storage.answer_notes import note_on, set_note
from bot.storage.answers import StoredAnswer, answer_by_id, answer_by_message, feedback_counts
from bot.ui import error_pages
from bot.ui.answers import AnswerContext, answer_pages, set_note_field, sources_pages
from bot.ui.forms import Form
from bot.ui.pages import note
from bot.ui.report import note_view
from retrieval.moderation import removals

LONGEST_NOTE = 800


class AnswerNoteHandlers:
    """Handles the buttons and menus of reports. Errors are shown to the person who pressed."""

    def __init__(self, client: discord.Client, services: Services) -> None:
        self._client = client
        self.services = services

    async def note_pressed(self, interaction: discord.Interaction[Any], answer_id: str) -> None:
        """Open the form for a note on an answer."""
        try:
            await self.open_form(interaction, answer_id=answer_id)
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            say = translator_for(interaction.locale.value)
            await error_pages.report(interaction, error, say, "button note")

    async def answer_chosen(self, interaction: discord.Interaction[Any], answer_id: str) -> None:
        """Show an answer of a report with its sources and its feedback."""
        try:
            context = await self.services.contexts.of_interaction(interaction)
            context.require_moderator()
            await acknowledge(interaction)
            await self._show(interaction, context, await self.find(context, answer_id=answer_id))
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            say = translator_for(interaction.locale.value)
            await error_pages.report(interaction, error, say, "menu of a report")

    async def open_form(
        self,
        interaction: discord.Interaction[Any],
        *,
        answer_id: str | None = None,
        message_id: int | None = None,
    ) -> None:
        """Open the form for a note on an answer, given by its id or its message. Raises
        ``UserError``."""
        context = await self.services.contexts.of_interaction(interaction)
        given = await self.find(context, answer_id=answer_id, message_id=message_id)
        said = await note_on(self.services.library.database, given.corpus, asked(given))
        await interaction.response.send_modal(
            NoteForm(self, context, given, said.text if said else None)
        )

    async def find(
        self,
        context: RequestContext,
        *,
        answer_id: str | None = None,
        message_id: int | None = None,
    ) -> StoredAnswer:
        """Return an answer, if this moderator may judge it. Raises ``UserError``
        (``not-an-answer``, ``answer-gone``)."""
        corpus, database = context.require_moderator(), self.services.library.database
        given = None
        if answer_id is not None:
            given = await answer_by_id(database, answer_id)
        elif message_id is not None:
            given = await answer_by_message(database, message_id)
            if given is None:
                raise UserError("not-an-answer")
        if given is None or given.corpus != corpus:
            raise UserError("answer-gone")
        # With one corpus for all servers, each only sees what was asked in it.
        direct = given.guild_id is None and not self.services.contexts.is_shared
        if given.guild_id != context.guild_id and not direct:
            raise UserError("answer-gone")
        if not given.question or not given.answer:
            raise UserError("answer-gone")
        return given

    async def keep(self, context: RequestContext, given: StoredAnswer, text: str) -> None:
        """Store a note, or remove it if ``text`` is empty, and update the answer's message. Raises
        ``UserError`` and ``StorageError``."""
        library, database = self.services.library, self.services.library.database
        await library.ensure_corpus(given.corpus)
        corpus = await library.catalogue.corpora.by_name(given.corpus)
        if corpus is None:
            raise UserError("answer-gone")
        await set_note(
            database,
            corpus,
            asked(given),
            text,
            answer_id=given.id,
            user_id=context.user.id,
            actor=context.actor,
            now=library.clock(),
        )
        if given.message_id is None or given.private or given.guild_id is None:
            return  # only its reader can see it, and Discord doesn't let the bot edit it
        said = await note_on(database, given.corpus, asked(given))
        guild = self._client.get_guild(given.guild_id)
        channel = guild.get_channel_or_thread(given.channel_id) if guild else None
        if not isinstance(channel, discord.abc.Messageable):
            return
        try:
            message = await channel.fetch_message(given.message_id)
            if message.embeds:
                embed = set_note_field(message.embeds[-1], said, context.say)
                await message.edit(embeds=[*message.embeds[:-1], embed])
        except discord.HTTPException as error:
            error_pages.log(error, "note on an answer", server=given.guild_id)

    async def _show(
        self, interaction: discord.Interaction[Any], context: RequestContext, given: StoredAnswer
    ) -> None:
        database, say = self.services.library.database, context.say
        good, bad = await feedback_counts(database, given.id)
        said = await note_on(database, given.corpus, asked(given))
        answer = from_record(given.question or "", given.answer)
        words = f"👍 {good} · 👎 {bad}"
        if given.message_id is not None and given.guild_id is not None and not given.private:
            link = f"{given.guild_id}/{given.channel_id}/{given.message_id}"
            words += f" · https://discord.com/channels/{link}"
        await interaction.edit_original_response(
            embed=note(words).embed, view=note_view(given.id, say)
        )
        frame = AnswerContext(given.id, given.at, say, given.question, note=said)
        cited = [citation.article.article_id for citation in answer.citations]
        removed = await removals(self.services.library, given.corpus, cited)
        texts = await texts_of(self.services.library, cited)
        pages = answer_pages(answer, frame)
        if answer.citations:
            pages += sources_pages(answer.citations, say, removed, texts)
        for page in pages:
            await interaction.followup.send(ephemeral=True, **page.sent())


class NoteForm(Form):
    """The form for a moderators' note; left empty, it removes the note."""

    def __init__(
        self,
        handlers: AnswerNoteHandlers,
        context: RequestContext,
        given: StoredAnswer,
        said: str | None,
    ) -> None:
        super().__init__(title=context.say("note-form-title"), say=context.say)
        self._handlers = handlers
        self._given = given
        self._note: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=context.say("note-form-label"),
            style=discord.TextStyle.paragraph,
            default=said,
            max_length=LONGEST_NOTE,
            required=False,
        )
        self.add_item(self._note)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Store the note. Raises ``UserError``."""
        context = await self._handlers.services.contexts.of_interaction(interaction)
        # Read again: it may have been deleted while the form was open.
        given = await self._handlers.find(context, answer_id=self._given.id)
        await acknowledge(interaction)
        text = self._note.value.strip()
        await self._handlers.keep(context, given, text)
        words = context.say("note-kept" if text else "note-removed")
        await interaction.edit_original_response(embed=note(words).embed)


def asked(given: StoredAnswer) -> str:
    """Return the question of an answer, as it was understood if it was a follow-up."""
    return str(given.answer.get("asked") or given.question or "")
