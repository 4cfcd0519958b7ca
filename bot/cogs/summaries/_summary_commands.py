"""``/summary``, ``/digest``, ``/timeline``, ``/compare`` and "Summarise this" in a message's
menu."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering.replies.compare import compare as compare_publishers
from bot.answering.summaries.models import NotIngested, Progress
from bot.bootstrap import Services
from bot.charts.coverage import coverage_chart
from bot.cogs.ask._autocomplete import (
    LONGEST_SUGGESTION,
    SUGGEST_SECONDS,
    SUGGESTIONS,
    suggest_sources,
)
from bot.cogs.summaries._choices import SummaryOfferView
from bot.cogs.summaries._pictures import digest_pictures, summary_pictures
from bot.cogs.summaries._service import SummaryRunner
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.ui.escaping import unmarked
from bot.ui.links import links_of
from bot.ui.pages import Page, note
from bot.ui.summaries import (
    SummaryContext,
    comparison_pages,
    digest_pages,
    summary_pages,
    timeline_pages,
)
from retrieval.timestamps import TimeRange

_STORIES, _EVENTS = 10, 20

Which = app_commands.Range[str, 1, 300]
Words = app_commands.Range[str, 1, 100]


class SummaryCommands(commands.Cog):
    """The commands for summaries."""

    summary = app_commands.Group(name="summary", description=command_text("command-summary"))

    def __init__(
        self, bot: commands.AutoShardedBot, services: Services, runner: SummaryRunner
    ) -> None:
        self._bot = bot
        self._services = services
        self._runner = runner
        self._menu = app_commands.ContextMenu(
            name=command_text("command-summarise-this"), callback=self._summarise_this
        )

    async def cog_load(self) -> None:
        """Add the menu entry."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu entry."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @summary.command(name="article", description=command_text("command-summary-article"))
    @app_commands.describe(
        article=command_text("command-summary-which"),
        private=command_text("command-ask-private"),
    )
    async def article(
        self, interaction: discord.Interaction[Any], article: Which, private: bool | None = None
    ) -> None:
        await self._sum_up(interaction, article, story=False, private=private)

    @summary.command(name="story", description=command_text("command-summary-story"))
    @app_commands.describe(
        story=command_text("command-summary-which"), private=command_text("command-ask-private")
    )
    async def story(
        self, interaction: discord.Interaction[Any], story: Which, private: bool | None = None
    ) -> None:
        await self._sum_up(interaction, story, story=True, private=private)

    @app_commands.command(name="digest", description=command_text("command-digest"))
    @app_commands.describe(
        period=command_text("command-digest-period"),
        topic=command_text("command-digest-topic"),
        source=command_text("command-ask-source"),
        private=command_text("command-ask-private"),
    )
    async def digest(
        self,
        interaction: discord.Interaction[Any],
        period: Literal["day", "week"] = "day",
        topic: Words | None = None,
        source: Words | None = None,
        private: bool | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)

        async def make(corpus: str, around: SummaryContext, progress: Progress) -> Sequence[Page]:
            since = around.as_of - timedelta(days=7 if period == "week" else 1)
            digest = await self._services.summaries.digest(
                corpus,
                TimeRange(around.as_of, since),
                topic=topic,
                source=source,
                limit=_STORIES,
                progress=progress,
            )
            pictures = await digest_pictures(self._services, context.settings, digest)
            return digest_pages(digest, around, pictures=pictures)

        await self._runner.serve(interaction, context, make, form="digest", private=private)

    @app_commands.command(name="timeline", description=command_text("command-timeline"))
    @app_commands.describe(
        topic=command_text("command-timeline-topic"),
        since=command_text("command-ask-since"),
        private=command_text("command-ask-private"),
    )
    async def timeline(
        self,
        interaction: discord.Interaction[Any],
        topic: Words,
        since: app_commands.Range[str, 1, 60] | None = None,
        private: bool | None = None,
    ) -> None:
        async def make(
            corpus: str, within: TimeRange, around: SummaryContext, progress: Progress
        ) -> Sequence[Page]:
            timeline = await self._services.summaries.timeline(
                corpus, within, topic, limit=_EVENTS, progress=progress
            )
            # Articles without a date have no bars.
            dated = bool(timeline.coverage)
            chart = await asyncio.to_thread(coverage_chart, timeline) if dated else None
            return timeline_pages(timeline, chart, around)

        await self._on_topic(interaction, since, make, form="timeline", private=private)

    @app_commands.command(name="compare", description=command_text("command-compare"))
    @app_commands.describe(
        topic=command_text("command-timeline-topic"),
        since=command_text("command-ask-since"),
        private=command_text("command-ask-private"),
    )
    async def compare(
        self,
        interaction: discord.Interaction[Any],
        topic: Words,
        since: app_commands.Range[str, 1, 60] | None = None,
        private: bool | None = None,
    ) -> None:
        async def make(
            corpus: str, within: TimeRange, around: SummaryContext, _: Progress
        ) -> Sequence[Page]:
            made = await compare_publishers(self._services.library, topic, within, corpus)
            return comparison_pages(made, around)

        await self._on_topic(interaction, since, make, form="comparison", private=private)

    async def _on_topic(
        self,
        interaction: discord.Interaction[Any],
        since: str | None,
        make: Callable[
            [str, TimeRange, SummaryContext, Progress], Coroutine[Any, Any, Sequence[Page]]
        ],
        *,
        form: str,
        private: bool | None,
    ) -> None:
        """Show what ``make`` makes of the articles since ``since``, as it was typed."""
        context = await self._services.contexts.of_interaction(interaction)
        locale, zone = interaction.locale.value, context.settings.zone

        async def ranged(corpus: str, around: SummaryContext, progress: Progress) -> Sequence[Page]:
            first = await self._services.ask.since(since, locale, zone)
            return await make(corpus, TimeRange(around.as_of, first), around, progress)

        await self._runner.serve(interaction, context, ranged, form=form, private=private)

    @article.autocomplete("article")
    @story.autocomplete("story")
    async def _articles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        context = await self._services.contexts.of_interaction(interaction)
        async with asyncio.timeout(SUGGEST_SECONDS):
            corpora = await self._services.ask.suggesting_from(context)
            suggestions = self._services.summaries.suggestions
            found = [
                article
                for corpus in corpora
                for article in await suggestions(corpus, typed, SUGGESTIONS)
            ][:SUGGESTIONS]
        return [
            app_commands.Choice(
                name=unmarked(article.title, LONGEST_SUGGESTION) or "…", value=article.article_id
            )
            for article in found
        ]

    @digest.autocomplete("source")
    async def _sources(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_sources(self._services, interaction, typed)

    async def _summarise_this(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        links = links_of(message)
        if not links:
            raise UserError("no-link")
        await self._sum_up(interaction, links[0], story=False, private=True)

    async def _sum_up(
        self, interaction: discord.Interaction[Any], name: str, *, story: bool, private: bool | None
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        summaries = self._services.summaries

        async def make(corpus: str, around: SummaryContext, progress: Progress) -> Sequence[Page]:
            made = summaries.story if story else summaries.article
            try:
                summary = await made(corpus, name, around.as_of, progress)
            except NotIngested as error:
                if context.guild_id is None or not context.is_moderator:
                    raise
                words = note(context.say("not-ingested-moderator"))
                only_me = context.hides(private)
                offer = SummaryOfferView(
                    self._services, self._runner, context, error.url, private=only_me
                )
                return [words.with_view(offer)]
            pictures = await summary_pictures(self._services, context.settings, summary)
            return summary_pages(summary, around, pictures)

        await self._runner.serve(interaction, context, make, form="summary", private=private)
