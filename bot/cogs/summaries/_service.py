"""From a command to a message: the turn in the queue, the work within its time, the stored
pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord

from bot.answering.summaries.models import (
    EmptyCorpus,
    NothingToSummarize,
    NotIngested,
    Progress,
    SummaryProgress,
)
from bot.bootstrap import Services
from bot.cogs.ask._delivery import acknowledged
from bot.errors import UserError
from bot.i18n import Say, say_note, translator_for
from bot.services.permissions import RequestContext
from bot.services.requests import CutShort, Request
from bot.storage.answers import StoredAnswer, answer_by_id, save_answer, set_message
from bot.ui import error_pages
from bot.ui.delivery import MessageDelivery
from bot.ui.escaping import plain
from bot.ui.pager import articles_of, as_record, page_view, pages_of
from bot.ui.pages import BUSY, Page, note
from bot.ui.summaries import SummaryContext

_MORE_SECONDS = 120.0  # more than one answer of the model, since a summary may take several

# Makes pages from the corpus, the context and a function for the progress.
Make = Callable[[str, SummaryContext, Progress], Awaitable[Sequence[Page]]]


class SummaryRunner:
    """Makes what a command asks for, and turns its pages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def serve(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        make: Make,
        *,
        form: str,
        private: bool | None = None,
    ) -> None:
        """Answer a command whose work takes a while; errors are shown in one sentence. ``form`` is
        what is made, for the metrics.

        Raises ``UserError`` if the person may not ask.
        """
        self._services.ask.admit(context, "summary")
        with self._services.requests.acknowledging():
            delivery = await acknowledged(interaction, private=context.hides(private))
        await self.serve_at(context, delivery, make, form)

    async def serve_at(
        self, context: RequestContext, delivery: MessageDelivery, make: Make, form: str
    ) -> None:
        """Do the same after the interaction was acknowledged."""
        request = Request(
            user_id=context.user.id,
            guild_id=context.guild_id,
            channel_id=context.channel_id,
            say=context.say,
            exempt=context.is_exempt,
        )
        requests = self._services.requests
        async with requests.run(request, delivery, "summing up", "summary") as outcome:
            resume = partial(self.serve_at, make=make, form=form)
            corpus = await self._services.ask.corpus_of(context, delivery, resume)
            if corpus is None:
                outcome.end("no-choice", "a server is to be chosen")
                return
            requests.reads(request.id, corpus)
            meter = context.meter
            if meter is None and not context.elsewhere:
                meter = await self._services.ask.dm_guilds.meter_of(
                    context.user, corpus, context.channel_id
                )
            seconds = self._services.settings.answer_timeout_seconds + _MORE_SECONDS
            try:
                async with (
                    self._services.limits.counted(meter),
                    requests.slot(request, delivery),
                    asyncio.timeout(seconds),
                ):
                    around = SummaryContext(request.id, self._services.library.clock(), context.say)
                    pages = await make(corpus, around, _telling(delivery, context.say))
            except NothingToSummarize as error:
                await delivery.finish([note(explain_empty(error, context))])
                outcome.end("declined", "nothing there")
                requests.observer.answered("declined", "nothing-on-it")
            except CutShort:
                await delivery.finish([note(context.say("cut-short"))])
                outcome.end("cut-short", "cut short")
            else:
                with requests.observer.stage("posting"):
                    shown = await self._show(context, delivery, corpus, request.id, pages)
                if shown:
                    outcome.end("answered", "shown")
                    requests.observer.answered(form)
                else:
                    outcome.end("not-shown", "not shown")

    async def keep(
        self,
        kept_id: str,
        pages: Sequence[Page],
        corpus: str,
        guild_id: int | None,
        channel_id: int,
        user_id: int,
        *,
        private: bool,
    ) -> None:
        """Store pages, so that they can be turned even after a restart."""
        await save_answer(
            self._services.library.database,
            StoredAnswer(
                kept_id,
                self._services.library.clock(),
                corpus,
                guild_id,
                channel_id,
                None,
                user_id,
                None,
                private,
                as_record(pages),
            ),
        )

    async def turn(self, interaction: discord.Interaction[Any], kept_id: str, number: int) -> None:
        """Show another page of a message. Never raises: errors are shown to the person who
        pressed."""
        say = translator_for(interaction.locale.value)
        try:
            context = await self._services.contexts.of_interaction(interaction)
            await interaction.response.defer()
            await self._services.requests.wait_until_recorded(kept_id)
            given = await answer_by_id(self._services.library.database, kept_id)
            pages = pages_of(given.answer) if given is not None else []
            if given is None or number >= len(pages):
                raise UserError("answer-gone")
            message_id = interaction.message.id if interaction.message else None
            if given.message_id is not None and given.message_id != message_id:
                raise UserError("not-yours")
            if given.channel_id != context.channel_id:
                raise UserError("not-yours")
            await self._services.ask.require_reading(context, given)
            if removed := await self._services.ask.removed_of(given, articles_of(given.answer)):
                # Quotations from a removed article must not appear again.
                words = note(context.say("rests-on-removed", at=removed))
                shown = words.fitting(interaction.message).edited()
                await interaction.edit_original_response(**shown, attachments=[])
                return
            view = page_view(kept_id, number, len(pages), context.say)
            shown = replace(pages[number], view=view).fitting(interaction.message).edited()
            await interaction.edit_original_response(**shown)
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            await error_pages.report(interaction, error, say, "button page")

    async def _show(
        self,
        context: RequestContext,
        delivery: MessageDelivery,
        corpus: str,
        kept_id: str,
        pages: Sequence[Page],
    ) -> bool:
        first, view = pages[0], page_view(kept_id, 0, len(pages), context.say)
        if view is None:
            return await delivery.finish([first]) is not None
        await self.keep(
            kept_id,
            pages,
            corpus,
            context.guild_id,
            context.channel_id,
            context.user.id,
            private=delivery.private,
        )
        message = await delivery.finish([first.with_view(view)])
        if message is None:
            return False
        await set_message(self._services.library.database, kept_id, message.channel.id, message.id)
        return True


def explain_empty(error: NothingToSummarize, context: RequestContext) -> str:
    """Return why there is nothing to summarize. A moderator was offered to ingest the link
    before."""
    if isinstance(error, NotIngested):
        return context.say("not-ingested-member")
    if isinstance(error, EmptyCorpus):
        return context.say("nothing-here-yet")
    return plain(say_note(error.note, context.say))


def _telling(delivery: MessageDelivery, say: Say) -> Progress:
    def localize(step: SummaryProgress) -> None:
        words = say("parts-written", done=step.done, total=step.total)
        delivery.update(lambda: note(words, BUSY))

    return localize
