"""The jobs of servers: submitted by moderators, shown in one message each, cancelled by a button."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord

from bot.config.settings import Settings
from bot.errors import UserError
from bot.i18n import language_of, translator_for
from bot.ops.background import run_forever
from bot.ops.logging import details
from bot.services.ingestion import IngestionServices
from bot.services.permissions import RequestContext, RequestContexts
from bot.services.roles import Roles
from bot.storage.job_messages import (
    JobMessage,
    all_job_messages,
    forget_job_message,
    job_message,
    save_job_message,
)
from bot.ui import error_pages
from bot.ui.delivery import MessageDeleted, MessageDelivery
from bot.ui.jobs import job_page, over_page
from bot.ui.pages import note
from bot.ui.persistent_message import PersistentMessage
from retrieval import errors as services
from retrieval.catalogue.jobs import Job, JobSource
from retrieval.errors import StorageError
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)

_UNKNOWN_INTERACTION = 10062
# How soon another process goes on with what one showed that has ended.
_EVERY_SECONDS = 5.0


class JobProgressBoard:
    """Shows the progress of jobs from start to end, across restarts of the bot.

    If somebody deletes a job's message, it isn't shown again; the job continues.
    """

    def __init__(
        self,
        client: discord.Client,
        settings: Settings,
        library: Library,
        ingestion: IngestionServices,
        contexts: RequestContexts,
        roles: Roles,
    ) -> None:
        self._client = client
        self._max_queued_jobs = settings.max_queued_jobs
        self._database = library.database
        self._ingestion = ingestion
        self._contexts = contexts
        self._roles = roles
        self._showing: dict[int, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def bring_in(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        sources: Sequence[JobSource],
        message_id: int | None,
    ) -> Job:
        """Queue sources and show their progress in the message from ``acknowledge_publicly``. Raise
        ``UserError``."""
        corpus = context.require_moderator()
        job = await self.submit(context, sources)
        language = language_of(context.settings.language or interaction.locale.value)
        kept = JobMessage(job.id, context.guild_id or 0, context.channel_id, message_id, language)
        await save_job_message(self._database, kept)
        channel = interaction.channel
        way = PersistentMessage(
            channel if isinstance(channel, discord.abc.Messageable) else None,
            message_id,
            interaction if message_id is not None else None,
        )
        self._start(kept, corpus, way)
        return job

    async def submit(self, context: RequestContext, sources: Sequence[JobSource]) -> Job:
        """Queue sources; the caller shows their progress. Raise ``UserError``."""
        corpus = context.require_moderator()
        try:
            return await self._ingestion.jobs.submit(corpus, sources, context.actor)
        except services.Refused as error:
            most = self._max_queued_jobs
            raise UserError("jobs-full", most=most) from error

    async def resume(self) -> None:
        """Continue to show the jobs that the previous process showed; of several processes, also
        those of one that ends."""
        await self._take_over()
        if self._roles.is_shared:
            rounds = run_forever(self._take_over, "job messages", pause=_EVERY_SECONDS)
            self._looking = asyncio.create_task(rounds, name="job messages")

    async def _take_over(self) -> None:
        kept_messages = await all_job_messages(self._database)
        if (leases := self._roles.kept) is not None:
            names = {_name_of(kept.job_id) for kept in kept_messages}
            free = await leases.free(names)
            kept_messages = [kept for kept in kept_messages if _name_of(kept.job_id) in free]
        for kept in kept_messages:
            if kept.job_id in self._showing:
                continue
            channel = self._client.get_partial_messageable(kept.channel_id, guild_id=kept.guild_id)
            way = PersistentMessage(channel, kept.message_id)
            self._start(kept, self._contexts.corpus_of(kept.guild_id), way)

    @property
    def is_showing(self) -> bool:
        """Return whether any job is being shown."""
        return bool(self._showing)

    async def stop(self) -> None:
        """Stop showing jobs. The next start continues with them."""
        looking = [self._looking] if self._looking is not None else []
        await cancel(*looking, *self._showing.values())

    async def cancel_pressed(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        """Handle the button below a job. Never raises: errors are shown to the person who pressed
        it."""
        try:
            context = await self._contexts.of_interaction(interaction)
            corpus = context.require_moderator()
            await interaction.response.defer(ephemeral=True, thinking=True)
            kept = await job_message(self._database, job_id)
            message = interaction.message
            if kept is None:
                raise UserError("job-over-already")
            if kept.guild_id != context.guild_id or (
                message is None or kept.message_id not in (None, message.id)
            ):
                raise UserError("not-yours")
            try:
                await self._ingestion.jobs.cancel(job_id, corpus, context.actor)
            except (services.NotFound, services.Refused) as error:
                raise UserError("job-over-already") from error
            words = note(context.say("job-cancelling"))
            await interaction.edit_original_response(embed=words.embed)
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            say = translator_for(interaction.locale.value)
            await error_pages.report(interaction, error, say, "button cancel")

    def _start(self, kept: JobMessage, corpus: str, way: PersistentMessage) -> None:
        job_id = kept.job_id
        show = self._show_alone(kept, corpus, way)
        task = self._showing[job_id] = asyncio.create_task(show, name=f"job {job_id}")
        task.add_done_callback(lambda _: self._showing.pop(job_id, None))

    async def _show_alone(self, kept: JobMessage, corpus: str, way: PersistentMessage) -> None:
        """Show a job, unless another process does."""
        try:
            show = partial(self._show_current, kept, corpus, way)
            await self._roles.if_free(_name_of(kept.job_id), show)
        except StorageError as error:
            error_pages.log(error, "showing a job", job=kept.job_id, server=kept.guild_id)

    async def _show_current(self, kept: JobMessage, corpus: str, way: PersistentMessage) -> None:
        """Show a job where it is shown by now: another process may have done so since that was
        read, and even shown how it ended."""
        current = await job_message(self._database, kept.job_id)
        if current is not None:
            way.message_id = current.message_id
            await self._show(current, corpus, way)

    async def _show(self, kept: JobMessage, corpus: str, way: PersistentMessage) -> None:
        say = translator_for(kept.language)
        delivery = MessageDelivery([way], private=False)
        try:
            events = self._ingestion.jobs.watch(kept.job_id, corpus)
            async with contextlib.aclosing(events):  # type: ignore[type-var]
                async for event in events:
                    if event.job.is_over or delivery.is_gone:
                        break
                    delivery.update(partial(job_page, event, say))
                    if way.message_id != kept.message_id:
                        kept = replace(kept, message_id=way.message_id)
                        await save_job_message(self._database, kept)
            with contextlib.suppress(MessageDeleted):
                if await delivery.finish([over_page(event, say)]) is None:
                    return  # the next start tells how it ended
            await forget_job_message(self._database, kept.job_id)
        except services.NotFound:  # its server's data was deleted
            await forget_job_message(self._database, kept.job_id)
        except Exception as error:  # noqa: BLE001 - nobody to tell; the job goes on
            error_pages.log(error, "showing a job", job=kept.job_id, server=kept.guild_id)
        finally:
            await delivery.close()


def _name_of(job_id: int) -> str:
    """The lease under which a job is shown."""
    return f"job-message:{job_id}"


async def acknowledge_publicly(interaction: discord.Interaction[Any]) -> int | None:
    """Acknowledge an interaction with a message that everyone in the channel sees.

    Return the id of the message that will show the progress; None if the interaction had expired.
    """
    try:
        response = await interaction.response.defer(thinking=True)
    except discord.NotFound as error:
        if error.code != _UNKNOWN_INTERACTION:
            raise
        _log.warning(
            "an interaction was over before it was acknowledged",
            extra=details(server=interaction.guild_id, user=interaction.user.id),
        )
        return None
    if response is not None and response.message_id is not None:
        return response.message_id
    return (await interaction.original_response()).id
