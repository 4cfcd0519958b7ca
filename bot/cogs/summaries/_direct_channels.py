"""Open direct channels as slowly as Discord demands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import discord

from bot.subscriptions.runner import DeliveryRefused
from bot.ui.failures import OPENING_TOO_FAST

_APART_SECONDS = 1.0
# How long none is opened after Discord refused one as too fast.
_REST_SECONDS = 600.0


class DirectChannels:
    """Opens one direct channel at a time, a second apart, and none for ten minutes after Discord
    refused one as too fast. ``tick`` returns seconds."""

    def __init__(self, client: discord.Client, tick: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._tick = tick
        self._turn = asyncio.Lock()
        self._next = 0.0

    async def of(self, user_id: int) -> discord.DMChannel:
        """Return the direct channel with a person. Raises ``DeliveryRefused`` while none may be
        opened, and what discord.py raises."""
        user = self._client.get_user(user_id) or await self._client.fetch_user(user_id)
        if user.dm_channel is not None:
            return user.dm_channel
        async with self._turn:
            wait = self._next - self._tick()
            if wait > _APART_SECONDS:
                raise DeliveryRefused("direct channels were opened too fast")
            await asyncio.sleep(max(0.0, wait))
            self._next = self._tick() + _APART_SECONDS
            try:
                return await user.create_dm()
            except discord.HTTPException as error:
                self.note(error)
                raise

    def note(self, error: discord.HTTPException) -> None:
        """Pause if Discord refused a channel as opened too fast."""
        if error.code == OPENING_TOO_FAST:
            self._next = self._tick() + _REST_SECONDS
