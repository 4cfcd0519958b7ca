"""Forms of the checklist: a first feed, and the time zone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.bootstrap import Services
from bot.cogs._moderator_checks import telling_unreadable
from bot.errors import UserError
from bot.i18n import say_note
from bot.services.permissions import RequestContext
from bot.services.time_zones import zone_named
from bot.ui.escaping import plain
from bot.ui.forms import Form
from bot.ui.links import link_of
from bot.ui.moderation import visit_lines
from bot.ui.pages import BUSY, note
from retrieval import errors as services
from retrieval.feeds.opml import read_opml

# Less than the fifteen minutes for which an interaction can be answered.
_LOOK_SECONDS = 600.0
_AGAIN_SECONDS = 1.0
_LONGEST = 4_000

Show = Callable[[discord.Interaction[Any], str | None], Awaitable[None]]


class FeedForm(Form):
    """The address of a site or feed, or a list of feeds as OPML, whose articles are ingested at
    once."""

    def __init__(self, services: Services, context: RequestContext, show: Show) -> None:
        super().__init__(title=context.say("button-setup-feed"), say=context.say)
        self._services = services
        self._show = show
        self._address: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=context.say("setup-feed-label"),
            placeholder="https://example.com",
            style=discord.TextStyle.paragraph,
            max_length=_LONGEST,
        )
        self.add_item(self._address)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Add the feeds, and show the checklist with the result. Raises ``UserError``."""
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        given = self._address.value.strip()
        link = "" if given.startswith(("<?xml", "<opml")) else link_of(given)
        await interaction.response.defer()
        looking = note(context.say("feed-looking", text=plain(link or "OPML", 100)), BUSY)
        await interaction.edit_original_response(embed=looking.embed, view=None)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                remark = await (self._one(context, link) if link else self._list(context, given))
        except TimeoutError:
            remark = context.say("feed-took-too-long")
        except UserError as error:
            remark = say_note(error.note, context.say)
        await self._show(interaction, remark)

    async def _one(self, context: RequestContext, link: str) -> str:
        feeds, corpus = self._services.ingestion.feeds, context.require_moderator()
        try:
            with telling_unreadable(link, context.say):
                feed = await feeds.add(link, corpus, context.actor)
        except services.Refused as error:
            raise UserError("feed-known") from error
        while True:
            try:
                return visit_lines(await feeds.visit(feed), context.say)
            except services.Refused:  # the poller is visiting it already
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _list(self, context: RequestContext, given: str) -> str:
        feeds, corpus = self._services.ingestion.feeds, context.require_moderator()
        try:
            listed = await asyncio.to_thread(read_opml, given.encode())
        except services.UnreadableSource as error:
            raise UserError("opml-unreadable", name="OPML") from error
        done = [each async for each in feeds.import_feeds(listed, corpus, context.actor)]
        counts = {
            status: sum(each.status == status for each in done)
            for status in ("added", "known", "failed")
        }
        return context.say("feeds-imported", **counts)


class ZoneForm(Form):
    """The time zone of the server, by name."""

    def __init__(self, services: Services, context: RequestContext, show: Show) -> None:
        super().__init__(title=context.say("button-setup-zone"), say=context.say)
        self._services = services
        self._show = show
        self._zone: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=context.say("setup-zone-label"),
            placeholder="Europe/Berlin",
            default=context.settings.zone,
            max_length=60,
        )
        self.add_item(self._zone)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Set the time zone, and show the checklist. Raises ``UserError``."""
        context = await self._services.contexts.of_interaction(interaction)
        by = (context.require_moderator(), context.actor)
        zone = zone_named(self._zone.value)
        await interaction.response.defer()
        setup = self._services.setup
        digest = await setup.digest_of(context)
        await self._services.guild_settings.change(context.require_guild(), by=by, zone=zone)
        if digest is not None:  # it comes by the new zone from now on
            context = await self._services.contexts.of_interaction(interaction)
            await setup.set_digest(context, digest.channel_id, interaction.locale.value)
        await self._show(interaction, None)
