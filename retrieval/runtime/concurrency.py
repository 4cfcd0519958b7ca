"""Doing several things at once, a bounded number of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


async def map_concurrently(
    given: Iterable[Given], make: Callable[[Given], Awaitable[Made]], *, at_once: int
) -> AsyncIterator[Made]:
    """Yield what ``make`` makes of each, as it comes; ``at_once`` at most are under way.

    ``given`` is read no further ahead than that.
    """
    left = iter(given)
    under_way: set[asyncio.Future[Made]] = set()
    try:
        while True:
            while len(under_way) < at_once and (each := next(left, _END)) is not _END:
                under_way.add(asyncio.ensure_future(make(each)))  # type: ignore[arg-type]
            if not under_way:
                return
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        await cancel(*under_way)


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what is not done, and return when nothing of it runs any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def to_its_end(work: Awaitable[Made]) -> Made:
    """Wait for all of ``work``, even where this is cancelled meanwhile; it is cancelled afterwards.

    For what can't be stopped half-way and must not be overtaken: a write in a thread, an entry.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


_END = object()
