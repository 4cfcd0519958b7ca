"""Which servers the bot is in, as direct messages have to know: also those of other processes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import discord

from bot.storage.guild_settings import known_guilds
from retrieval.library import Library

_MOST = 1_000
# How long a name, and which servers there are, is taken for what Discord and the database said.
_SECONDS = 60.0


class GuildDirectory:
    """The servers of this process, which are all."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def ids(self) -> Sequence[int]:
        """Return the ids of all servers that the bot is in."""
        return [guild.id for guild in self._client.guilds]

    async def get(self, guild_id: int) -> discord.Guild | None:
        """Return a server; None if the bot isn't in it."""
        return self._client.get_guild(guild_id)

    def is_gone(self, guild_id: int) -> bool:
        """Return whether the bot was removed from a server in the meantime."""
        return self._client.get_guild(guild_id) is None


class SharedGuilds(GuildDirectory):
    """The servers of all processes on a database: those of others are asked of Discord. ``tick`` returns
    monotonic seconds."""

    def __init__(
        self,
        client: discord.Client,
        library: Library,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(client)
        self._library = library
        self._tick = tick
        self._fetched: OrderedDict[int, tuple[float, discord.Guild | None]] = OrderedDict()
        self._ids: tuple[float, list[int]] | None = None

    async def ids(self) -> Sequence[int]:
        """Return the ids of all servers that the bot is known to be in, within a minute."""
        now = self._tick()
        if self._ids is None or now - self._ids[0] > _SECONDS:
            self._ids = now, await known_guilds(self._library.database)
        own = {guild.id for guild in self._client.guilds}
        return sorted(own.union(self._ids[1]))

    async def get(self, guild_id: int) -> discord.Guild | None:
        """Return a server, of others as Discord knew it within a minute; None if the bot isn't in it."""
        if (own := self._client.get_guild(guild_id)) is not None:
            return own
        known, now = self._fetched.get(guild_id), self._tick()
        if known is not None and now - known[0] < _SECONDS:
            return known[1]
        try:
            found = await self._client.fetch_guild(guild_id, with_counts=False)
        except (discord.NotFound, discord.Forbidden):
            found = None
        self._fetched[guild_id] = now, found
        self._fetched.move_to_end(guild_id)
        while len(self._fetched) > _MOST:
            self._fetched.popitem(last=False)
        return found

    def is_gone(self, guild_id: int) -> bool:
        """Return False: who is asked for a member says so."""
        return False
