"""What moderators are offered where a link leads to an article that is not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot import errors
from bot.client import NewsdeskBot
from bot.errors import UserError
from bot.services.job_progress import acknowledge_publicly
from bot.services.permissions import RequestContext
from bot.ui.links import link_of
from retrieval.catalogue.jobs import JobSource

_SECONDS = 900.0


class IngestOfferView(discord.ui.View):
    """A button that brings the links in, once, for the moderator who was offered it."""

    def __init__(
        self,
        bot: NewsdeskBot,
        visit: RequestContext,
        links: Sequence[str],
        label: str = "button-ingest",
    ) -> None:
        super().__init__(timeout=_SECONDS)
        self._bot = bot
        self._user_id = visit.user.id
        self._say = visit.say
        self._links = links
        button: discord.ui.Button[Any] = discord.ui.Button(label=visit.say(label))
        button.callback = self._bring_in  # type: ignore[method-assign]
        self.add_item(button)

    async def _bring_in(self, interaction: discord.Interaction[Any]) -> None:
        visit = await self._bot.visit(interaction)
        visit.require_moderator()
        if visit.user.id != self._user_id:
            raise UserError("not-yours")
        self.stop()
        sources = [JobSource("url", link_of(link)) for link in self._links]
        await self._accepted(interaction, visit, sources)

    async def _accepted(
        self,
        interaction: discord.Interaction[Any],
        visit: RequestContext,
        sources: Sequence[JobSource],
    ) -> None:
        message_id = await acknowledge_publicly(interaction)
        await self._bot.board.bring_in(interaction, visit, sources, message_id)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        await errors.report(interaction, error, self._say, "button ingest")
