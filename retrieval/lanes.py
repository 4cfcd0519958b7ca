"""Threads for work that needs a processor.

Python's lock lets one thread compute at a time: more of them finish nothing sooner, and each makes
the event loop wait longer for its turn. So a few threads compute, of which questions have their own,
and what merely waits (disks, names, locks) goes elsewhere, with ``asyncio.to_thread``.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


class Lane:
    """Up to ``threads`` threads; they start when they are needed."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self.resize(threads)

    def resize(self, threads: int) -> None:
        """Have another number of threads, from the next call on."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=self._name)

    async def run(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """As ``asyncio.to_thread``: what is cancelled is finished, or never begun."""
        call = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


ASKING = Lane("asking", 2)
INGESTING = Lane("ingesting", 2)
