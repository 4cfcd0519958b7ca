"""Direct messages: from which server's articles they are answered.

Only from a server that the person and the bot are both in, which Discord is asked each time.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

import discord

from bot.client import NewsdeskBot
from bot.errors import Refused

_REMEMBERED_SECONDS = 3_600.0
_MOST_PEOPLE = 5_000
_MOST_SERVERS = 25  # as many as a menu shows
_MOST_ASKED = 100  # servers that Discord is asked about for one person
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class _Chosen:
    server_id: int
    at: float


class DirectCorpora:
    """Knows what people may read in direct messages, and what they chose."""

    def __init__(self, bot: NewsdeskBot) -> None:
        self._bot = bot
        self._chosen: OrderedDict[int, _Chosen] = OrderedDict()

    async def corpus_for(self, user: discord.abc.User) -> str | None:
        """The corpus to answer from; None if there are several and none is chosen.

        Raises ``Refused`` if there is none.
        """
        chosen = self._chosen.get(user.id)
        if chosen is not None and time.monotonic() - chosen.at < _REMEMBERED_SECONDS:
            guild = self._bot.get_guild(chosen.server_id)
            if guild is not None and await self._may_read(guild, user):
                self._remember(user, guild)
                return self._bot.corpus_of(guild.id)
        servers = await self.servers_of(user)
        if not servers:
            raise Refused("dm-no-servers")
        corpora = {self._bot.corpus_of(guild.id) for guild in servers}
        if len(corpora) > 1:
            return None
        self._remember(user, servers[0])
        return corpora.pop()

    async def may_read(self, user: discord.abc.User, corpus: str) -> bool:
        """Whether a corpus is that of a server which this person is in now."""
        guilds = [g for g in self._bot.guilds if self._bot.corpus_of(g.id) == corpus]
        for guild in guilds[:_MOST_ASKED]:
            if await self._may_read(guild, user):
                return True
        return False

    async def servers_of(self, user: discord.abc.User) -> list[discord.Guild]:
        """The servers that the bot shares with someone and where they may ask."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def check(guild: discord.Guild) -> bool:
            async with turn:
                return await self._may_read(guild, user)

        seen = self._bot.seen_in(user.id)
        guilds = sorted(self._bot.guilds, key=lambda guild: (guild.id not in seen, guild.id))
        guilds = guilds[:_MOST_ASKED]
        may = await asyncio.gather(*map(check, guilds))
        return [guild for guild, yes in zip(guilds, may, strict=True) if yes][:_MOST_SERVERS]

    async def choose(self, user: discord.abc.User, server_id: int) -> discord.Guild:
        """Note what someone chose. Raises ``Refused`` for a server that they are not in."""
        guild = self._bot.get_guild(server_id)
        if guild is None or not await self._may_read(guild, user):
            raise Refused("dm-no-servers")
        self._remember(user, guild)
        return guild

    async def _may_read(self, guild: discord.Guild, user: discord.abc.User) -> bool:
        try:
            member = await guild.fetch_member(user.id)
        except (discord.NotFound, discord.Forbidden):
            return False
        settings = await self._bot.servers.of(guild.id)
        roles = {role.id for role in member.roles}
        return not settings.ask_roles or bool(
            roles & {*settings.ask_roles, *settings.moderator_roles}
        )

    def _remember(self, user: discord.abc.User, guild: discord.Guild) -> None:
        self._chosen[user.id] = _Chosen(guild.id, time.monotonic())
        self._chosen.move_to_end(user.id)
        while len(self._chosen) > _MOST_PEOPLE:
            self._chosen.popitem(last=False)
