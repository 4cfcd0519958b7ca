"""Measure how late the event loop is, for which everyone waits who uses the bot."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

_TICK = 0.02
_REMEMBERED = 60.0


class LoopLag:
    """Measures fifty times a second; ``heard`` gets each lag in seconds."""

    def __init__(self, heard: Callable[[float], object]) -> None:
        self._heard = heard
        # The worst lag of each second of the last minute, with its time.
        self._worst: deque[tuple[float, float]] = deque()

    async def watch(self) -> None:
        """Measure until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            late = max(0.0, now - last - _TICK)
            last = now
            self._heard(late)
            self._remember(late)

    def worst(self) -> float:
        """Return the worst lag of the last minute, in seconds."""
        self._forget(time.monotonic())
        return max((late for _, late in self._worst), default=0.0)

    def _remember(self, late: float) -> None:
        now = time.monotonic()
        if self._worst and int(self._worst[-1][0]) == int(now):
            self._worst[-1] = (now, max(late, self._worst[-1][1]))
        else:
            self._worst.append((now, late))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._worst and now - self._worst[0][0] > _REMEMBERED:
            self._worst.popleft()
