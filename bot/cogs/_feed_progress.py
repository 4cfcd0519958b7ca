"""Show a waiting moderator how far the reading of a feed is."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord

from bot.services.permissions import RequestContext
from bot.ui.escaping import plain
from bot.ui.failures import described
from bot.ui.jobs import lines_of
from bot.ui.pages import BUSY, note
from retrieval.ingestion.progress import IngestProgress

_log = logging.getLogger(__name__)


class FeedProgress:
    """What a moderator waits for: one feed, by ``name``, or several, ``done`` of ``of``."""

    def __init__(
        self, interaction: discord.Interaction[Any], context: RequestContext, name: str = ""
    ) -> None:
        self.context = context
        self.name = name
        self.of = self.done = 0
        self._interaction = interaction
        self._progress: IngestProgress | None = None
        self._shown: str | None = None

    def report(self, progress: IngestProgress) -> None:
        """Take the progress of a visit, to be shown next."""
        self._progress = progress

    async def show(self) -> None:
        """Show the moderator how far it is, if that has changed. A refusal by Discord is only
        logged."""
        words = self._words()
        if words == self._shown:
            return
        self._shown = words
        try:
            await self._interaction.edit_original_response(embed=note(words, BUSY).embed)
        except (discord.HTTPException, aiohttp.ClientError) as error:
            _log.warning("how far a feed is could not be shown (%s)", described(error))

    def _words(self) -> str:
        say = self.context.say
        if self.of:
            return say("feeds-asking", done=self.done, count=self.of)
        lines = [say("feed-looking", text=plain(self.name, 100))]
        if self._progress is not None and self._progress.found:
            lines.append(lines_of(self._progress, say)[0])
        return "\n".join(lines)
