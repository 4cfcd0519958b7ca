"""Offer moderators to ingest a link whose article isn't in the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot.bootstrap import Services
from bot.errors import UserError
from bot.services.job_progress import acknowledge_publicly
from bot.services.permissions import RequestContext
from bot.ui import error_pages
from bot.ui.links import link_of
from retrieval.catalogue.jobs import JobSource

_SECONDS = 900.0


class IngestOfferView(discord.ui.View):
    """A button that ingests the links, once, for the moderator who got the offer."""

    def __init__(
        self,
        services: Services,
        context: RequestContext,
        links: Sequence[str],
        label: str = "button-ingest",
    ) -> None:
        super().__init__(timeout=_SECONDS)
        self._services = services
        self._user_id = context.user.id
        self._say = context.say
        self._links = links
        button: discord.ui.Button[Any] = discord.ui.Button(label=context.say(label))
        button.callback = self._bring_in  # type: ignore[method-assign]
        self.add_item(button)

    async def _bring_in(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        if context.user.id != self._user_id:
            raise UserError("not-yours")
        self.stop()
        sources = [JobSource("url", link_of(link)) for link in self._links]
        await self._accepted(interaction, context, sources)

    async def _accepted(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        sources: Sequence[JobSource],
    ) -> None:
        message_id = await acknowledge_publicly(interaction)
        await self._services.job_board.bring_in(interaction, context, sources, message_id)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Show an error to the moderator."""
        await error_pages.report(interaction, error, self._say, "button ingest")
