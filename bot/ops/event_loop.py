"""Settings of the whole process, each because measurements justify it. They are made nowhere else.

Discord expects an answer within three seconds, and the event loop shares Python's lock with worker
threads. ``python -m tests.benchmarks.process_settings`` runs the load test of a bot without each of
``SETTINGS`` in turn.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from discord.ext import commands

    Bot = commands.AutoShardedBot

_SWITCH_SECONDS = 0.0002
_M_ARENA_MAX, _ARENAS = -8, 2
# Python's own, whatever ``collect_rarely`` made of it.
_COLLECTED_AFTER = gc.get_threshold()
# More than what a command that asks one question leaves in memory.
_COLLECTED_RARELY_AFTER = 200_000


def tune_for_event_loop(bot: Bot, *, without: str = "") -> None:
    """Apply ``SETTINGS`` for a bot: call it once, before the bot starts.

    ``without`` leaves out one of them, by name, to measure it.
    """
    collect_as_usual()
    for name, apply in SETTINGS.items():
        if name != without:
            apply(bot)


def collect_rarely() -> None:
    """Look for garbage hundreds of times less often: what a command imports is none, and looking
    through it again and again takes a tenth of its time. What runs on goes back to Python's own
    pace (``collect_as_usual``)."""
    gc.set_threshold(_COLLECTED_RARELY_AFTER, *_COLLECTED_AFTER[1:])


def collect_as_usual() -> None:
    """Look for garbage as often as Python does by itself."""
    gc.set_threshold(*_COLLECTED_AFTER)


def _switch_threads_sooner(_: Bot) -> None:
    """Let a busy thread release the lock after a fifth of a millisecond instead of five."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def _ingest_in_one_thread(_: Bot) -> None:
    from retrieval.runtime.executors import INGESTING

    INGESTING.resize(1)


def _share_heaps(_: Bot) -> None:
    limit_malloc_arenas()


def limit_malloc_arenas() -> None:
    """Let the threads of this process share two heaps, if its C library is glibc. Otherwise each
    would have its own, whose free memory the others can't use. Call it before threads start."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def _freeze_after_start(bot: Bot) -> None:
    """Exclude what the start leaves in memory from garbage collection."""
    prepare = bot.setup_hook

    async def setup_hook() -> None:
        await prepare()
        gc.collect()
        gc.freeze()

    async def on_ready() -> None:
        gc.freeze()

    bot.setup_hook = setup_hook  # type: ignore[method-assign]
    bot.add_listener(on_ready)


def _yield_between_gateway_events(bot: Bot) -> None:
    """Let other tasks run between two events of the gateway.

    discord.py reads everything that has arrived at once: the first of 200 simultaneous commands
    would be acknowledged only after the last was read.
    """
    import asyncio

    connect = bot.http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> Any:
        socket: Any = await connect(url, compress=compress)
        receive = socket.receive

        async def receive_one(*arguments: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            return await receive(*arguments, **options)

        socket.receive = receive_one
        return socket

    bot.http.ws_connect = ws_connect  # type: ignore[method-assign]


SETTINGS: dict[str, Callable[[Bot], None]] = {
    "switch interval": _switch_threads_sooner,
    "one ingesting thread": _ingest_in_one_thread,
    "shared heaps": _share_heaps,
    "frozen start": _freeze_after_start,
    "yield between events": _yield_between_gateway_events,
}


def end_process(code: int) -> NoReturn:
    """End the process without tearing down the interpreter, which takes a third of a second.

    Call it when nothing is left to clean up and the standard streams are flushed.
    """
    os._exit(code)
