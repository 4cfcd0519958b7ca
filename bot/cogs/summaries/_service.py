"""From a command to a message: the turn in the queue, the work within its time, the pages kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from bot import errors
from bot.answering.notes import localize
from bot.answering.summaries.models import (
    EmptyCorpus,
    NothingToSummarize,
    NotIngested,
    Progress,
    SummaryProgress,
)
from bot.client import NewsdeskBot
from bot.cogs.ask._delivery import acknowledged
from bot.cogs.ask._service import AskService
from bot.errors import UserError
from bot.i18n import Say, translator_for
from bot.services.permissions import RequestContext
from bot.services.requests import Request
from bot.storage.answers import StoredAnswer, answer_by_id, save_answer, set_message
from bot.ui.delivery import MessageDelivery
from bot.ui.escaping import plain
from bot.ui.pager import articles_of, as_record, embeds_of, page_view
from bot.ui.pages import BUSY, Page, note
from bot.ui.summaries import SummaryContext

_MORE_SECONDS = 120.0  # than one answer of the model: a summary may take several

# From corpus, what stands around it and who hears how far it is, to pages.
Make = Callable[[str, SummaryContext, Progress], Awaitable[Sequence[Page]]]


class SummaryRunner:
    """Makes what a command asks for and turns its pages."""

    def __init__(self, bot: NewsdeskBot, asking: AskService) -> None:
        self._bot = bot
        self._asking = asking

    async def serve(
        self,
        interaction: discord.Interaction[Any],
        visit: RequestContext,
        make: Make,
        *,
        private: bool = False,
    ) -> None:
        """Answer a command whose work takes a while; errors are told in one sentence."""
        self._asking.admit(visit, "summary")
        private = (private or visit.settings.private) and visit.server_id is not None
        with self._bot.errands.acknowledging():
            place = await acknowledged(interaction, private=private)
        await self.serve_at(visit, place, make)

    async def serve_at(self, visit: RequestContext, place: MessageDelivery, make: Make) -> None:
        """The same where Discord has been told already that something comes."""

        async def again(visit: RequestContext, place: MessageDelivery) -> None:
            await self.serve_at(visit, place, make)

        errand = Request(
            user_id=visit.user.id, server_id=visit.server_id, channel_id=visit.channel_id,
            say=visit.say, exempt=visit.is_exempt,
        )  # fmt: skip

        async def work() -> tuple[str, None]:
            corpus = await self._asking.corpus_of(visit, place, again)
            if corpus is None:
                return "a server is to be chosen", None
            self._bot.errands.reads(errand.id, corpus)

            async def made() -> Sequence[Page]:
                around = SummaryContext(errand.id, self._bot.library.clock(), visit.say)
                async with asyncio.timeout(self._bot.settings.answer_seconds + _MORE_SECONDS):
                    return await make(corpus, around, _telling(place, visit.say))

            try:
                pages = await self._bot.errands.run_when_slot_free(errand, place, made)
            except NothingToSummarize as error:
                await place.finish([note(explain_empty(error, visit))])
                return "nothing there", None
            if pages is None:
                await place.finish([note(visit.say("cut-short"))])
                return "cut short", None
            await self._show(visit, place, corpus, errand.id, pages)
            return "shown", None

        await self._bot.errands.run(errand, place, "summing up", work)

    async def keep(
        self, kept_id: str, pages: Sequence[Page], corpus: str, server_id: int | None,
        channel_id: int, user_id: int, *, private: bool,
    ) -> None:  # fmt: skip
        """Keep pages, so that they can be turned after a restart too."""
        await save_answer(self._bot.library.database, StoredAnswer(
            kept_id, self._bot.library.clock(), corpus, server_id, channel_id, None, user_id, None,
            private, as_record(pages),
        ))  # fmt: skip

    async def turn(self, interaction: discord.Interaction[Any], kept_id: str, number: int) -> None:
        """Show another page of a message. Never raises: errors are told to who pressed."""
        say = translator_for(interaction.locale.value)
        try:
            visit = await self._bot.visit(interaction)
            await self._bot.errands.wait_until_recorded(kept_id)
            given = await answer_by_id(self._bot.library.database, kept_id)
            pages = embeds_of(given.answer) if given is not None else []
            if given is None or number >= len(pages):
                raise UserError("answer-gone")
            message_id = interaction.message.id if interaction.message else None
            if given.message_id is not None and given.message_id != message_id:
                raise UserError("not-yours")
            if given.channel_id != visit.channel_id:
                raise UserError("not-yours")
            await self._asking.require_reading(visit, given)
            if removed := await self._asking.removed_of(given, articles_of(given.answer)):
                # What was quoted of it must not come back, for nobody.
                words = note(visit.say("rests-on-removed", at=removed))
                await interaction.response.edit_message(
                    embed=words.embed, view=None, attachments=[]
                )
                return
            view = page_view(kept_id, number, len(pages), visit.say)
            await interaction.response.edit_message(embed=pages[number], view=view)
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            await errors.report(interaction, error, say, "button page")

    async def _show(
        self,
        visit: RequestContext,
        place: MessageDelivery,
        corpus: str,
        kept_id: str,
        pages: Sequence[Page],
    ) -> None:
        first, view = pages[0], page_view(kept_id, 0, len(pages), visit.say)
        if view is None:
            await place.finish([first])
            return
        await self.keep(
            kept_id, pages, corpus, visit.server_id, visit.channel_id, visit.user.id,
            private=place.private,
        )  # fmt: skip
        message = await place.finish([first.with_view(view)])
        if message is not None:
            await set_message(self._bot.library.database, kept_id, message.channel.id, message.id)


def explain_empty(error: NothingToSummarize, visit: RequestContext) -> str:
    """For people in Discord. A moderator is offered to bring a link in before it comes to this."""
    if isinstance(error, NotIngested):
        return visit.say("not-ingested-member")
    if isinstance(error, EmptyCorpus):
        return visit.say("nothing-here-yet")
    return plain(localize(error.message, visit.say))


def _telling(place: MessageDelivery, say: Say) -> Progress:
    def localize(step: SummaryProgress) -> None:
        words = say("parts-written", done=step.done, total=step.total)
        place.update(lambda: note(words, BUSY))

    return localize
