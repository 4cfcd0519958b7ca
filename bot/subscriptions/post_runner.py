"""Posts new articles to channels, each once. Independent of Discord: the sender is passed in.

Before an article is posted it is recorded with the id that its message will carry, and again once
it has arrived. If the program ends or fails in between, the message is looked for in the channel
and posted only if it isn't there.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.ops.background import Backoff, run_forever
from bot.storage.feed_posts import (
    FeedPost,
    PostedArticle,
    active_posts,
    channels_waiting,
    end_posts_to,
    first_waiting_of_story,
    forget_old,
    is_posted,
    newest_waiting,
    note_published,
    on_their_way,
    pinged_since,
    published_count,
    sent_count,
    sent_of_story,
    settle,
    skip_waiting,
    to_be_published,
)
from bot.subscriptions.post_collector import FeedLookup, PostCollector
from bot.subscriptions.runner import Alone, DeliveryImpossible, in_this_process
from bot.subscriptions.schedule import local_day, quiet_hours
from retrieval.catalogue.arrivals import ShownArticle, shown_articles
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import Clock, clock_went_back

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 15.0
_SEND_SECONDS = 120.0
_PUBLISH_SECONDS = 15.0
# What couldn't be posted for this long is no longer news.
_PATIENCE = timedelta(days=1)
# Of several messages within this time, only the first mentions the role.
_PING_ONCE_IN = timedelta(minutes=10)
# How many messages of a channel Discord publishes in an hour.
_PUBLISHED_AN_HOUR = 10
_FORGET_EVERY = timedelta(hours=1)
_KEEP_SENT, _KEEP_SKIPPED = timedelta(days=60), timedelta(days=4)
_SHOWN = 4_000  # characters of a text


class PostBlocked(Exception):
    """A channel can't be written to at present; ``code`` is Discord's error code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class ReplyImpossible(Exception):
    """The thread that a report belongs to is gone or closed."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Where a message is: ``thread_id`` is set in a forum; ``is_public`` tells whether it can be
    published."""

    message_id: int
    thread_id: int | None = None
    is_public: bool = False


class PostSender(Protocol):
    """Brings articles to channels.

    ``send`` posts one, into a thread if there is one, with the id of ``row`` in it; ``ping``
    mentions the post's role. It raises ``DeliveryImpossible`` if the channel is gone,
    ``PostBlocked``, ``ReplyImpossible``, or anything else to be called again later. ``find``
    returns the message that an earlier try may have sent to the channel of ``row``, or None.
    ``publish`` returns whether a message is published to followers, and raises to be called again.
    ``tell_end`` tells moderators that posts to a channel have ended.
    """

    async def send(
        self, post: FeedPost, article: ShownArticle, row: PostedArticle, *, ping: bool
    ) -> SentMessage: ...

    async def find(self, row: PostedArticle) -> SentMessage | None: ...

    async def publish(self, row: PostedArticle) -> bool: ...

    async def tell_end(self, posts: Sequence[FeedPost], why: str) -> None: ...


class PostRunner:
    """Collects and posts in rounds: ``start`` and ``stop`` it, or make one round with ``tick``."""

    def __init__(
        self,
        library: Library,
        feeds: FeedLookup,
        sender: PostSender,
        clock: Clock,
        alone: Alone = in_this_process,
    ) -> None:
        self._alone = alone
        self._database = library.database
        self._collector = PostCollector(library, feeds)
        self._collecting = asyncio.Lock()
        self._sender = sender
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._channels: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._draining: dict[int, asyncio.Task[None]] = {}
        self._backoff = Backoff()
        self._forgot_at: datetime | None = None
        # By channels that can't be written to, Discord's error codes; moderators are told.
        self.blocked: dict[int, int] = {}

    def start(self) -> None:
        """Begin to post what comes in; do nothing if that has begun."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._alone(self._post_forever))

    async def stop(self) -> None:
        """Stop posting. A message on its way is looked for at the next start."""
        if self._task is not None:
            await cancel(self._task)

    async def _post_forever(self) -> None:
        try:
            await run_forever(self._begin_posting, "feed posts", pause=_EVERY_SECONDS)
        finally:
            await cancel(*self._draining.values())

    async def tick(self) -> None:
        """Collect what is new, and post everything that may be posted now.

        A channel that fails is tried again later. Raises ``StorageError`` if collecting fails.
        """
        await asyncio.gather(*map(self._guarded, await self._look()))

    async def _begin_posting(self) -> None:
        """Begin a round in which each channel works independently, so that a busy one delays no
        other."""
        for channel_id in await self._look():
            running = self._draining.get(channel_id)
            if running is None or running.done():
                task = asyncio.create_task(self._guarded(channel_id))
                self._draining[channel_id] = task

    async def _look(self) -> set[int]:
        """Collect what is new; return the ids of the channels with something to do."""
        async with self._collecting:
            now = self._clock()
            posts = [p for p in await active_posts(self._database) if not p.paused]
            await self._collector.collect(posts, now)
            await skip_waiting(self._database, now - _PATIENCE, now)
            last = self._forgot_at
            if last is None or now - last >= _FORGET_EVERY or clock_went_back(last, now):
                await forget_old(self._database, now - _KEEP_SENT, now - _KEEP_SKIPPED)
                self._forgot_at = now
            return await channels_waiting(self._database)

    async def _guarded(self, channel_id: int) -> None:
        if self._backoff.holds(channel_id, self._clock()):
            return
        try:
            async with self._channels[channel_id]:
                await self._drain(channel_id)
            self._backoff.forget(channel_id)
            self.blocked.pop(channel_id, None)
        except DeliveryImpossible as gone:
            _log.info("posts to channel %d ended: %s", channel_id, gone.why)
            await self._end(channel_id, gone.why)
        except Exception as error:  # noqa: BLE001 - logged; tried again later
            if isinstance(error, PostBlocked):
                self.blocked[channel_id] = error.code
            passes = isinstance(error, PostBlocked | TimeoutError)
            what = f"posts to channel {channel_id}"
            self._backoff.note(channel_id, self._clock(), what, error, is_expected=passes)

    async def _end(self, channel_id: int, why: str) -> None:
        ended = [p for p in await active_posts(self._database) if p.channel_id == channel_id]
        await end_posts_to(self._database, channel_id, why, self._clock())
        self._backoff.forget(channel_id)
        self.blocked.pop(channel_id, None)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._sender.tell_end(ended, why)
        except Exception:  # noqa: BLE001 - logged; there is nobody else to tell
            _log.exception("moderators could not be told that posts to %d ended", channel_id)

    async def _drain(self, channel_id: int) -> None:
        """Post what is waiting for a channel, newest first."""
        await self._settle_earlier(channel_id)
        while True:
            posts = await self._open_posts(channel_id)
            article = await newest_waiting(self._database, list(posts))
            if article is None:
                break
            post = posts[article.post_id]
            if post.forum:  # a story's reports come in order
                article = await first_waiting_of_story(self._database, article)
            await self._send(post, article)
        await self._publish(channel_id)

    async def _settle_earlier(self, channel_id: int) -> None:
        """Find out what became of messages that were on their way when posting was cut off."""
        pending = await on_their_way(self._database, channel_id)
        if not pending:
            return
        posts = {post.id: post for post in await active_posts(self._database)}
        for row in pending:
            post = posts.get(row.post_id)
            if post is None:
                await self._skip(row, "ended")
                continue
            async with asyncio.timeout(_SEND_SECONDS):
                found = await self._sender.find(row)
            # It may have been moved or changed meanwhile.
            now_open = {each.id: each for each in await active_posts(self._database)}
            post = now_open.get(row.post_id, post)
            if found is not None:
                await self._note_sent(post, row, found)
            elif row.arrived_at < self._clock() - _PATIENCE:
                await self._skip(row, "stale")
            else:
                # The post may go to another channel now; and nobody was mentioned.
                anew = replace(row, state="waiting", channel_id=post.channel_id, pinged=False)
                await settle(self._database, anew)

    async def _open_posts(self, channel_id: int) -> dict[int, FeedPost]:
        """Return the channel's posts that may send now, given quiet hours and what they have sent
        today."""
        now, found = self._clock(), {}
        for post in await active_posts(self._database):
            if post.channel_id != channel_id or post.paused:
                continue
            quiet = quiet_hours(post.zone, post.quiet_from, post.quiet_until)
            if quiet is not None and quiet.hold(now):
                continue
            if post.most_a_day is not None:
                sent = await sent_count(
                    self._database, post.id, local_day(now, ZoneInfo(post.zone))
                )
                if sent >= post.most_a_day:
                    continue
            found[post.id] = post
        return found

    async def _send(self, post: FeedPost, row: PostedArticle) -> None:
        now = self._clock()
        shown = await shown_articles(self._database, [row.article_id], _SHOWN)
        article = shown.get(row.article_id)
        earlier = None
        if post.forum or post.each == "story":
            earlier = await sent_of_story(self._database, post.channel_id, row.article_id)
        if article is None:
            await self._skip(row, "removed")
            return
        if earlier is not None and post.each == "story":
            await self._skip(row, "story-told")
            return
        if await is_posted(self._database, post.channel_id, row):
            await self._skip(row, "elsewhere")
            return
        thread_id = earlier.thread_id if earlier is not None and post.forum else None
        ping = (
            post.role_id is not None
            and thread_id is None
            and not await pinged_since(self._database, post.id, now - _PING_ONCE_IN)
        )
        row = replace(row, state="sending", at=now, thread_id=thread_id, pinged=ping)
        row = replace(row, story_id=article.story_id, channel_id=post.channel_id)
        await settle(self._database, row)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                sent = await self._sender.send(post, article, row, ping=ping)
        except ReplyImpossible:
            await self._skip(row, "thread-closed")
        else:
            await self._note_sent(post, row, sent)

    async def _skip(self, row: PostedArticle, reason: str) -> None:
        skipped = replace(row, state="skipped", reason=reason, at=self._clock(), pinged=False)
        await settle(self._database, skipped)

    async def _note_sent(self, post: FeedPost, row: PostedArticle, sent: SentMessage) -> None:
        await settle(
            self._database,
            replace(
                row,
                state="sent",
                message_id=sent.message_id,
                thread_id=sent.thread_id,
                to_publish=post.publish and sent.is_public,
            ),
        )

    async def _publish(self, channel_id: int) -> None:
        """Publish what is to be published, as many an hour as Discord allows; the rest later, while it is
        news."""
        for row in await to_be_published(self._database, channel_id):
            now = self._clock()
            if row.at < now - _PATIENCE:
                await note_published(self._database, row.id, None)
                continue
            lately = await published_count(self._database, channel_id, now - timedelta(hours=1))
            if lately >= _PUBLISHED_AN_HOUR:
                return
            try:
                async with asyncio.timeout(_PUBLISH_SECONDS):
                    done = await self._sender.publish(row)
            except Exception as error:  # noqa: BLE001 - logged; it keeps no article waiting
                _log.warning("a message is published later (%s)", type(error).__name__)
                return
            await note_published(self._database, row.id, now if done else None)
