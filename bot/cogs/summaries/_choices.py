"""Offer moderators to ingest a link that isn't in the corpus yet and then to summarize it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import discord

from bot.bootstrap import Services
from bot.cogs.ask._delivery import acknowledged
from bot.cogs.ask._ingest_offer import IngestOfferView
from bot.cogs.summaries._pictures import summary_pictures
from bot.cogs.summaries._service import Make, SummaryRunner
from bot.ops.logging import new_id
from bot.services.permissions import RequestContext
from bot.ui import error_pages
from bot.ui.delivery import MessageDeleted, MessageDelivery
from bot.ui.jobs import lines_of, over_page
from bot.ui.pages import BUSY, Page, note
from bot.ui.summaries import SummaryContext, summary_pages
from retrieval.catalogue.jobs import Job, JobSource
from retrieval.ingestion.jobs.queue import JobEvent

# An interaction can be answered for fifteen minutes.
_SECONDS = 600.0


class SummaryOfferView(IngestOfferView):
    """Ingests one link and shows its summary, to the same people as the offer."""

    def __init__(
        self,
        services: Services,
        runner: SummaryRunner,
        context: RequestContext,
        link: str,
        *,
        private: bool,
    ) -> None:
        super().__init__(services, context, [link], "button-ingest-and-sum-up")
        self._runner = runner
        self._private = private

    async def _accepted(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        sources: Sequence[JobSource],
    ) -> None:
        delivery = await acknowledged(interaction, private=self._private)
        try:
            make = await self._brought_in(context, delivery, sources)
        except MessageDeleted:
            return
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            error_pages.log(error, "bringing in to sum up", server=context.guild_id)
            with contextlib.suppress(MessageDeleted):
                await delivery.finish([error_pages.page_for(error, context.say, new_id())])
            return
        finally:
            await delivery.close()
        if make is not None:
            await self._runner.serve_at(context, delivery, make, "summary")

    async def _brought_in(
        self, context: RequestContext, delivery: MessageDelivery, sources: Sequence[JobSource]
    ) -> Make | None:
        """Return how to summarize the new article; None if there is none, or several, which is
        shown then."""
        job = await self._services.job_board.submit(context, sources)
        came: list[str] = []
        try:
            async with asyncio.timeout(_SECONDS):
                event = await self._over(job, context, delivery, came)
        except TimeoutError:
            await delivery.finish([note(context.say("ingest-goes-on", id=job.id))])
            return None
        if event.job.state != "done" or len(came) != 1:
            await delivery.finish([over_page(event, context.say)])
            return None
        article_id = came[0]  # not the link: it may have led elsewhere

        async def make(corpus: str, around: SummaryContext, progress: Any) -> Sequence[Page]:
            made = self._services.summaries.article
            summary = await made(corpus, article_id, around.as_of, progress)
            pictures = await summary_pictures(self._services, context.settings, summary)
            return summary_pages(summary, around, pictures)

        return make

    async def _over(
        self, job: Job, context: RequestContext, delivery: MessageDelivery, came: list[str]
    ) -> JobEvent:
        """Wait for the end of a job, showing its progress, and return its last event."""
        events = self._services.ingestion.jobs.watch(job.id, job.corpus)
        async with contextlib.aclosing(events):  # type: ignore[type-var]
            async for event in events:
                came += [result.article_id for result in event.results if result.article_id]
                words = "\n".join(lines_of(event.progress, context.say))
                delivery.update(lambda words=words: note(words, BUSY))  # type: ignore[misc]
        return event
