"""Threads for work that needs a processor.

Python's lock lets one thread compute at a time: more threads finish nothing sooner, and each makes
the event loop wait longer for its turn. So a few threads compute, with some reserved for questions,
and what merely waits (disks, names, locks) goes elsewhere, with ``asyncio.to_thread``.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")
Item = TypeVar("Item")


_LONGEST_HELD = 1.0
_LOOK_AGAIN = 0.02
# The executor whose call this thread works on.
_working: contextvars.ContextVar[Executor | None] = contextvars.ContextVar("working", default=None)


class Executor:
    """Up to ``threads`` threads, started when they are needed."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._holders = 0
        self.resize(threads)

    def resize(self, threads: int) -> None:
        """Use another number of threads, from the next call on."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=self._name)

    async def run(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Return the result of ``function`` in a thread, like ``asyncio.to_thread``. If the call is
        cancelled, the function is finished or never begun."""
        await self._wait_until_released()
        context = contextvars.copy_context()
        context.run(_working.set, self)
        call = functools.partial(context.run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Begin nothing in the block, and suspend work that is ``giving_way``; but nothing waits
        for more than a second."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    def wait_until_released(self, seconds: float) -> float:
        """Wait in a thread while this is paused, at most ``seconds``. Return the seconds waited."""
        started = time.monotonic()
        while self._holders and time.monotonic() < started + seconds:
            time.sleep(_LOOK_AGAIN)
        return time.monotonic() - started

    async def _wait_until_released(self) -> None:
        until = time.monotonic() + _LONGEST_HELD
        # An event would belong to one event loop; the executor belongs to the process.
        while self._holders and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_AGAIN)


def giving_way(items: Iterable[Item]) -> Iterator[Item]:
    """Yield ``items`` one by one, for work on many. While the executor that runs it is paused, it
    waits between them, a second at most in total."""
    executor = _working.get()
    left = _LONGEST_HELD if executor is not None else 0.0
    for item in items:
        if executor is not None and left > 0:
            left -= executor.wait_until_released(left)
        yield item


ASKING = Executor("asking", 2)
# As many as a batch has stages: the embedder and the keyword index release Python's lock.
INGESTING = Executor("ingesting", 4)
