"""Deliver posted articles to text, announcement and forum channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import discord

from bot.bootstrap import Services
from bot.i18n import translator_for
from bot.storage.feed_posts import FeedPost, PostedArticle
from bot.subscriptions.post_runner import PostBlocked, ReplyImpossible, SentMessage
from bot.subscriptions.runner import DeliveryImpossible
from bot.ui.escaping import unmarked
from bot.ui.pages import note
from bot.ui.posts import mark_of, post_page
from retrieval.catalogue.arrivals import ShownArticle

_LOOKED_AT = 100  # messages or threads searched for one that may have arrived
_ABOUT_NOW = timedelta(minutes=2)  # how far Discord's clock may differ from ours
_UNKNOWN_CHANNEL, _UNKNOWN_GUILD = 10003, 10004
_ARCHIVED_THREAD, _LOCKED = 50083, 40067
_PUBLISHED_ALREADY = 40033
_THREAD_NAME = 100


class DiscordPostSender:
    """Sends posts to Discord."""

    def __init__(self, client: discord.Client, services: Services) -> None:
        self._client = client
        self._services = services

    async def send(
        self, post: FeedPost, article: ShownArticle, row: PostedArticle, *, ping: bool
    ) -> SentMessage:
        """Send an article; ``ping`` mentions the post's role. Raises ``PostBlocked`` where the bot
        may not write, ``DeliveryImpossible`` if the channel is gone, ``ReplyImpossible`` if the
        forum's thread is, and what discord.py raises."""
        say = translator_for(post.locale)
        settings = await self._services.guild_settings.of(post.guild_id)
        page = post_page(article, post.template, mark_of(row.id), say, pictures=settings.pictures)
        shown: dict[str, Any] = {"embed": page.embed}
        if ping and post.role_id is not None:
            role = discord.Object(post.role_id)
            shown["content"] = f"<@&{post.role_id}>"
            # The only mention that is allowed.
            shown["allowed_mentions"] = discord.AllowedMentions(
                everyone=False, users=False, roles=[role], replied_user=False
            )
        try:
            channel = await self._channel(post.channel_id)
            if isinstance(channel, discord.ForumChannel):
                return await self._send_to_forum(channel, article, row, shown)
            if not isinstance(channel, discord.TextChannel):
                raise DeliveryImpossible(say("ended-channel-gone"))
            # discord.py lets Discord enforce the nonce: the same message is accepted once.
            message = await channel.send(nonce=row.id, **shown)
            return SentMessage(message.id, is_public=channel.is_news())
        except discord.Forbidden as error:
            raise PostBlocked(error.code) from error
        except discord.NotFound as error:
            if error.code in (_UNKNOWN_CHANNEL, _UNKNOWN_GUILD):
                raise DeliveryImpossible(say("ended-channel-gone")) from error
            raise

    async def find(self, row: PostedArticle) -> SentMessage | None:
        """Return the message of a posted article if it arrived; None if it isn't found."""
        try:
            channel = await self._channel(row.channel_id)  # the post may have moved since
            async for message, thread_id in self._candidates(channel, row):
                if self._is_mine(message, row):
                    public = isinstance(channel, discord.TextChannel) and channel.is_news()
                    return SentMessage(message.id, thread_id, public)
        except discord.Forbidden:
            return None  # it may write but not read there: the nonce has to suffice
        except discord.NotFound:
            return None
        return None

    async def publish(self, row: PostedArticle) -> bool:
        """Publish a message to the channel's followers. Return whether it is published now."""
        channel = self._client.get_partial_messageable(row.channel_id)
        try:
            await channel.get_partial_message(row.message_id or 0).publish()
        except (discord.Forbidden, discord.NotFound):
            return False
        except discord.HTTPException as error:
            if error.code == _PUBLISHED_ALREADY:
                return True
            if error.status == 400:
                return False
            raise
        return True

    async def tell_end(self, posts: Sequence[FeedPost], why: str) -> None:
        """Tell the moderators of posts that have ended, and why."""
        for post in posts:
            say = translator_for(post.locale)
            settings = await self._services.guild_settings.of(post.guild_id)
            if settings.moderators_channel is None:
                continue
            channel = self._client.get_partial_messageable(settings.moderators_channel)
            words = say("post-ended", id=post.id, why=why)
            await channel.send(embed=note(words).embed)

    async def _channel(self, channel_id: int) -> Any:
        return self._client.get_channel(channel_id) or await self._client.fetch_channel(channel_id)

    async def _send_to_forum(
        self,
        forum: discord.ForumChannel,
        article: ShownArticle,
        row: PostedArticle,
        shown: dict[str, Any],
    ) -> SentMessage:
        if row.thread_id is None:
            tags: list[discord.ForumTag] = []
            if forum.flags.require_tag:
                open_tags = [tag for tag in forum.available_tags if not tag.moderated]
                tags = [*open_tags, *forum.available_tags][:1]
            name = unmarked(article.article.title, _THREAD_NAME) or "…"
            made = await forum.create_thread(name=name, applied_tags=tags, **shown)
            return SentMessage(made.message.id, made.thread.id)
        thread = self._client.get_partial_messageable(row.thread_id)
        try:
            message = await thread.send(nonce=row.id, **shown)
        except discord.NotFound as error:
            if error.code == _UNKNOWN_CHANNEL:
                raise ReplyImpossible from error
            raise
        except discord.HTTPException as error:
            if error.code in (_ARCHIVED_THREAD, _LOCKED):
                raise ReplyImpossible from error
            raise
        return SentMessage(message.id, row.thread_id)

    async def _candidates(
        self, channel: Any, row: PostedArticle
    ) -> AsyncIterator[tuple[discord.Message, int | None]]:
        """Yield messages among which that of ``row`` would be, with the thread that each is in."""
        since = row.at - _ABOUT_NOW
        if not isinstance(channel, discord.ForumChannel):
            async for message in channel.history(after=since, limit=_LOOKED_AT):
                yield message, None
            return
        if row.thread_id is not None:
            place = self._client.get_partial_messageable(row.thread_id)
            async for message in place.history(after=since, limit=_LOOKED_AT):
                yield message, row.thread_id
            return
        me = self._client.user
        threads = [t for t in await channel.guild.active_threads() if t.parent_id == channel.id]
        threads += [thread async for thread in channel.archived_threads(limit=_LOOKED_AT)]
        for thread in threads:
            made = discord.utils.snowflake_time(thread.id)
            if me is not None and thread.owner_id == me.id and made >= since:
                # A forum post begins with the message that has the id of its thread.
                yield await thread.fetch_message(thread.id), thread.id

    def _is_mine(self, message: discord.Message, row: PostedArticle) -> bool:
        me = self._client.user
        footers = [embed.footer.text or "" for embed in message.embeds]
        mine = me is not None and message.author.id == me.id
        return mine and any(mark_of(row.id) in footer for footer in footers)
