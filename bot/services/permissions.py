"""Who is acting, from where, and what they may do here. The bot checks this itself, whatever
Discord shows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.answering.answer_request import THE_QUESTIONS_LANGUAGE
from bot.errors import UserError
from bot.i18n import NAMES_IN_ENGLISH, Say, translator_for
from bot.services.guild_settings import GuildSettingsCache
from bot.services.usage_limits import Meter, meter_for
from bot.storage.guild_settings import GuildSettings
from bot.storage.sightings import MOST_SERVERS, forget_sightings, note_sightings, servers_seen
from retrieval.catalogue.audit_log import Actor
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)

_SHOWN = 10
_MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A person in a server, or in direct messages (``guild_id`` is None).

    ``corpus`` is what they may read there; None in direct messages, where it has to be chosen.
    ``place_ids`` are the channel and its parents: a thread's channel, a channel's category.
    ``parent_id`` is the channel, or a thread's channel.
    """

    user: discord.User | discord.Member
    guild_id: int | None
    channel_id: int
    parent_id: int
    place_ids: frozenset[int]
    corpus: str | None
    settings: GuildSettings
    manages: bool
    say: Say
    # How dates in figures are written where this is asked: 3/5/2023 is 3 May, else March 5.
    day_first: bool = True
    # Whether the bot itself isn't there: somebody who installed the app for themselves brought it along.
    elsewhere: bool = False

    @property
    def role_ids(self) -> frozenset[int]:
        """Return the ids of the person's roles."""
        roles = self.user.roles if isinstance(self.user, discord.Member) else []
        return frozenset(role.id for role in roles)

    @property
    def is_moderator(self) -> bool:
        """Return whether the person is a moderator of this server."""
        return self.manages or bool(self.role_ids & set(self.settings.moderator_roles))

    @property
    def meter(self) -> Meter | None:
        """Return how use is counted here; None in direct messages, where the server isn't known
        yet."""
        if self.guild_id is None:
            return None
        return meter_for(
            self.settings,
            self.guild_id,
            self.parent_id,
            self.user.id,
            self.role_ids,
            self.place_ids,
        )

    @property
    def actor(self) -> Actor:
        """Return this person and place for the audit log; ``explained`` formats it."""
        where = f"discord server {self.guild_id} channel {self.channel_id}"
        return Actor(f"discord user {self.user.id}", where)

    @property
    def is_exempt(self) -> bool:
        """Return whether the person has a role without limits."""
        return bool(self.role_ids & set(self.settings.free_roles))

    @property
    def answers_in(self) -> str:
        """Return the language to answer in, as a model is told."""
        return NAMES_IN_ENGLISH.get(self.settings.language or "", THE_QUESTIONS_LANGUAGE)

    @property
    def may_ask_here(self) -> bool:
        """Return whether the bot answers this person in this channel."""
        channels, roles = set(self.settings.channels), set(self.settings.ask_roles)
        in_place = not channels or bool(self.place_ids & channels)
        return in_place and (not roles or self.is_moderator or bool(self.role_ids & roles))

    def hides(self, private: bool | None) -> bool:
        """Return whether only this person sees the answer: as they chose, otherwise as the server
        is set. In direct messages nobody else reads along. Where the bot isn't a member, every
        answer is private."""
        if self.elsewhere:
            return True
        wanted = self.settings.private if private is None else private
        return wanted and self.guild_id is not None

    def require_asking(self) -> None:
        """Raise ``UserError`` if the bot doesn't answer here or this person may not ask."""
        if self.may_ask_here:
            return
        channels = self.settings.channels
        if channels and not self.place_ids & set(channels):
            names = ", ".join(f"<#{channel}>" for channel in channels[:_SHOWN])
            raise UserError("not-here", channels=names)
        names = ", ".join(f"<@&{role}>" for role in self.settings.ask_roles[:_SHOWN])
        raise UserError("may-not-ask", roles=names)

    def require_guild(self) -> int:
        """Return the server's id. Raise ``UserError`` in direct messages."""
        if self.guild_id is None:
            raise UserError("server-only")
        return self.guild_id

    def require_moderator(self) -> str:
        """Return the corpus of this moderator. Raise ``UserError`` if the person isn't one."""
        if self.guild_id is None or self.corpus is None:
            raise UserError("server-only")
        if not self.is_moderator:
            raise UserError("moderators-only")
        return self.corpus


class RequestContexts:
    """Creates the context of each request, and remembers where people were seen: at once in memory,
    and in the background in the data folder.

    The number of people is limited. ``shared_corpus`` is the one corpus of all guilds; None if each
    has its own.
    """

    def __init__(
        self, guild_settings: GuildSettingsCache, shared_corpus: str | None, library: Library
    ) -> None:
        self._guild_settings = guild_settings
        self._shared_corpus = shared_corpus
        self._library = library
        # By person the guilds, the last one last.
        self._seen: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._unsaved: set[tuple[int, int]] = set()
        self._saving: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop storing where people were seen."""
        if self._saving is not None:
            await cancel(self._saving)

    @property
    def is_shared(self) -> bool:
        """Return whether all guilds share one corpus."""
        return self._shared_corpus is not None

    def corpus_of(self, guild_id: int) -> str:
        """Return the corpus that a guild reads and writes: its own, unless the operator shares one."""
        return self._shared_corpus or f"discord:{guild_id}"

    async def of_interaction(
        self, interaction: discord.Interaction[Any], *, remembered: bool = True
    ) -> RequestContext:
        """Return who started an interaction, and what they may do; ``remembered`` says whether to
        store where they were seen.

        People who installed the app for themselves may use it anywhere to read the shared corpus,
        as in direct messages and whatever they may do in that server. Raise ``UserError`` if there
        is no shared corpus.
        """
        if _is_brought_along(interaction):
            if self._shared_corpus is None:
                raise UserError("server-only")
            own = context_of_interaction(interaction, GuildSettings(), self._shared_corpus)
            return replace(own, guild_id=None, manages=False, elsewhere=True)
        guild_id = interaction.guild_id
        if remembered:
            corpus = self._noted(interaction.user.id, guild_id)
        else:
            corpus = self.corpus_of(guild_id) if guild_id is not None else None
        if guild_id is None and interaction.is_user_integration():
            corpus = self._shared_corpus
        settings = await self._guild_settings.of(interaction.guild_id)
        return context_of_interaction(interaction, settings, corpus)

    async def of_message(self, message: discord.Message) -> RequestContext:
        """Return who wrote a message, and what they may do."""
        guild_id = message.guild.id if message.guild else None
        corpus = self._noted(message.author.id, guild_id)
        return context_of_message(message, await self._guild_settings.of(guild_id), corpus)

    async def seen_in(self, user_id: int) -> list[int]:
        """Return the guilds where this person used the bot, most recent first. They may have left
        since."""
        kept = await servers_seen(self._library.database, user_id)
        return list(dict.fromkeys([*reversed(self._seen.get(user_id, ())), *kept]))

    async def forget_seen(self, user_id: int) -> None:
        """Forget where a person was seen."""
        if self._saving is not None and not self._saving.done():
            await asyncio.wait([self._saving])
        self._seen.pop(user_id, None)
        self._unsaved = {each for each in self._unsaved if each[0] != user_id}
        await forget_sightings(self._library.database, user_id=user_id)

    def _noted(self, user_id: int, guild_id: int | None) -> str | None:
        if guild_id is None:
            return None
        before = self._seen.pop(user_id, ())
        others = tuple(each for each in before if each != guild_id)
        self._seen[user_id] = (*others, guild_id)[-MOST_SERVERS:]
        while len(self._seen) > _MOST_PEOPLE:
            self._seen.popitem(last=False)
        if before[-1:] != (guild_id,):
            self._unsaved.add((user_id, guild_id))
        if self._unsaved and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save(), name="sightings")
        return self.corpus_of(guild_id)

    async def _save(self) -> None:
        while self._unsaved:
            seen, self._unsaved = self._unsaved, set()
            try:
                await note_sightings(self._library.database, seen, self._library.clock())
            except Exception:  # noqa: BLE001 - logged; noted with the next request
                _log.exception("where people were seen could not be noted")
                if len(self._unsaved) + len(seen) <= _MOST_PEOPLE:
                    self._unsaved |= seen
                return


def _is_brought_along(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody uses their own installation of the app where the bot isn't."""
    if interaction.guild_id is None:
        return interaction.context.private_channel
    return interaction.is_user_integration() and not interaction.is_guild_integration()


def context_of_interaction(
    interaction: discord.Interaction[Any], settings: GuildSettings, corpus: str | None
) -> RequestContext:
    """Return the context of an interaction, given the server's settings and corpus."""
    rights = interaction.permissions
    locale = settings.language or interaction.locale.value
    guild_locale = interaction.guild_locale.value if interaction.guild_locale else None
    return RequestContext(
        interaction.user,
        interaction.guild_id,
        interaction.channel_id or 0,
        _parent_id(interaction.channel) or interaction.channel_id or 0,
        _channel_ids(interaction.channel),
        corpus,
        settings,
        interaction.guild_id is not None and (rights.manage_guild or rights.administrator),
        translator_for(locale),
        _day_first(guild_locale or locale),
    )


def context_of_message(
    message: discord.Message, settings: GuildSettings, corpus: str | None
) -> RequestContext:
    """Return the context of a message, given the server's settings and corpus."""
    guild = message.guild
    author = message.author
    manages = isinstance(author, discord.Member) and author.guild_permissions.manage_guild
    # A message doesn't say its author's language: the server's own is the best guess.
    locale = settings.language or (guild.preferred_locale.value if guild else None)
    return RequestContext(
        author,
        guild.id if guild else None,
        message.channel.id,
        _parent_id(message.channel) or message.channel.id,
        _channel_ids(message.channel),
        corpus,
        settings,
        manages,
        translator_for(locale),
        _day_first(guild.preferred_locale.value if guild else locale),
    )


def _day_first(locale: str | None) -> bool:
    return locale != "en-US"


def _parent_id(channel: Any) -> int | None:
    """The channel of a thread; None for what is no thread."""
    return channel.parent_id if isinstance(channel, discord.Thread) else None


def _channel_ids(channel: Any) -> frozenset[int]:
    ids = {getattr(channel, name, None) for name in ("id", "parent_id")}
    with contextlib.suppress(discord.ClientException):  # a thread whose channel isn't known
        ids.add(getattr(channel, "category_id", None))
    return frozenset(i for i in ids if i is not None)
