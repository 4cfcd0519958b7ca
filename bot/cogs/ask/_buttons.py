"""What the buttons under an answer do, each checked against the stored answer."""

from __future__ import annotations

import contextlib
from typing import Any

import discord

from bot.answering.models import Answer
from bot.answering.serialization import as_record, from_record
from bot.bootstrap import Services
from bot.cogs.ask._delivery import acknowledged
from bot.errors import UserError
from bot.i18n import translator_for
from bot.ops.logging import log_context, new_id
from bot.services.answers import LONGEST_QUESTION, texts_of
from bot.services.permissions import RequestContext
from bot.storage.answer_notes import ask_moderators, note_on
from bot.storage.answers import (
    StoredAnswer,
    answer_by_id,
    record_feedback,
    save_answer,
    set_message,
)
from bot.ui import error_pages
from bot.ui.answers import AnswerContext, answer_pages, sources_pages
from bot.ui.buttons import answer_view
from bot.ui.delivery import MessageDelivery
from bot.ui.delivery_channels import ChannelDelivery
from bot.ui.escaping import plain
from bot.ui.forms import Form
from bot.ui.pages import note
from bot.ui.report import note_view
from retrieval.moderation import removals


class AnswerButtonHandlers:
    """Handles buttons and menus. Methods of handlers never raise: errors are shown to the person
    who pressed."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def pressed(
        self, interaction: discord.Interaction[Any], action: str, answer_id: str
    ) -> None:
        """Do what a button of an answer says."""
        with log_context(answer_id):
            try:
                context = await self._services.contexts.of_interaction(interaction)
                await self._acknowledge(interaction, action)
                given = await self._verified(interaction, context, answer_id)
                await self._do(interaction, context, action, given)
            except Exception as error:  # noqa: BLE001 - told and logged in one place
                say = translator_for(interaction.locale.value)
                await error_pages.report(interaction, error, say, f"button {action}")

    async def chose(self, interaction: discord.Interaction[Any], value: str) -> None:
        """Remember the server that was chosen in direct messages, and answer the question that
        waited for it."""
        try:
            context = await self._services.contexts.of_interaction(interaction)
            await interaction.response.defer()
            guild = await self._services.ask.dm_guilds.choose(interaction.user, int(value))
            words = context.say("dm-chosen", server=plain(guild.name, 100))
            await interaction.edit_original_response(embed=note(words).embed)
            waiting = self._services.ask.waiting_of(interaction.user.id)
            if waiting is not None and isinstance(interaction.channel, discord.abc.Messageable):
                way = ChannelDelivery(interaction.channel, None, str(interaction.id))
                await waiting(context, MessageDelivery([way], private=False))
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            say = translator_for(interaction.locale.value)
            await error_pages.report(interaction, error, say, "menu of servers")

    async def _acknowledge(self, interaction: discord.Interaction[Any], action: str) -> None:
        """Tell Discord that a response is coming, before anything is looked up. Forms have to be
        the first response, and a shared copy is for everyone: these aren't acknowledged here."""
        if action in ("sources", "helpful", "not-helpful", "request"):
            await interaction.response.defer(ephemeral=True, thinking=True)
        elif action == "delete":
            await interaction.response.defer()

    async def _verified(
        self, interaction: discord.Interaction[Any], context: RequestContext, answer_id: str
    ) -> StoredAnswer:
        """Return the stored answer, if this button belongs to it. Raises ``UserError``."""
        await self._services.requests.wait_until_recorded(answer_id)
        given = await answer_by_id(self._services.library.database, answer_id)
        if given is None or not given.answer:
            raise UserError("answer-gone")
        message_id = interaction.message.id if interaction.message else None
        known = given.message_id is not None
        if (message_id != given.message_id) if known else (context.channel_id != given.channel_id):
            raise UserError("not-yours")
        await self._services.ask.require_reading(
            context, given, asking=interaction.response.is_done()
        )
        return given

    async def _do(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        action: str,
        given: StoredAnswer,
    ) -> None:
        answer = from_record(given.question or "", given.answer)
        if action == "sources":
            await self._show_sources(interaction, context, given, answer)
        elif action == "follow-up":
            context.require_asking()
            await interaction.response.send_modal(FollowUp(self._services, context, given))
        elif action in ("helpful", "not-helpful"):
            await record_feedback(
                self._services.library.database,
                given.id,
                context.user.id,
                helpful=action == "helpful",
                now=self._services.library.clock(),
            )
            # Moderators, who can correct an answer, are offered to.
            mends = action == "not-helpful" and context.guild_id and context.is_moderator
            more: dict[str, Any] = {"view": note_view(given.id, context.say)} if mends else {}
            words = note(context.say("thanks")).embed
            await interaction.edit_original_response(embed=words, **more)
        elif action == "request":
            await self._ask_moderators(interaction, context, given)
        elif action == "share":
            await self._share(interaction, context, given, answer)
        else:
            await self._delete(interaction, context, given)

    async def _show_sources(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        given: StoredAnswer,
        answer: Answer,
    ) -> None:
        cited = [citation.article.article_id for citation in answer.citations]
        removed = await removals(self._services.library, given.corpus, cited)
        texts = await texts_of(self._services.library, cited)
        pictures = {}
        if context.settings.pictures:
            pictures = await self._services.library.catalogue.articles.pictures(cited)
        first, *more = sources_pages(answer.citations, context.say, removed, texts, pictures)
        await interaction.edit_original_response(**first.edited())
        for page in more:
            await interaction.followup.send(ephemeral=True, **page.sent())

    async def _ask_moderators(
        self, interaction: discord.Interaction[Any], context: RequestContext, given: StoredAnswer
    ) -> None:
        """Record that somebody wants to know this, and tell moderators once, however many people
        want it. Moderators of servers shared with somebody who asked directly aren't told who it
        was."""
        library = self._services.library
        count = await ask_moderators(library.database, given.id, context.user.id, library.clock())
        key = "moderators-asked-directly" if given.guild_id is None else "moderators-asked"
        words = context.say("moderators-were-asked" if count is None else key)
        await interaction.edit_original_response(embed=note(words).embed)
        if count != 1:
            return
        if given.guild_id is None:
            servers = await self._services.ask.dm_guilds.servers_reading(context.user, given.corpus)
            await self._services.report.tell_moderators(given, servers, None)
        else:
            await self._services.report.tell_moderators(given, {given.guild_id}, context.user)

    async def _share(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        given: StoredAnswer,
        answer: Answer,
    ) -> None:
        """Post a copy that everyone sees, with an id and buttons of its own."""
        rights = interaction.permissions
        in_thread = isinstance(interaction.channel, discord.Thread)
        if not given.private or context.guild_id is None:
            raise UserError("not-yours")
        if not (rights.send_messages_in_threads if in_thread else rights.send_messages):
            raise UserError("not-allowed")
        cited = [citation.article.article_id for citation in answer.citations]
        if removed := await self._services.ask.removed_of(given, cited):
            raise UserError("rests-on-removed", at=removed)
        copy_id = new_id()
        await save_answer(
            self._services.library.database,
            StoredAnswer(
                copy_id,
                given.at,
                given.corpus,
                context.guild_id,
                context.channel_id,
                None,
                context.user.id,
                given.question,
                False,
                as_record(answer),
            ),
        )
        by = context.say("shared-by", user=plain(context.user.display_name, 80))
        database = self._services.library.database
        said = await note_on(database, given.corpus, answer.asked, given.question)
        frame = AnswerContext(copy_id, given.at, context.say, given.question, by, note=said)
        *before, last = answer_pages(answer, frame)
        view = answer_view(copy_id, answer, private=False, say=context.say)
        delivery = await acknowledged(interaction, private=False)
        message = await delivery.finish([*before, last.with_view(view)])
        if message is not None:
            await set_message(
                self._services.library.database, copy_id, message.channel.id, message.id
            )

    async def _delete(
        self, interaction: discord.Interaction[Any], context: RequestContext, given: StoredAnswer
    ) -> None:
        if context.user.id != given.user_id and not context.is_moderator:
            raise UserError("not-yours")
        channel = interaction.channel
        for message_id in given.answer.get("earlier", ()):
            if isinstance(channel, discord.TextChannel | discord.Thread | discord.DMChannel):
                with contextlib.suppress(discord.NotFound, discord.Forbidden):
                    await channel.get_partial_message(message_id).delete()
        await interaction.delete_original_response()


class FollowUp(Form):
    """The form for a follow-up question to an answer."""

    def __init__(self, services: Services, context: RequestContext, given: StoredAnswer) -> None:
        super().__init__(title=context.say("follow-up-title"), say=context.say)
        self._services = services
        self._given = given
        self._question: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=context.say("follow-up-label"),
            placeholder=context.say("follow-up-placeholder"),
            max_length=LONGEST_QUESTION,
        )
        self.add_item(self._question)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the follow-up question. Raises ``UserError``."""
        context = await self._services.contexts.of_interaction(interaction)
        self._services.ask.admit(context, self._question.value)
        delivery = await acknowledged(interaction, private=context.hides(self._given.private))
        # Read again: it may have been deleted while the form was open.
        given = await answer_by_id(self._services.library.database, self._given.id)
        going_on = await self._services.ask.after(given)
        topics = self._services.ask.topics_in(interaction.channel)
        request = self._services.ask.request(
            context, self._question.value, about=going_on, topics=topics
        )
        await self._services.ask.ask(context, delivery, request)
