"""``/articles``: find, show, remove and restore articles."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.cogs._moderator_checks import for_moderators, moderating, send_pages, telling
from bot.cogs._references import Reference, suggest_articles
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.ui.escaping import plain
from bot.ui.moderation import card_lines
from bot.ui.pager import paged
from bot.ui.pages import note

_MOST = 100


@for_moderators
class ArticleCommands(
    commands.GroupCog,
    group_name="articles",
    group_description=command_text("command-articles"),
):
    """The commands of ``/articles``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="find", description=command_text("command-articles-find"))
    @app_commands.describe(words=command_text("command-articles-words"))
    async def find(
        self, interaction: discord.Interaction[Any], words: app_commands.Range[str, 1, 200]
    ) -> None:
        context, moderator = await moderating(self._services, interaction)
        found = await moderator.articles.find(words, _MOST)
        if not found:
            raise UserError("articles-none", text=plain(words, 100))
        title = context.say("articles-found", count=len(found))
        lines = (card_lines(card, context.say) for card in found)
        await send_pages(self._services, interaction, context, paged(title, lines, context.say))

    @app_commands.command(name="show", description=command_text("command-articles-show"))
    @app_commands.describe(article=command_text("command-articles-which"))
    async def show(self, interaction: discord.Interaction[Any], article: Reference) -> None:
        context, moderator = await moderating(self._services, interaction)
        with telling(article, not_found="article-unknown"):
            card, text = await moderator.articles.show(article)
        paragraphs = (plain(part) for part in text.split("\n\n"))
        pages = paged(
            context.say("article-title"),
            paragraphs,
            context.say,
            head=card_lines(card, context.say),
            glue="\n\n",
            most=40,
        )
        await send_pages(self._services, interaction, context, pages)

    @app_commands.command(name="remove", description=command_text("command-articles-remove"))
    @app_commands.describe(
        article=command_text("command-articles-which"),
        because=command_text("command-articles-because"),
    )
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        article: Reference,
        because: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        context, moderator = await moderating(self._services, interaction)
        with telling(article, not_found="article-unknown", refused="article-removed-already"):
            card = await moderator.remove(article, context.actor, because=because)
        words = f"{card_lines(card, context.say)}\n\n{context.say('article-is-removed')}"
        await interaction.edit_original_response(embed=note(words).embed)

    @app_commands.command(name="restore", description=command_text("command-articles-restore"))
    @app_commands.describe(article=command_text("command-articles-which"))
    async def restore(self, interaction: discord.Interaction[Any], article: Reference) -> None:
        context, moderator = await moderating(self._services, interaction)
        with telling(article, not_found="article-unknown", refused="article-not-removed"):
            card = await moderator.restore(article, context.actor)
        words = f"{card_lines(card, context.say)}\n\n{context.say('article-is-restored')}"
        await interaction.edit_original_response(embed=note(words).embed)

    @show.autocomplete("article")
    async def _any(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_articles(self._services, interaction, typed)

    @remove.autocomplete("article")
    async def _shown(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_articles(self._services, interaction, typed, removed=False)

    @restore.autocomplete("article")
    async def _removed(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_articles(self._services, interaction, typed, removed=True)


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(ArticleCommands(bot.services))
