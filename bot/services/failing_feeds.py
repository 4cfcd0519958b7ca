"""Tells moderators, once a day, which feeds fail and which channels can't be posted to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import discord

from bot.i18n import translator_for
from bot.ops.background import run_forever
from bot.ops.logging import details
from bot.services.guild_settings import GuildSettingsCache
from bot.services.permissions import RequestContexts
from bot.services.roles import Roles
from bot.storage.feed_posts import active_posts
from bot.storage.feed_reports import note_report, reported_at
from bot.ui.failing_feeds import failing_page
from bot.ui.failures import described
from retrieval.catalogue.feeds import Feed
from retrieval.feeds.service import FeedService
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import clock_went_back

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 900.0
_ONCE_IN = timedelta(days=1)
# What fails for less is not worth a word: sites are restarted.
_LASTING, _TRIES = timedelta(hours=3), 2
_PAUSED_BY_US = frozenset({"failing-since", "feed-gone"})


class FailingFeedsReport:
    """``start`` it and ``stop`` it; ``tick`` is one round by itself. ``blocked`` are the channels that
    may not be written to at present."""

    def __init__(
        self,
        client: discord.Client,
        library: Library,
        feeds: FeedService,
        guild_settings: GuildSettingsCache,
        contexts: RequestContexts,
        roles: Roles,
        blocked: Mapping[int, int],
    ) -> None:
        self._client = client
        self._library = library
        self._feeds = feeds
        self._guild_settings = guild_settings
        self._contexts = contexts
        self._roles = roles
        self._blocked = blocked
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell; does nothing if it is at it already."""
        if self._task is None:
            rounds = run_forever(self.tick, "failing feeds", pause=_EVERY_SECONDS)
            self._task = asyncio.create_task(rounds, name="failing feeds")

    async def stop(self) -> None:
        if self._task is not None:
            await cancel(self._task)

    async def tick(self) -> None:
        """Tell the moderators of each server what fails there, unless they were told today."""
        for guild in list(self._client.guilds):
            try:
                await self._roles.if_held(guild.id, partial(self._tell, guild))
            except (discord.HTTPException, TimeoutError, OSError) as error:
                _log.warning(
                    "failing feeds could not be told (%s)",
                    described(error),
                    extra=details(server=guild.id),
                )

    async def _tell(self, guild: discord.Guild) -> None:
        settings = await self._guild_settings.of(guild.id)
        if settings.moderators_channel is None:
            return
        database, now = self._library.database, self._library.clock()
        told = await reported_at(database, guild.id)
        if told is not None and now < told + _ONCE_IN and not clock_went_back(told, now):
            return
        feeds = await self._feeds.feeds(self._contexts.corpus_of(guild.id))
        failing = [feed for feed in feeds if _is_failing(feed, told, now)]
        posts = [
            post
            for post in await active_posts(database, guild_id=guild.id)
            if post.channel_id in self._blocked
        ]
        if not failing and not posts:
            return
        say = translator_for(settings.language or guild.preferred_locale.value)
        channel = self._client.get_partial_messageable(settings.moderators_channel)
        # With the day's nonce Discord takes it once for a server, should it not be noted.
        nonce = f"{guild.id:x}f{now:%Y%m%d}"
        await channel.send(embed=failing_page(failing, posts, say).embed, nonce=nonce)
        await note_report(database, guild.id, now)


def _is_failing(feed: Feed, told: datetime | None, now: datetime) -> bool:
    """Whether a feed has failed for a while, or was paused for that since the last report."""
    if feed.state == "paused":
        reason = feed.pause_reason
        since = told is None or (feed.checked_at is not None and feed.checked_at > told)
        return reason is not None and reason.code in _PAUSED_BY_US and since
    lasting = feed.failing_since is not None and now - feed.failing_since >= _LASTING
    return lasting and feed.failures >= _TRIES
