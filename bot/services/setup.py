"""What a server has set up, what it lacks, and its daily digest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import discord

from bot.config.settings import Settings
from bot.errors import UserError
from bot.i18n import Say
from bot.ops.invite import invite_link, missing_permissions
from bot.services.permissions import RequestContext
from bot.storage.feed_posts import active_posts
from bot.storage.subscriptions import (
    Subscription,
    active_subscriptions,
    add_subscription,
    end_subscription,
)
from bot.ui.setup import Checklist
from retrieval.feeds.service import FeedService
from retrieval.library import Library

# Threads of a server that may be open at a time: beyond that, no post of a forum can be begun.
MOST_THREADS, NEARLY_ALL_THREADS = 1_000, 900
DIGEST_AT = 8 * 60  # minute of the local day


class SetupService:
    """Reads and changes what ``/setup`` shows. ``has_model``: answers are written by a model, which
    doesn't answer at present if ``model_fails``."""

    def __init__(
        self,
        client: discord.Client,
        settings: Settings,
        library: Library,
        feeds: FeedService,
        *,
        has_model: bool,
        model_fails: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client = client
        self._settings = settings
        self._library = library
        self._feeds = feeds
        self._has_model = has_model
        self._model_fails = model_fails
        self._changing = asyncio.Lock()

    async def checklist(self, context: RequestContext) -> Checklist:
        """What holds in a moderator's server now. Raises ``UserError`` for who is none."""
        corpus = context.require_moderator()
        settings, say = context.settings, context.say
        counts = {each.name: each.articles for each in await self._library.counts()}
        digest = await self.digest_of(context)
        return Checklist(
            settings.channels,
            settings.ask_roles,
            settings.language,
            self._zone(context),
            len(await self._feeds.feeds(corpus)) if corpus in counts else 0,
            counts.get(corpus, 0),
            digest.channel_id if digest else None,
            self._when(digest, say) if digest else None,
            [*self._missing(context, digest), *await self._missing_of_forums(context)],
        )

    async def digest_of(self, context: RequestContext) -> Subscription | None:
        """The daily digest of everything that the server has for a channel; the newest of several."""
        made = await active_subscriptions(self._library.database, guild_id=context.require_guild())
        return next(
            (
                each
                for each in reversed(made)
                if each.kind == "digest"
                and each.channel_id is not None
                and each.weekday is None
                and each.topic is each.source is None
            ),
            None,
        )

    async def set_digest(
        self, context: RequestContext, channel_id: int | None, locale: str
    ) -> Subscription | None:
        """Have a digest come to a channel every day, or to none, instead of where it came before.

        Raises ``UserError`` where the bot may not write.
        """
        corpus = context.require_moderator()
        if channel_id is not None and not self._writes(context, channel_id):
            raise UserError("setup-not-writable", channels=f"<#{channel_id}>")
        database, now = self._library.database, self._library.clock()
        async with self._changing:
            before = await self.digest_of(context)
            wanted = (channel_id, self._zone(context))
            if before is not None:
                if (before.channel_id, before.zone) == wanted:
                    return before
                await end_subscription(database, before.id, "replaced", now)
            if channel_id is None:
                return None
            made = Subscription(
                id=0,
                kind="digest",
                corpus=corpus,
                guild_id=context.guild_id,
                channel_id=channel_id,
                user_id=context.user.id,
                zone=self._zone(context),
                created_at=now,
                done_until=now,
                locale=context.settings.language or locale,
                at_minute=before.at_minute if before else DIGEST_AT,
            )
            return await add_subscription(database, made)

    def _zone(self, context: RequestContext) -> str:
        return context.settings.zone or self._settings.timezone

    def _when(self, digest: Subscription, say: Say) -> str:
        minute = digest.at_minute or 0
        at = f"{minute // 60:02}:{minute % 60:02}"
        return f"<#{digest.channel_id}>, {say('subscription-daily', time=at, zone=digest.zone)}"

    def _missing(self, context: RequestContext, digest: Subscription | None) -> Sequence[str]:
        """What keeps the bot from its work here, each with what mends it."""
        guild, say, found = self._guild(context), context.say, []
        if guild is not None and guild.me is not None and self._client.application_id:
            lacking = missing_permissions(guild.me.guild_permissions)
            if lacking:
                link = invite_link(self._client.application_id)
                found.append(say("setup-no-permissions", permissions=", ".join(lacking), link=link))
        wanted = [*context.settings.channels, *([digest.channel_id or 0] if digest else [])]
        closed = [each for each in dict.fromkeys(wanted) if not self._writes(context, each)]
        if closed:
            names = ", ".join(f"<#{each}>" for each in closed)
            found.append(say("setup-not-writable", channels=names))
        if not self._settings.message_content:
            found.append(say("setup-no-intent"))
        if not self._has_model:
            found.append(say("setup-no-model"))
        elif self._model_fails():
            found.append(say("setup-model-failing"))
        return found

    async def _missing_of_forums(self, context: RequestContext) -> list[str]:
        """What keeps articles from forums that they are posted to."""
        guild, say = self._guild(context), context.say
        posts = await active_posts(self._library.database, guild_id=context.require_guild())
        forums = (
            [guild.get_channel(post.channel_id) for post in posts if post.forum] if guild else []
        )
        if guild is None or not forums:
            return []
        found = []
        closed = [each for each in dict.fromkeys(forums) if each and not _opens_posts(each)]
        if closed:
            names = ", ".join(each.mention for each in closed)
            found.append(say("setup-forum-closed", channels=names))
        if len(guild.threads) >= NEARLY_ALL_THREADS:
            found.append(say("setup-threads-full", count=len(guild.threads), most=MOST_THREADS))
        return found

    def _guild(self, context: RequestContext) -> discord.Guild | None:
        return self._client.get_guild(context.require_guild())

    def _writes(self, context: RequestContext, channel_id: int) -> bool:
        """Whether the bot may send embeds in a channel; a category has no messages of its own."""
        guild = self._guild(context)
        channel: Any = guild.get_channel_or_thread(channel_id) if guild else None
        if guild is None or channel is None:
            return False
        if isinstance(channel, discord.CategoryChannel):
            return True
        rights = channel.permissions_for(guild.me)
        in_thread = isinstance(channel, discord.Thread | discord.ForumChannel)
        writes = rights.send_messages_in_threads if in_thread else rights.send_messages
        return bool(rights.view_channel and writes and rights.embed_links)


def _opens_posts(channel: discord.abc.GuildChannel) -> bool:
    """Whether the bot may begin posts in a forum, with the tags that it asks for."""
    rights = channel.permissions_for(channel.guild.me)
    if not (rights.view_channel and rights.send_messages and rights.embed_links):
        return False
    if not isinstance(channel, discord.ForumChannel) or not channel.flags.require_tag:
        return True
    free = any(not tag.moderated for tag in channel.available_tags)
    return free or rights.manage_threads
