"""A cache of server settings: a command has to be acknowledged before anything is read from disk."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from bot.storage.guild_settings import GuildSettings, change_guild_settings, load_guild_settings
from retrieval.catalogue.audit_log import Actor
from retrieval.library import Library

_MOST = 5_000


class GuildSettingsCache:
    """Reads settings from the catalogue once and keeps the last ones. All changes go through it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: OrderedDict[int, GuildSettings] = OrderedDict()
        self._reading: dict[int, asyncio.Future[GuildSettings]] = {}

    async def of(self, guild_id: int | None) -> GuildSettings:
        """Return the settings of a server; the defaults for direct messages."""
        if guild_id is None:
            return GuildSettings()
        if guild_id in self._known:
            return self._known[guild_id]
        # The first commands of a server may come all at once: one reads for all.
        reading = self._reading.get(guild_id)
        if reading is None:
            reading = asyncio.ensure_future(self._read(guild_id))
            self._reading[guild_id] = reading
        return await asyncio.shield(reading)

    async def change(
        self, guild_id: int, *, by: tuple[str, Actor] | None = None, **changes: Any
    ) -> GuildSettings:
        """Change settings of a server. ``by`` is the corpus's name and the actor, for the audit
        log."""
        noted = None
        if by is not None:
            await self._library.ensure_corpus(by[0])
            corpus = await self._library.catalogue.corpora.by_name(by[0])
            noted = (corpus, by[1]) if corpus is not None else None
        settings = await change_guild_settings(
            self._library.database, guild_id, self._library.clock(), by=noted, **changes
        )
        self._keep(guild_id, settings)
        return settings

    async def _read(self, guild_id: int) -> GuildSettings:
        try:
            settings = await load_guild_settings(self._library.database, guild_id)
            # What was changed meanwhile is newer than what was read.
            if guild_id not in self._known:
                self._keep(guild_id, settings)
            return self._known[guild_id]
        finally:
            del self._reading[guild_id]

    def forget(self, guild_id: int) -> None:
        """Drop the cached settings of a server."""
        self._known.pop(guild_id, None)

    def _keep(self, guild_id: int, settings: GuildSettings) -> None:
        self._known[guild_id] = settings
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
