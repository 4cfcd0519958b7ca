"""``/feeds post`` and ``/feeds posts``: post new articles to channels."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import Suggested, acknowledge, send_pages, suggest, telling
from bot.cogs.ask._autocomplete import holds_words
from bot.cogs.feeds._feed_choices import suggest_feeds
from bot.cogs.feeds._filter_words import filter_words
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.services.clock_times import quiet_minutes
from bot.services.feed_posts import PostChannel
from bot.services.permissions import RequestContext
from bot.services.time_zones import zone_named, zones_like
from bot.storage.feed_posts import FeedPost
from bot.ui.pager import paged
from bot.ui.pages import note
from bot.ui.posts import post_lines, post_name

_SHOWN = 25
# English names of choices, with their values.
_EACH = {"each article": "article", "the first of each story": "story"}
_TEMPLATES = {
    "headline": "headline",
    "headline and first sentences": "teaser",
    "headline and opening": "opening",
}
_CLEARABLE = {
    "filters": "filters",
    "mention": "mention",
    "quiet hours": "quiet",
    "daily limit": "limit",
}
# What /feeds post can clear, with its columns.
_CLEARED: dict[str, dict[str, Any]] = {
    "filters": {"include": (), "exclude": ()},
    "mention": {"role_id": None},
    "quiet": {"quiet_from": None, "quiet_until": None},
    "limit": {"most_a_day": None},
}


class _ChannelChoice(app_commands.Transformer):
    """A text, announcement or forum channel."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The type of the option."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The kinds of channels to choose from."""
        return [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum]

    async def transform(
        self, interaction: discord.Interaction[Any], value: app_commands.AppCommandChannel, /
    ) -> PostChannel:
        """Return the chosen channel. Raises ``UserError`` (``post-no-channel``)."""
        found = value.resolve()
        if not isinstance(found, discord.TextChannel | discord.ForumChannel):
            raise UserError("post-no-channel")
        return found


Channel = app_commands.Transform[PostChannel, _ChannelChoice]
Clock = app_commands.Range[str, 1, 20]
Words = app_commands.Range[str, 1, 300]


def _choices(named: dict[str, str]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=name, value=value) for name, value in named.items()]


class PostCommands(commands.Cog):
    """The commands of ``/feeds`` about posts, as a base of its cog."""

    _services: Services

    posts = app_commands.Group(name="posts", description=command_text("command-feeds-posts"))

    @app_commands.command(name="post", description=command_text("command-feeds-post"))
    @app_commands.describe(
        channel=command_text("command-post-channel"),
        feed=command_text("command-post-feed"),
        topic=command_text("command-post-topic"),
        each=command_text("command-post-each"),
        template=command_text("command-post-template"),
        include=command_text("command-feeds-include"),
        exclude=command_text("command-feeds-exclude"),
        languages=command_text("command-feeds-languages"),
        mention=command_text("command-post-mention"),
        publish=command_text("command-post-publish"),
        most_a_day=command_text("command-post-most"),
        quiet_from=command_text("command-subscribe-quiet-from"),
        quiet_until=command_text("command-subscribe-quiet-until"),
        zone=command_text("command-subscribe-zone"),
        settle=command_text("command-post-settle"),
        change=command_text("command-post-change"),
        clear=command_text("command-post-clear"),
    )
    @app_commands.choices(
        each=_choices(_EACH), template=_choices(_TEMPLATES), clear=_choices(_CLEARABLE)
    )
    async def post(
        self,
        interaction: discord.Interaction[Any],
        channel: Channel | None = None,
        feed: app_commands.Range[str, 1, 1000] | None = None,
        topic: app_commands.Range[str, 1, 100] | None = None,
        each: str | None = None,
        template: str | None = None,
        include: Words | None = None,
        exclude: Words | None = None,
        languages: app_commands.Range[str, 1, 100] | None = None,
        mention: discord.Role | None = None,
        publish: bool | None = None,
        most_a_day: app_commands.Range[int, 1, 500] | None = None,
        quiet_from: Clock | None = None,
        quiet_until: Clock | None = None,
        zone: app_commands.Range[str, 1, 60] | None = None,
        settle: app_commands.Range[int, 0, 120] | None = None,
        change: app_commands.Range[int, 1, 2**31] | None = None,
        clear: str | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        corpus = context.require_moderator()
        await acknowledge(interaction)
        service = self._services.feed_posts
        before = None if change is None else await service.post(context, change)
        hours: tuple[int | None, int | None] = (None, None)
        if before is not None and clear != "quiet":
            hours = before.quiet_from, before.quiet_until
        start, end = quiet_minutes(quiet_from, quiet_until, interaction.locale.value, hours)
        given: dict[str, Any] = {
            "feed_id": None if feed is None else await self._feed_id(feed, corpus),
            "topic": topic,
            "each": each,
            "template": template,
            "role_id": mention.id if mention else None,
            "publish": publish,
            "most_a_day": most_a_day,
            "quiet_from": start,
            "quiet_until": end,
            "zone": zone_named(zone) if zone else None,
            "settle_minutes": settle,
        }
        fields = {name: value for name, value in given.items() if value is not None}
        fields = {**_CLEARED.get(clear or "", {}), **_source(fields), **fields}
        kept = None if clear == "filters" else before
        fields |= filter_words(kept, include=include, exclude=exclude, languages=languages)
        if before is None:
            place = channel or _here(interaction)
            locale = context.settings.language or interaction.locale.value
            made = await service.add(context, place, locale, fields)
            key = "post-added"
        else:
            place = channel or _channel_of(interaction, before)
            made = await service.change(context, before, place, fields)
            key = "post-changed"
        feeds = await self._feed_names(made.corpus)
        words = f"{post_lines(made, feeds, context.say)}\n\n{context.say(key, id=made.id)}"
        await interaction.edit_original_response(embed=note(words).embed)

    @posts.command(name="list", description=command_text("command-feeds-posts-list"))
    async def list_posts(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        posts = await self._services.feed_posts.of(context)
        if not posts:
            raise UserError("posts-none")
        feeds = {name: await self._feed_names(name) for name in {post.corpus for post in posts}}
        lines = [post_lines(post, feeds[post.corpus], context.say) for post in posts]
        pages = paged(context.say("posts-title"), lines, context.say)
        await send_pages(self._services, interaction, context, pages)

    @posts.command(name="pause", description=command_text("command-feeds-posts-pause"))
    @app_commands.describe(post=command_text("command-post-which"))
    async def pause_post(self, interaction: discord.Interaction[Any], post: int) -> None:
        await self._change_post(interaction, post, "pause", "post-paused")

    @posts.command(name="resume", description=command_text("command-feeds-posts-resume"))
    @app_commands.describe(post=command_text("command-post-which"))
    async def resume_post(self, interaction: discord.Interaction[Any], post: int) -> None:
        await self._change_post(interaction, post, "resume", "post-resumed")

    @posts.command(name="remove", description=command_text("command-feeds-posts-remove"))
    @app_commands.describe(post=command_text("command-post-which"))
    async def remove_post(self, interaction: discord.Interaction[Any], post: int) -> None:
        await self._change_post(interaction, post, "remove", "post-removed")

    @post.autocomplete("change")
    @pause_post.autocomplete("post")
    @resume_post.autocomplete("post")
    @remove_post.autocomplete("post")
    async def _post_ids(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[int]]:
        async def find(context: RequestContext, corpus: str) -> Suggested:
            posts = await self._services.feed_posts.of(context)
            feeds = await self._feed_names(corpus)
            guild = interaction.guild
            names = []
            for post in posts:
                channel = guild.get_channel(post.channel_id) if guild else None
                where = f"#{channel.name}" if channel else str(post.channel_id)
                named = f"{post.id} · {where} · {post_name(post, feeds, context.say)}"
                names.append((named, str(post.id)))
            return [each for each in names if holds_words(each[0], str(typed))]

        found = await suggest(self._services, interaction, find)
        return [app_commands.Choice(name=each.name, value=int(each.value)) for each in found]

    @post.autocomplete("feed")
    async def _post_feeds(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_feeds(self._services, interaction, typed)

    @post.autocomplete("zone")
    async def _zones(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in zones_like(typed, _SHOWN)]

    async def _change_post(
        self, interaction: discord.Interaction[Any], post_id: int, what: str, done: str
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        service = self._services.feed_posts
        act = {"pause": service.pause, "resume": service.resume, "remove": service.remove}[what]
        post = await act(context, post_id)
        words = context.say(done, id=post.id, channel=f"<#{post.channel_id}>")
        await interaction.edit_original_response(embed=note(words).embed)

    async def _feed_id(self, reference: str, corpus: str) -> int:
        with telling(reference, not_found="feed-unknown"):
            return (await self._services.ingestion.feeds.feed(reference, corpus)).id

    async def _feed_names(self, corpus: str) -> dict[int, str]:
        feeds = await self._services.ingestion.feeds.feeds(corpus)
        return {feed.id: feed.name for feed in feeds}


def _source(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a new feed or topic replaces: each clears the other, unless both are given."""
    if "feed_id" in fields:
        return {"topic": None}
    return {"feed_id": None} if "topic" in fields else {}


def _here(interaction: discord.Interaction[Any]) -> PostChannel:
    here = interaction.channel
    if isinstance(here, discord.Thread):
        here = here.parent
    if not isinstance(here, discord.TextChannel | discord.ForumChannel):
        raise UserError("post-no-channel")
    return here


def _channel_of(interaction: discord.Interaction[Any], post: FeedPost) -> PostChannel:
    found = interaction.guild.get_channel(post.channel_id) if interaction.guild else None
    if not isinstance(found, discord.TextChannel | discord.ForumChannel):
        raise UserError("post-no-channel")
    return found
