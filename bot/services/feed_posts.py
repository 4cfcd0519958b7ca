"""Create, change, pause and remove posts of new articles to channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord

from bot.config.settings import Settings
from bot.errors import UserError
from bot.services.permissions import RequestContext
from bot.storage.feed_posts import (
    FeedPost,
    active_posts,
    add_post,
    change_post,
    posts_of_guild,
    skip_waiting_of,
)
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.records import Corpus
from retrieval.errors import Note
from retrieval.library import Library

_MOST = 50  # posts of one server
_MOST_TOLD = 500  # characters of a change, in the audit
_SHOW_ENDED = timedelta(days=14)
_NEEDED = ("view_channel", "send_messages", "embed_links", "read_message_history")
# What a message may not be published from, or posted to.
PostChannel = discord.TextChannel | discord.ForumChannel


class FeedPostService:
    """The posts of all servers. ``bot.subscriptions.post_runner`` sends them."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings

    async def of(self, context: RequestContext) -> list[FeedPost]:
        """Return the posts of a moderator's server, including those that ended recently."""
        since = self._library.clock() - _SHOW_ENDED
        return await posts_of_guild(self._library.database, context.guild_id or 0, since)

    async def post(self, context: RequestContext, post_id: int) -> FeedPost:
        """Return a post. Raise ``UserError`` if this server doesn't have it."""
        for post in await active_posts(self._library.database, guild_id=context.guild_id or 0):
            if post.id == post_id:
                return post
        raise UserError("post-unknown", id=post_id)

    async def add(
        self, context: RequestContext, channel: PostChannel, locale: str, fields: dict[str, Any]
    ) -> FeedPost:
        """Post articles that arrive from now on. Raise ``UserError`` if the bot can't post there."""
        by = await self._by(context)
        database, now = self._library.database, self._library.clock()
        if len(await active_posts(database, guild_id=context.guild_id or 0)) >= _MOST:
            raise UserError("posts-too-many", most=_MOST)
        made = FeedPost(
            id=0,
            corpus=by[0].name,
            guild_id=channel.guild.id,
            channel_id=channel.id,
            forum=isinstance(channel, discord.ForumChannel),
            created_at=now,
            resumed_at=now,
            locale=locale,
            **{"zone": context.settings.zone or self._settings.timezone, **fields},
        )
        _require_postable(channel, made)
        return await add_post(database, made, by=by)

    async def change(
        self,
        context: RequestContext,
        post: FeedPost,
        channel: PostChannel,
        changes: dict[str, Any],
    ) -> FeedPost:
        """Change a post in place. Messages already sent stay as they are; waiting articles follow
        the new options."""
        if channel.id != post.channel_id:
            forum = isinstance(channel, discord.ForumChannel)
            changes = {**changes, "channel_id": channel.id, "forum": forum}
        changed = replace(post, **changes)
        _require_postable(channel, changed)
        if changes:
            now, by = self._library.clock(), await self._by(context)
            stored = {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in changes.items()
            }
            words = ", ".join(_changed(*each) for each in changes.items())
            await change_post(
                self._library.database,
                post.id,
                now,
                "post.edit",
                by,
                Note.verbatim(words[:_MOST_TOLD]),
                **stored,
            )
        return changed

    async def pause(self, context: RequestContext, post_id: int) -> FeedPost:
        """Post nothing until it is resumed."""
        return await self._set(context, post_id, "post.pause", paused=True)

    async def resume(self, context: RequestContext, post_id: int) -> FeedPost:
        """Post again from now on. Articles that arrived in the meantime are not posted."""
        now = self._library.clock()
        post = await self._set(context, post_id, "post.resume", paused=False, resumed_at=now)
        await skip_waiting_of(self._library.database, post_id, "paused", now)
        return post

    async def remove(self, context: RequestContext, post_id: int) -> FeedPost:
        """Remove a post. Messages already sent stay."""
        now = self._library.clock()
        post = await self._set(context, post_id, "post.remove", ended_at=now, ended_why="")
        await skip_waiting_of(self._library.database, post_id, "ended", now)
        return post

    async def _set(
        self, context: RequestContext, post_id: int, action: str, **changes: Any
    ) -> FeedPost:
        post, by = await self.post(context, post_id), await self._by(context)
        now = self._library.clock()
        await change_post(self._library.database, post.id, now, action, by, **changes)
        return post

    async def _by(self, context: RequestContext) -> tuple[Corpus, Actor]:
        name = context.require_moderator()
        return await self._library.catalogue.corpora.ensure(
            name, self._library.clock()
        ), context.actor


def _changed(name: str, value: Any) -> str:
    """A change for the audit, which shows channels and roles as Discord does."""
    if name in ("channel_id", "role_id") and value is not None:
        return f"discord {name.removesuffix('_id')} {value}"
    if isinstance(value, tuple):
        value = ", ".join(value) or None
    return f"{name}: {value}"


def _require_postable(channel: PostChannel, post: FeedPost) -> None:
    """Raises ``UserError`` that says what is missing in the channel."""
    rights = channel.permissions_for(channel.guild.me)
    needed = [*_NEEDED, "send_messages_in_threads"] if post.forum else _NEEDED
    if lacking := [name for name in needed if not getattr(rights, name)]:
        names = ", ".join(name.replace("_", " ").title() for name in lacking)
        raise UserError("post-needs-permissions", channel=channel.mention, permissions=names)
    if post.publish and not (isinstance(channel, discord.TextChannel) and channel.is_news()):
        raise UserError("post-not-announcements", channel=channel.mention)
    role = channel.guild.get_role(post.role_id) if post.role_id is not None else None
    if post.role_id is None:
        return
    if role is None or role.is_default():
        raise UserError("post-no-such-role")
    if not (role.mentionable or rights.mention_everyone):
        raise UserError("post-role-not-mentionable", role=role.mention)
