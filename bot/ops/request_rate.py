"""Limit requests to Discord to fifty a second per token, however many processes use it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

import discord

# docs.discord.com/developers/topics/rate-limits#global-rate-limit
DISCORD_ALLOWS = 50


class RequestTurns:
    """At most ``per_second`` requests in any second, in order of arrival."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._turns: deque[float] = deque()

    async def wait(self) -> None:
        """Return when one more request may be sent."""
        now = time.monotonic()
        while len(self._turns) > self.per_second:
            self._turns.popleft()
        turn = now
        if len(self._turns) == self.per_second:
            turn = max(now, self._turns.popleft() + 1.0)
        self._turns.append(turn)
        if turn > now:
            await asyncio.sleep(turn - now)


def bound_requests(client: discord.Client, turns: RequestTurns) -> None:
    """Let each request of a client wait for its turn. Responses to interactions and messages of
    webhooks don't: Discord doesn't count them, and discord.py sends them another way."""
    request = client.http.request

    async def bounded(route: Any, **options: Any) -> Any:
        await turns.wait()
        return await request(route, **options)

    client.http.request = bounded  # type: ignore[method-assign]
