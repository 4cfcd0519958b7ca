"""Keeping the event loop lively in a process that also ingests.

Discord wants an answer within three seconds, and the loop shares Python's lock with worker threads.
Its memory stays what it is at the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import sys
from typing import Any

from discord.ext import commands
from discord.http import HTTPClient

from retrieval.runtime.executors import INGESTING

_SWITCH_SECONDS = 0.0002
_M_ARENA_MAX, _ARENAS = -8, 2


def tune_for_event_loop(bot: commands.AutoShardedBot) -> None:
    """Set the process up for a bot: to be called once, before it starts."""
    # A busy thread gives the lock back after a millisecond instead of five.
    sys.setswitchinterval(_SWITCH_SECONDS)
    INGESTING.resize(1)
    limit_malloc_arenas()
    prepare = bot.setup_hook

    # What a start leaves in memory stays: looking through it again and again for garbage takes a
    # tenth of a second each time. It is done once, before the bot connects: nobody waits yet.
    async def setup_hook() -> None:
        await prepare()
        gc.collect()
        gc.freeze()

    async def settle() -> None:
        gc.freeze()

    bot.setup_hook = setup_hook  # type: ignore[method-assign]
    bot.add_listener(settle, "on_ready")


def limit_malloc_arenas() -> None:
    """Let the threads of this process share two heaps, where its C library is glibc: each would have
    one of its own, and what is free in one is of no use to the others. To be called before threads
    start; nearly halves what a bot takes and keeps it from growing."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def yield_between_gateway_events(http: HTTPClient) -> None:
    """Let others have the event loop between two events of the gateway.

    discord.py reads what has arrived in one go: of 200 commands at once the first would be
    acknowledged only after the last is read.
    """
    connect = http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> Any:
        socket: Any = await connect(url, compress=compress)
        receive = socket.receive

        async def receive_one(*arguments: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            return await receive(*arguments, **options)

        socket.receive = receive_one
        return socket

    http.ws_connect = ws_connect  # type: ignore[method-assign]
