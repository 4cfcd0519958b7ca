"""How long tests wait: longer on a busy machine, so that only what never comes fails."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable


def scaled(seconds: float) -> float:
    """``seconds``, times the processes that wait for each core now; as they are where that's unknown."""
    try:
        busy, _, _ = os.getloadavg()
    except (AttributeError, OSError):
        return seconds
    return seconds * max(1.0, busy / (os.cpu_count() or 1))


async def until(
    done: Callable[[], object | Awaitable[object]], seconds: float = 20.0, pause: float = 0.02
) -> None:
    """Wait until ``done()``, or what is awaited of it, is true. Raises ``TimeoutError`` after
    ``seconds``, ``scaled``."""
    async with asyncio.timeout(scaled(seconds)):
        while True:
            found = done()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return
            await asyncio.sleep(pause)
