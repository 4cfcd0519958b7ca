"""``/feeds``: what is fetched automatically."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._feed_progress import FeedProgress
from bot.cogs._moderator_checks import (
    acknowledge,
    for_moderators,
    send_pages,
    telling,
    telling_unreadable,
)
from bot.cogs.feeds._edit_command import EditCommand
from bot.cogs.feeds._feed_choices import suggest_feeds
from bot.cogs.feeds._filter_words import words_of
from bot.cogs.feeds._post_commands import PostCommands
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.ui.escaping import plain
from bot.ui.links import link_of
from bot.ui.moderation import feed_lines, import_lines, item_lines, verdict_line, visit_lines
from bot.ui.pager import paged
from bot.ui.pages import note
from retrieval import errors as services
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.feeds import Feed
from retrieval.feeds.item_filter import FeedFilters
from retrieval.feeds.opml import ListedFeed, read_opml, write_opml
from retrieval.feeds.visits import FeedImport as FeedImport
from retrieval.feeds.visits import FeedVisit as FeedVisit
from retrieval.runtime.concurrency import cancel, map_concurrently

# Less than the fifteen minutes for which an interaction can be answered.
_LOOK_SECONDS = 600.0
# How often somebody who waits is shown the progress.
_SHOW_SECONDS = 2.0
_AT_ONCE = 4
_OPML_BYTES = 5_000_000
_DOWNLOAD_SECONDS = 60.0


@for_moderators
class FeedCommands(
    PostCommands,
    EditCommand,
    commands.GroupCog,
    group_name="feeds",
    group_description=command_text("command-feeds"),
):
    """The commands of ``/feeds``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looking: set[asyncio.Task[Any]] = set()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Start posting, now that channels are known. Discord may send this event again."""
        self._services.posts.start()
        self._services.failing_feeds.start()

    async def cog_unload(self) -> None:
        """Stop posting and everything that moderators wait for."""
        await cancel(*self._looking)
        await self._services.posts.stop()
        await self._services.failing_feeds.stop()

    @app_commands.command(name="add", description=command_text("command-feeds-add"))
    @app_commands.describe(
        address=command_text("command-feeds-address"),
        include=command_text("command-feeds-include"),
        exclude=command_text("command-feeds-exclude"),
    )
    async def add(
        self,
        interaction: discord.Interaction[Any],
        address: app_commands.Range[str, 1, 1000],
        include: app_commands.Range[str, 1, 300] | None = None,
        exclude: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        link = link_of(address)
        wanted, unwanted = words_of(include), words_of(exclude)
        await acknowledge(interaction)
        with telling(link, not_found="feed-unknown", refused="feed-known"):
            add = self._services.ingestion.feeds.add(
                link, corpus, context.actor, include=wanted, exclude=unwanted
            )
            feed = await self._look(FeedProgress(interaction, context, link), add)
        words = f"{feed_lines(feed, context.say)}\n\n{context.say('feed-added')}"
        await interaction.edit_original_response(embed=note(words).embed)

    @app_commands.command(name="list", description=command_text("command-feeds-list"))
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        feeds = await self._services.ingestion.feeds.feeds(corpus)
        if not feeds:
            raise UserError("feeds-none")
        lines = (feed_lines(feed, context.say) for feed in feeds)
        await send_pages(
            self._services,
            interaction,
            context,
            paged(context.say("feeds-title"), lines, context.say),
        )

    @app_commands.command(name="preview", description=command_text("command-feeds-preview"))
    @app_commands.describe(address=command_text("command-feeds-address"))
    async def preview(
        self,
        interaction: discord.Interaction[Any],
        address: app_commands.Range[str, 1, 1000],
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        link = link_of(address)
        await acknowledge(interaction)
        look = FeedProgress(interaction, context, link)
        seen = await self._look(
            look, self._services.ingestion.feeds.preview(link, corpus, look.report)
        )
        if not seen.judged:
            raise UserError("feed-empty", text=plain(link, 100))
        title = plain(seen.document.title or seen.url or link, 100)
        lines = (item_lines(each, context.say) for each in seen.judged)
        head = verdict_line(seen.judged, context.say)
        await send_pages(
            self._services, interaction, context, paged(title, lines, context.say, head=head)
        )

    @app_commands.command(name="filter", description=command_text("command-feeds-filter"))
    @app_commands.describe(
        feed=command_text("command-feeds-which"),
        include=command_text("command-feeds-include"),
        exclude=command_text("command-feeds-exclude"),
        languages=command_text("command-feeds-languages"),
        categories=command_text("command-feeds-categories"),
        try_only=command_text("command-feeds-try"),
        clear=command_text("command-feeds-clear"),
    )
    async def filter(
        self,
        interaction: discord.Interaction[Any],
        feed: app_commands.Range[str, 1, 1000],
        include: app_commands.Range[str, 1, 300] | None = None,
        exclude: app_commands.Range[str, 1, 300] | None = None,
        languages: app_commands.Range[str, 1, 100] | None = None,
        categories: app_commands.Range[str, 1, 300] | None = None,
        try_only: bool = False,
        clear: bool = False,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        given = {
            "include": include,
            "exclude": exclude,
            "languages": languages,
            "categories": categories,
        }
        words = {key: words_of(text) for key, text in given.items() if text}
        await acknowledge(interaction)
        service = self._services.ingestion.feeds
        with telling(feed, not_found="feed-unknown"):
            known = await service.feed(feed, corpus)
        before = FeedFilters() if clear else FeedFilters.of(known.include, known.exclude)
        filters = replace(before, **words)
        look = FeedProgress(interaction, context, known.name)
        _, judged = await self._look(look, service.preview_filters(feed, corpus, filters))
        if not try_only:
            known = await service.set_filters(feed, corpus, context.actor, filters)
        head = f"{verdict_line(tuple(judged), context.say)}\n{context.say('feed-filters-tried' if try_only else 'feed-filters-set')}"
        lines = (item_lines(each, context.say) for each in judged)
        title = plain(known.name, 100)
        await send_pages(
            self._services, interaction, context, paged(title, lines, context.say, head=head)
        )

    @app_commands.command(name="import", description=command_text("command-feeds-import"))
    @app_commands.describe(file=command_text("command-feeds-file"))
    async def import_(
        self, interaction: discord.Interaction[Any], file: discord.Attachment
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        if file.size > _OPML_BYTES:
            raise UserError("opml-unreadable", name=plain(file.filename, 100))
        try:
            async with asyncio.timeout(_DOWNLOAD_SECONDS):
                data = await file.read()
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            raise UserError("file-not-had", name=plain(file.filename, 100)) from error
        try:
            listed = await asyncio.to_thread(read_opml, data)
        except services.UnreadableSource as error:
            raise UserError("opml-unreadable", name=plain(file.filename, 100)) from error
        look = FeedProgress(interaction, context)
        look.of = len(listed)
        done = await self._look(look, self._import(listed, corpus, context.actor, look))
        order = {"failed": 0, "added": 1, "known": 2}
        done.sort(key=lambda each: (order[each.status], each.listed.url))
        lines = [import_lines(each, context.say) for each in done]
        head = context.say(
            "feeds-imported",
            added=sum(each.status == "added" for each in done),
            known=sum(each.status == "known" for each in done),
            failed=sum(each.status == "failed" for each in done),
        )
        await send_pages(
            self._services,
            interaction,
            context,
            paged(context.say("feeds-import-title"), lines, context.say, head=head),
        )

    @app_commands.command(name="export", description=command_text("command-feeds-export"))
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        feeds = await self._services.ingestion.feeds.feeds(corpus)
        if not feeds:
            raise UserError("feeds-none")
        guild = interaction.guild.name if interaction.guild else "Newsdesk"
        written = write_opml(feeds, guild, discord.utils.utcnow())
        file = discord.File(io.BytesIO(written), "feeds.opml")
        words = context.say("feeds-exported", count=len(feeds))
        await interaction.edit_original_response(embed=note(words).embed, attachments=[file])

    @app_commands.command(name="pause", description=command_text("command-feeds-pause"))
    @app_commands.describe(feed=command_text("command-feeds-which"))
    async def pause(
        self, interaction: discord.Interaction[Any], feed: app_commands.Range[str, 1, 1000]
    ) -> None:
        await self._change(
            interaction, feed, self._services.ingestion.feeds.pause, "feed-is-paused"
        )

    @app_commands.command(name="resume", description=command_text("command-feeds-resume"))
    @app_commands.describe(feed=command_text("command-feeds-which"))
    async def resume(
        self, interaction: discord.Interaction[Any], feed: app_commands.Range[str, 1, 1000]
    ) -> None:
        await self._change(
            interaction, feed, self._services.ingestion.feeds.resume, "feed-is-resumed"
        )

    @app_commands.command(name="remove", description=command_text("command-feeds-remove"))
    @app_commands.describe(feed=command_text("command-feeds-which"))
    async def remove(
        self, interaction: discord.Interaction[Any], feed: app_commands.Range[str, 1, 1000]
    ) -> None:
        await self._change(
            interaction, feed, self._services.ingestion.feeds.remove, "feed-is-removed"
        )

    @app_commands.command(name="check", description=command_text("command-feeds-check"))
    @app_commands.describe(feed=command_text("command-feeds-which-or-all"))
    async def check(
        self,
        interaction: discord.Interaction[Any],
        feed: app_commands.Range[str, 1, 1000] | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        if feed is not None:
            with telling(feed, not_found="feed-unknown", refused="feed-busy"):
                wanted = await self._services.ingestion.feeds.feed(feed, corpus)
                look = FeedProgress(interaction, context, wanted.name)
                came = await self._look(
                    look, self._services.ingestion.feeds.visit(wanted, look.report)
                )
            lines = [item_lines(each, context.say) for each in came.judged]
            head = visit_lines(came, context.say)
        else:
            look = FeedProgress(interaction, context)
            visits = await self._look(look, self._visit_all(corpus, look))
            lines = [visit_lines(each, context.say) for each in visits]
            head = None
            if not lines:
                raise UserError("feed-busy" if look.of else "feeds-none-to-check")
        await send_pages(
            self._services,
            interaction,
            context,
            paged(context.say("feeds-checked"), lines, context.say, head=head),
        )

    @pause.autocomplete("feed")
    @resume.autocomplete("feed")
    @remove.autocomplete("feed")
    @check.autocomplete("feed")
    @filter.autocomplete("feed")
    async def _feeds(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_feeds(self._services, interaction, typed)

    async def _change(
        self,
        interaction: discord.Interaction[Any],
        reference: str,
        change: Callable[[str, str, Actor], Coroutine[Any, Any, Feed]],
        done: str,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        with telling(reference, not_found="feed-unknown"):
            feed = await change(reference, corpus, context.actor)
        words = context.say(done, name=plain(feed.name, 150))
        await interaction.edit_original_response(embed=note(words).embed)

    async def _import(
        self, listed: list[ListedFeed], corpus: str, actor: Actor, look: FeedProgress
    ) -> list[FeedImport]:
        done = []
        async for each in self._services.ingestion.feeds.import_feeds(listed, corpus, actor):
            done.append(each)
            look.done += 1
        return done

    async def _visit_all(self, corpus: str, look: FeedProgress) -> list[FeedVisit]:
        """Visit all active feeds, except those that are being visited."""
        service = self._services.ingestion.feeds
        active = [feed for feed in await service.feeds(corpus) if feed.state == "active"]

        look.of = len(active)

        async def visit(feed: Feed) -> FeedVisit | None:
            try:
                return await service.visit(feed)
            except services.Refused:
                return None
            finally:
                look.done += 1

        visits = [each async for each in map_concurrently(active, visit, at_once=_AT_ONCE) if each]
        return sorted(visits, key=lambda each: each.feed.id)

    async def _look(self, look: FeedProgress, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for work that fetches, for ten minutes at most, and show how far it is. The work
        ends when the bot does."""
        task = asyncio.create_task(work)
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                while not task.done():
                    await asyncio.wait({task}, timeout=_SHOW_SECONDS)
                    if not task.done():
                        await look.show()
                with telling_unreadable(look.name, look.context.say):
                    return await task
        except TimeoutError as error:
            raise UserError("feed-took-too-long") from error
        finally:
            task.cancel()
