"""``/feeds edit``: change the address or the filters of a feed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import acknowledge, telling, telling_unreadable
from bot.cogs.feeds._feed_choices import suggest_feeds
from bot.cogs.feeds._filter_words import words_of
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.ui.links import link_of
from bot.ui.moderation import feed_lines
from bot.ui.pages import note
from retrieval.feeds.item_filter import FeedFilters

# What people type to remove a filter.
_NONE = "-"
Words = app_commands.Range[str, 1, 300]


class EditCommand(commands.Cog):
    """The command ``/feeds edit``, as a base of the cog of ``/feeds``."""

    _services: Services

    @app_commands.command(name="edit", description=command_text("command-feeds-edit"))
    @app_commands.describe(
        feed=command_text("command-feeds-which"),
        address=command_text("command-feeds-new-address"),
        include=command_text("command-edit-include"),
        exclude=command_text("command-edit-exclude"),
        languages=command_text("command-edit-languages"),
        categories=command_text("command-edit-categories"),
    )
    async def edit(
        self,
        interaction: discord.Interaction[Any],
        feed: app_commands.Range[str, 1, 1000],
        address: app_commands.Range[str, 1, 1000] | None = None,
        include: Words | None = None,
        exclude: Words | None = None,
        languages: app_commands.Range[str, 1, 100] | None = None,
        categories: Words | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        given = {
            "include": include,
            "exclude": exclude,
            "languages": languages,
            "categories": categories,
        }
        words = {
            name: () if text.strip() == _NONE else words_of(text)
            for name, text in given.items()
            if text
        }
        link = link_of(address) if address else None
        if not words and link is None:
            raise UserError("feed-edit-nothing")
        await acknowledge(interaction)
        service = self._services.ingestion.feeds
        with telling(feed, not_found="feed-unknown"):
            known = await service.feed(feed, corpus)
        if link is not None:
            with (
                telling_unreadable(link, context.say),
                telling(link, not_found="feed-unknown", refused="feed-known"),
            ):
                known = await service.move(str(known.id), corpus, context.actor, link)
        if words:
            filters = replace(FeedFilters.of(known.include, known.exclude), **words)
            known = await service.set_filters(str(known.id), corpus, context.actor, filters)
        said = f"{feed_lines(known, context.say)}\n\n{context.say('feed-edited')}"
        await interaction.edit_original_response(embed=note(said).embed)

    @edit.autocomplete("feed")
    async def _edit_feeds(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_feeds(self._services, interaction, typed)
