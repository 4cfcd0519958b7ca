"""A cache of server settings: a command has to be acknowledged before anything is read from disk."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any

from bot.storage.guild_settings import (
    SETTINGS_CHANGED,
    GuildSettings,
    change_guild_settings,
    load_guild_settings,
    load_settings_of,
)
from retrieval.catalogue.audit_log import Actor
from retrieval.errors import StorageError
from retrieval.library import Library

_log = logging.getLogger(__name__)

_MOST = 5_000
_EVERY_SECONDS = 5.0
# Discord waits three seconds for a command to be acknowledged.
_READ_SECONDS = 2.0


class GuildSettingsCache:
    """Reads settings from the catalogue once and keeps the last ones. All changes go through it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: OrderedDict[int, GuildSettings] = OrderedDict()
        # Those of them that were asked for since the last refresh, and how often any was changed here.
        self._used: set[int] = set()
        self._changes = 0
        self._reading: dict[int, asyncio.Future[GuildSettings]] = {}

    async def of(self, guild_id: int | None) -> GuildSettings:
        """Return the settings of a server; the defaults for direct messages. Raises ``StorageError``
        if they can't be read soon."""
        if guild_id is None:
            return GuildSettings()
        if guild_id in self._known:
            self._used.add(guild_id)
            return self._known[guild_id]
        # The first commands of a server may come all at once: one reads for all.
        reading = self._reading.get(guild_id)
        if reading is None:
            reading = asyncio.ensure_future(self._read(guild_id))
            self._reading[guild_id] = reading
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return await asyncio.shield(reading)
        except TimeoutError as error:
            raise StorageError("database-away", retry=True) from error

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
        self._changes += 1
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

    async def follow(self) -> None:
        """See what other processes on the database change, until cancelled: soon where it is heard of
        them, else after a few seconds. While the database is away, what was read last is used."""
        async with self._library.database.notices.listen(SETTINGS_CHANGED) as listener:
            while True:
                await listener.wait(_EVERY_SECONDS)
                try:
                    await self.refresh()
                except StorageError as error:
                    _log.warning("settings of servers could not be read again: %s", error)

    async def refresh(self) -> None:
        """Read the cached settings again that were used since the last time, and drop the others.
        Raises ``StorageError``; nothing is dropped then."""
        if not self._known:
            return
        used, self._used = self._used, set()
        unused = self._known.keys() - used
        changes = self._changes
        try:
            found = await load_settings_of(self._library.database, used)
        except StorageError:
            self._used |= used & self._known.keys()
            raise
        for guild_id in unused:
            self.forget(guild_id)
        if changes == self._changes:  # what was changed here meanwhile is newer than what was read
            for guild_id in used & self._known.keys():
                self._known[guild_id] = found.get(guild_id, GuildSettings())

    def forget(self, guild_id: int) -> None:
        """Drop the cached settings of a server."""
        self._known.pop(guild_id, None)
        self._used.discard(guild_id)

    def _keep(self, guild_id: int, settings: GuildSettings) -> None:
        self._known[guild_id] = settings
        self._used.add(guild_id)
        while len(self._known) > _MOST:
            self.forget(next(iter(self._known)))
