"""Find out which server's articles to use in direct messages.

Only servers that both the person and the bot are in qualify. Discord is asked, never discord.py's
cache: for each question, and once a minute while somebody types. Of many servers, Discord is asked
about three: those where the person was seen last.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import discord

from bot.errors import UserError
from bot.services.guild_directory import GuildDirectory
from bot.services.guild_settings import GuildSettingsCache
from bot.services.permissions import RequestContexts
from bot.services.usage_limits import Meter, meter_for

_REMEMBERED_SECONDS = 3_600.0
_KNOWN_SECONDS = 60.0
_MOST_PEOPLE = 5_000
_MOST_SERVERS = 25  # as many as a menu shows
_MOST_ASKED = 3  # servers that Discord is asked about for one person


@dataclass(frozen=True, slots=True)
class _ChosenGuild:
    guild_id: int
    at: float


@dataclass(slots=True)
class _KnownGuilds:
    """A person's roles by server, None where they are no member, as Discord said since ``at``."""

    at: float
    roles: dict[int, frozenset[int] | None] = field(default_factory=dict)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class DMGuildResolver:
    """Knows what people may read in direct messages and what they chose. ``tick`` returns monotonic
    seconds."""

    def __init__(
        self,
        guilds: GuildDirectory,
        contexts: RequestContexts,
        guild_settings: GuildSettingsCache,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guilds = guilds
        self._contexts = contexts
        self._guild_settings = guild_settings
        self._tick = tick
        self._chosen: OrderedDict[int, _ChosenGuild] = OrderedDict()
        self._known: OrderedDict[int, _KnownGuilds] = OrderedDict()

    async def corpus_for(self, user: discord.abc.User, *, suggesting: bool = False) -> str | None:
        """Return the corpus to answer from; None if there are several and the person chose none.

        ``suggesting`` is for autocompletion at each key press, where cached knowledge is good
        enough. Raise ``UserError`` if there is none.
        """
        chosen = self._chosen.get(user.id)
        if chosen is not None and self._tick() - chosen.at < _REMEMBERED_SECONDS:
            guild = await self._guilds.get(chosen.guild_id)
            if guild is not None and await self._may_read(guild, user, fresh=not suggesting):
                self._remember(user, guild)
                return self._contexts.corpus_of(guild.id)
        if not suggesting:
            # Who joined a server or was given a role since need not wait.
            self._known.pop(user.id, None)
        servers = await self.servers_of(user)
        corpora = {self._contexts.corpus_of(guild.id) for guild in servers}
        if len(corpora) > 1:
            return None
        if not servers:
            raise UserError("dm-no-servers")
        self._remember(user, servers[0])
        return self._contexts.corpus_of(servers[0].id)

    async def corpora_for(self, user: discord.abc.User) -> list[str]:
        """Return the corpora to suggest names from, using cached knowledge: that of the chosen
        server, or of all shared servers. Raise ``UserError`` if there is none."""
        one = await self.corpus_for(user, suggesting=True)
        if one is not None:
            return [one]
        shared = (self._contexts.corpus_of(guild.id) for guild in await self.servers_of(user))
        return list(dict.fromkeys(shared))

    async def may_read(self, user: discord.abc.User, corpus: str) -> bool:
        """Return whether this person is now in a server that reads the corpus."""
        known = self._known_of(user).roles
        seen = {guild_id: n for n, guild_id in enumerate(await self._contexts.seen_in(user.id))}
        ids = await self._reading(corpus)
        ids.sort(key=lambda each: (known.get(each) is None, seen.get(each, len(seen))))
        for guild_id in ids[:_MOST_ASKED]:
            guild = await self._guilds.get(guild_id)
            if guild is not None and await self._may_read(guild, user, fresh=True):
                return True
        return False

    async def meter_of(self, user: discord.abc.User, corpus: str, channel_id: int) -> Meter | None:
        """Return how direct use of a corpus is counted: by its server's limits."""
        if not self._known_of(user).roles:
            await self.servers_of(user)
        known = self._known_of(user).roles
        for guild_id in await self._reading(corpus):
            roles = known.get(guild_id)
            if roles is not None:
                settings = await self._guild_settings.of(guild_id)
                return meter_for(settings, guild_id, channel_id, user.id, roles)
        return None

    async def servers_of(self, user: discord.abc.User) -> list[discord.Guild]:
        """Return the servers that the bot shares with a person and where they may ask: those where
        they were seen last, and others if there are few."""
        seen = {
            guild_id: place for place, guild_id in enumerate(await self._contexts.seen_in(user.id))
        }
        ids = sorted(await self._guilds.ids(), key=lambda each: (seen.get(each, len(seen)), each))
        guilds = await self._get_all(ids[:_MOST_ASKED])
        async with self._known_of(user).asking:
            may = await asyncio.gather(*(self._may_read(guild, user) for guild in guilds))
        # Some may have removed the bot while others were asked for.
        there = [
            g for g, yes in zip(guilds, may, strict=True) if yes and not self._guilds.is_gone(g.id)
        ]
        return there[:_MOST_SERVERS]

    async def servers_reading(self, user: discord.abc.User, corpus: str) -> set[int]:
        """Return the ids of the shared servers that read a corpus."""
        ids = await self._reading(corpus)
        if len(ids) > _MOST_ASKED:
            guilds = [guild for guild in await self.servers_of(user) if guild.id in ids]
        else:
            guilds = await self._get_all(ids)
        may = await asyncio.gather(*(self._may_read(guild, user) for guild in guilds))
        return {guild.id for guild, yes in zip(guilds, may, strict=True) if yes}

    async def choose(self, user: discord.abc.User, guild_id: int) -> discord.Guild:
        """Store a person's choice of server. Raise ``UserError`` if they aren't in it."""
        guild = await self._guilds.get(guild_id)
        if guild is None or not await self._may_read(guild, user, fresh=True):
            raise UserError("dm-no-servers")
        self._remember(user, guild)
        return guild

    def forget(self, user_id: int) -> None:
        """Forget what a person chose and where they were seen."""
        self._chosen.pop(user_id, None)
        self._known.pop(user_id, None)

    async def _get_all(self, guild_ids: Sequence[int]) -> list[discord.Guild]:
        """Return those of a few servers that the bot is in."""
        found = await asyncio.gather(*map(self._guilds.get, guild_ids))
        return [guild for guild in found if guild is not None]

    async def _reading(self, corpus: str) -> list[int]:
        ids = await self._guilds.ids()
        return [each for each in ids if self._contexts.corpus_of(each) == corpus]

    async def _may_read(
        self, guild: discord.Guild, user: discord.abc.User, *, fresh: bool = False
    ) -> bool:
        known = self._known_of(user).roles
        if fresh or guild.id not in known:
            try:
                member = await guild.fetch_member(user.id)
                known[guild.id] = frozenset(role.id for role in member.roles)
            except (discord.NotFound, discord.Forbidden):
                known[guild.id] = None
        roles = known[guild.id]
        if roles is None:
            return False
        settings = await self._guild_settings.of(guild.id)
        if self._guilds.is_gone(guild.id):
            return False  # it removed the bot meanwhile
        may_ask = {*settings.ask_roles, *settings.moderator_roles}
        return not settings.ask_roles or bool(roles & may_ask)

    def _known_of(self, user: discord.abc.User) -> _KnownGuilds:
        known = self._known.get(user.id)
        if known is None or self._tick() - known.at > _KNOWN_SECONDS:
            known = self._known[user.id] = _KnownGuilds(self._tick())
            self._known.move_to_end(user.id)
            while len(self._known) > _MOST_PEOPLE:
                self._known.popitem(last=False)
        return known

    def _remember(self, user: discord.abc.User, guild: discord.Guild) -> None:
        self._chosen[user.id] = _ChosenGuild(guild.id, self._tick())
        self._chosen.move_to_end(user.id)
        while len(self._chosen) > _MOST_PEOPLE:
            self._chosen.popitem(last=False)
