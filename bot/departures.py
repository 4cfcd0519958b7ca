"""Servers that the bot was removed from: their data is deleted after a grace time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import errors
from bot.logs import details
from retrieval.catalogue.given import forget_answers
from retrieval.catalogue.servers import (
    forget_server,
    known_servers,
    mark_present,
    mark_removed,
    servers_gone_before,
)
from retrieval.catalogue.subscriptions import forget_subscriptions

if TYPE_CHECKING:
    from bot.client import NewsdeskBot

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 3_600.0


class Departures:
    """Keeps note of who is gone since when, and deletes what is due. Coming back cancels it."""

    def __init__(self, bot: NewsdeskBot) -> None:
        self._bot = bot
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_deleting(), name="departures")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def compare(self, present: Sequence[int]) -> None:
        """Note who came and went while the bot was away."""
        catalogue, now = self._bot.library.catalogue, self._bot.library.clock()
        for server_id in set(await known_servers(catalogue)) - set(present):
            await mark_removed(catalogue, server_id, now)
        await mark_present(catalogue, list(present), now)

    async def came(self, server_id: int) -> None:
        await mark_present(self._bot.library.catalogue, [server_id], self._bot.library.clock())

    async def left(self, server_id: int) -> None:
        await mark_removed(self._bot.library.catalogue, server_id, self._bot.library.clock())

    async def delete_due(self) -> int:
        """Delete everything of the servers whose grace time is over, and answers that are too old.

        Returns how many servers that were.
        """
        library = self._bot.library
        due = library.clock() - timedelta(days=self._bot.settings.grace_days)
        gone = await servers_gone_before(library.catalogue, due)
        for server_id in gone:
            if self._bot.settings.shared_corpus is None:
                await library.delete_corpus(self._bot.corpus_of(server_id))
            await forget_answers(library.catalogue, server_id=server_id)
            await forget_subscriptions(library.catalogue, server_id=server_id)
            await forget_server(library.catalogue, server_id)
            _log.info("a server's data was deleted", extra=details(server=server_id))
        await forget_answers(
            library.catalogue,
            before=library.clock() - timedelta(days=self._bot.settings.keep_answers_days),
        )
        return len(gone)

    async def _keep_deleting(self) -> None:
        while True:
            try:
                await self.delete_due()
            except Exception as error:  # noqa: BLE001 - logged; tried again in an hour
                errors.log(error, "deleting data of servers that are gone")
            await asyncio.sleep(_EVERY_SECONDS)
