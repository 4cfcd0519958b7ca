"""Servers that the bot was removed from: their data is deleted after a grace time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import discord

from bot.config.settings import Settings
from bot.ops.background import run_forever
from bot.ops.logging import details
from bot.services.conversations import CONVERSATION_SECONDS
from bot.services.ingestion import IngestionServices
from bot.services.permissions import RequestContexts
from bot.services.roles import Roles
from bot.storage.answer_notes import forget_notes
from bot.storage.answers import forget_answers
from bot.storage.conversations import forget_conversations
from bot.storage.feed_posts import forget_posts
from bot.storage.guild_settings import (
    forget_guild,
    guilds_removed_before,
    known_guilds,
    mark_present,
    mark_removed,
)
from bot.storage.job_messages import forget_job_messages
from bot.storage.member_usage import forget_days_before, forget_member_usage
from bot.storage.sightings import forget_sightings
from bot.storage.subscriptions import forget_subscriptions
from bot.storage.usage import forget_usage
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.feeds import Feed
from retrieval.catalogue.leases import Lease
from retrieval.errors import NewsdeskError, Note, StorageError
from retrieval.library import Library
from retrieval.maintenance import erase_hidden, hide_corpora
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)

_US = Actor("Newsdesk", "removed from the server")
_EVERY_SECONDS = 3_600.0
_DAY = timedelta(days=1)


class GuildRetention:
    """Keeps note of who is gone since when, and deletes what is due. Coming back cancels it."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        settings: Settings,
        library: Library,
        ingestion: IngestionServices,
        contexts: RequestContexts,
        roles: Roles,
    ) -> None:
        self._client = client
        self._settings = settings
        self._library = library
        self._ingestion = ingestion
        self._contexts = contexts
        self._roles = roles
        self._task: asyncio.Task[None] | None = None
        # Under which lease a shard's departures are written; None without a database that is shared.
        self.lease_of: Callable[[int], Lease | None] | None = None
        self._watched: set[int] = set()

    def start(self) -> None:
        """Begin to delete what is due; for when a shard is watched. May be called again."""
        if self._task is not None:
            return
        what = "deleting data of servers that are gone"
        rounds = run_forever(self.delete_due, what, pause=_EVERY_SECONDS)
        self._task = asyncio.create_task(rounds, name="departures")

    async def stop(self) -> None:
        """Return when nothing is being deleted any more: the database may be closed then."""
        if self._task is not None:
            await cancel(self._task)

    def watch(self, shard_id: int) -> None:
        """Take it from discord.py which servers of a shard are there: it is connected."""
        self._watched.add(shard_id)

    def unwatch(self, shard_id: int) -> None:
        """Call no server of a shard gone, and delete nothing of one, until it is watched again."""
        self._watched.discard(shard_id)

    async def compare(self, shard_id: int) -> None:
        """Note who came and went while nobody listened to a shard, which is watched."""
        database, now = self._library.database, self._library.clock()
        known = self._of(shard_id, await known_guilds(database))
        gone = self._of(shard_id, await guilds_removed_before(database, datetime.max))
        for guild_id in known - self._present(shard_id):
            if not self.is_watched(guild_id):
                return  # it went away meanwhile
            await self.left(guild_id)
        for guild_id in gone & self._present(shard_id):
            await self.came(guild_id)
        await mark_present(database, list(self._present(shard_id)), now)

    def _present(self, shard_id: int) -> set[int]:
        """The servers of a shard that the bot is in, at this moment: some leave while it looks."""
        return self._of(shard_id, (guild.id for guild in self._client.guilds))

    def _of(self, shard_id: int, guild_ids: Iterable[int]) -> set[int]:
        return {each for each in guild_ids if self._shard_of(each) == shard_id}

    def _shard_of(self, guild_id: int) -> int:
        """docs.discord.com/developers/events/gateway#sharding-sharding-formula"""
        return (guild_id >> 22) % (self._client.shard_count or 1)

    def lease_of_guild(self, guild_id: int) -> Lease | None:
        """Under which lease this process has the shard of a server; None if it hasn't."""
        return None if self.lease_of is None else self.lease_of(self._shard_of(guild_id))

    def is_watched(self, guild_id: int) -> bool:
        """Whether the shard of a server is watched, and connected at this moment: discord.py tells
        that a connection is lost only when it is that shard's turn to be connected again."""
        shard_id = self._shard_of(guild_id)
        if self.lease_of is not None:
            lease = self.lease_of(shard_id)
            if lease is None or not lease.is_current:
                return False  # another process may have it by now
        shard = self._client.get_shard(shard_id)
        return shard_id in self._watched and shard is not None and not shard.is_closed()

    async def came(self, guild_id: int) -> None:
        """Keep what is a server's, and visit its feeds again."""
        await mark_present(self._library.database, [guild_id], self._library.clock())
        corpus, feeds = self._contexts.corpus_of(guild_id), self._ingestion.feeds
        for feed in await self._feeds(corpus):
            if _is_ours(feed.pause_reason):
                await feeds.resume(str(feed.id), corpus, _US)

    async def left(self, guild_id: int) -> None:
        """Start the grace time of a server; its jobs end, and its feeds are not visited. Raises
        ``StorageError`` if another process has its shard by now."""
        lease = None
        if self.lease_of is not None:
            lease = self.lease_of(self._shard_of(guild_id))
            if lease is None:
                raise StorageError("lease-lost")
        await mark_removed(self._library.database, guild_id, self._library.clock(), lease)
        if self._settings.shared_corpus is not None:
            return
        corpus, room = self._contexts.corpus_of(guild_id), self._ingestion
        for job in await self._library.catalogue.jobs.unfinished():
            if job.corpus == corpus:
                with contextlib.suppress(NewsdeskError):  # it has ended meanwhile
                    await room.jobs.cancel(job.id, corpus, _US)
        for feed in await self._feeds(corpus):
            if feed.state == "active":
                await room.feeds.pause(str(feed.id), corpus, _US)

    async def _feeds(self, corpus: str) -> list[Feed]:
        found = await self._library.catalogue.corpora.by_name(corpus)
        return await self._library.catalogue.feeds.of(found) if found else []

    async def delete_due(self) -> int:
        """Delete everything of the servers whose grace time is over, answers and conversations that
        are too old, and what members used on days that are over.

        Servers of a shard that isn't watched, or is another process's by now, wait: they may have
        taken the bot back.

        Returns how many servers that were.
        """
        library = self._library
        due = library.clock() - timedelta(days=self._settings.guild_data_retention_days)
        gone = [
            guild_id
            for guild_id in await guilds_removed_before(library.database, due)
            if self.is_watched(guild_id) and self._client.get_guild(guild_id) is None
        ]
        deleted = 0
        for guild_id in gone:
            if await self._roles.if_held(guild_id, partial(self._delete, guild_id)):
                _log.info("a server's data was deleted", extra=details(server=guild_id))
                deleted += 1
        if deleted and library.writable:  # at once: what they share is rewritten once
            await erase_hidden(library)
        await forget_answers(
            library.database,
            before=library.clock() - timedelta(days=self._settings.answer_retention_days),
        )
        await forget_conversations(
            library.database, before=library.clock() - timedelta(seconds=CONVERSATION_SECONDS)
        )
        # Somewhere it may still be yesterday.
        await forget_days_before(library.database, (library.clock() - _DAY).astimezone(UTC).date())
        return deleted

    async def _delete(self, guild_id: int) -> bool:
        if self._settings.shared_corpus is None:
            await hide_corpora(self._library, self._contexts.corpus_of(guild_id))
        await self._forget(guild_id)
        return True

    async def _forget(self, guild_id: int) -> None:
        """Delete what the application keeps of a server, beside its corpus."""
        database = self._library.database
        if self._settings.shared_corpus is None:
            corpus = self._contexts.corpus_of(guild_id)
            # Also what was answered from it directly.
            await forget_answers(database, corpus=corpus)
            await forget_usage(database, corpus)
            await forget_notes(database, corpus)
            await forget_conversations(database, corpus=corpus)
        await forget_answers(database, guild_id=guild_id)
        await forget_conversations(database, guild_id=guild_id)
        await forget_subscriptions(database, guild_id=guild_id)
        await forget_sightings(database, guild_id=guild_id)
        await forget_posts(database, guild_id)
        await forget_job_messages(database, guild_id)
        await forget_member_usage(database, guild_id)
        await forget_guild(database, guild_id)


def _is_ours(reason: Note | None) -> bool:
    """Whether a feed was paused because the bot left; version 0.1.0 kept that as a sentence."""
    if reason is None:
        return False
    return str(reason.params.get("who") or reason.params.get("text", "")).startswith(_US.who)
