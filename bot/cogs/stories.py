"""``/stories``: which articles report one event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.cogs._moderator_checks import for_moderators, moderating, send_pages, telling
from bot.cogs._references import Reference, suggest_articles
from bot.i18n.translator import command_text
from bot.services.permissions import RequestContext
from bot.ui.moderation import card_lines
from bot.ui.pager import paged
from retrieval.catalogue.moderation import ArticleCard


@for_moderators
class StoryCommands(
    commands.GroupCog,
    group_name="stories",
    group_description=command_text("command-stories"),
):
    """The commands of ``/stories``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="show", description=command_text("command-stories-show"))
    @app_commands.describe(article=command_text("command-articles-which"))
    async def show(self, interaction: discord.Interaction[Any], article: Reference) -> None:
        context, moderator = await moderating(self._services, interaction)
        with telling(article, not_found="article-unknown", refused="story-none"):
            cards = await moderator.articles.story(article)
        await self._tell(interaction, context, cards, context.say("story-title", count=len(cards)))

    @app_commands.command(name="split", description=command_text("command-stories-split"))
    @app_commands.describe(article=command_text("command-articles-which"))
    async def split(self, interaction: discord.Interaction[Any], article: Reference) -> None:
        context, moderator = await moderating(self._services, interaction)
        with telling(article, not_found="article-unknown", refused="story-none"):
            cards = await moderator.split(article, context.actor)
        await self._tell(interaction, context, cards, context.say("story-split"))

    @app_commands.command(name="merge", description=command_text("command-stories-merge"))
    @app_commands.describe(
        article=command_text("command-articles-which"),
        other=command_text("command-stories-other"),
    )
    async def merge(
        self, interaction: discord.Interaction[Any], article: Reference, other: Reference
    ) -> None:
        context, moderator = await moderating(self._services, interaction)
        both = f"{article}, {other}"
        with telling(both, not_found="article-unknown", refused="stories-not-merged"):
            cards = await moderator.merge(article, other, context.actor)
        await self._tell(interaction, context, cards, context.say("story-merged", count=len(cards)))

    @show.autocomplete("article")
    @split.autocomplete("article")
    @merge.autocomplete("article")
    @merge.autocomplete("other")
    async def _articles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_articles(self._services, interaction, typed, removed=False)

    async def _tell(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        cards: Sequence[ArticleCard],
        title: str,
    ) -> None:
        lines = (card_lines(card, context.say) for card in cards)
        await send_pages(self._services, interaction, context, paged(title, lines, context.say))


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(StoryCommands(bot.services))
