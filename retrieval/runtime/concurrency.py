"""Run a limited number of tasks concurrently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


async def map_concurrently(
    given: Iterable[Given], make: Callable[[Given], Awaitable[Made]], *, at_once: int
) -> AsyncIterator[Made]:
    """Yield the results of ``make`` for each item, as they arrive; at most ``at_once`` are in
    progress. What ``make`` raises ends the iteration, and the others are cancelled.

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
    """Cancel unfinished tasks, and return when none of them runs any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def to_its_end(work: Awaitable[Made]) -> Made:
    """Return the result of ``work``, waiting for it even if this call is cancelled; the
    cancellation follows afterwards.

    Use it for work that can't be stopped half-way, such as a write in a thread.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


_END = object()
