"""What a refusal by Discord means for a message."""

from __future__ import annotations

import enum

import aiohttp
import discord

MESSAGE_GONE = frozenset({10003, 10008})
THREAD_ARCHIVED = 50083
# Direct channels were opened too fast: a 403 that passes.
OPENING_TOO_FAST = 40003
# A reply to a message needs Read Message History; a message doesn't.
NO_HISTORY = 160002


class DiscordFailure(enum.Enum):
    """RETRY: the same may work in a moment. ELSEWHERE: this way doesn't work any more. GONE:
    somebody deleted the message or its channel, so nothing is shown instead. OURS: a mistake of the
    bot."""

    RETRY = enum.auto()
    ELSEWHERE = enum.auto()
    GONE = enum.auto()
    OURS = enum.auto()


def classify_failure(error: Exception) -> DiscordFailure:
    """Return what an error means."""
    if isinstance(error, discord.HTTPException):
        if error.status >= 500 or error.status == 429 or error.code == OPENING_TOO_FAST:
            return DiscordFailure.RETRY
        if error.code in MESSAGE_GONE:
            return DiscordFailure.GONE
        if error.status in (401, 403, 404) or error.code in (THREAD_ARCHIVED, 40060):
            # An expired token, a lost permission, an archived thread, blocked direct messages.
            return DiscordFailure.ELSEWHERE
        return DiscordFailure.OURS
    if isinstance(error, discord.RateLimited | aiohttp.ClientError | OSError | TimeoutError):
        return DiscordFailure.RETRY
    return DiscordFailure.OURS


def described(error: Exception) -> str:
    """Return an error for the log, without message text or token."""
    if isinstance(error, discord.HTTPException):
        return f"HTTP {error.status}, code {error.code}"
    return type(error).__name__
