"""Errands: work for people, side by side within the limits, each ending in a message."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot import errors
from bot.i18n import Say
from bot.ops.logging import details, log_context, new_id
from bot.services.rate_limits import AnswerQueue
from bot.ui.delivery import MessageDeleted, MessageDelivery
from bot.ui.pages import note
from bot.ui.queue_notice import WaitingNotice
from retrieval.runtime.executors import INGESTING

_log = logging.getLogger(__name__)

_MOST_DEFERENCE = 1.0
_CUT_SECONDS = 5.0  # for what is cut short to say so

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something that a person waits for, and where. ``exempt`` is free of limits; ``corpus`` is what
    it reads, None if that is not known yet."""

    user_id: int
    server_id: int | None
    channel_id: int
    say: Say
    exempt: bool = False
    corpus: str | None = None
    id: str = field(default_factory=new_id)


class RequestRunner:
    """Runs them, waits for them when the bot stops, and drops those of servers that are gone."""

    def __init__(self, queue: AnswerQueue) -> None:
        self._queue = queue
        self._running: dict[asyncio.Task[Any], Request] = {}
        self._withdrawn: set[str] = set()  # ids of those that lost what they read
        self._cut = asyncio.Event()
        self._unacknowledged = 0
        self._all_acknowledged = asyncio.Event()
        self._all_acknowledged.set()

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    async def run(
        self,
        errand: Request,
        place: MessageDelivery,
        doing: str,
        work: Callable[[], Awaitable[tuple[str, T]]],
        **noted: Any,
    ) -> T | None:
        """Do ``work``, which says how it ended and what came of it; None if it failed, which was told.

        Two lines in the log for each, with what is ``noted`` of it, whatever becomes of it.
        """
        task = asyncio.create_task(
            self._guarded(errand, place, doing, work, noted), name=f"{doing} {errand.id}"
        )
        self._running[task] = errand
        task.add_done_callback(lambda done: self._running.pop(done, None))
        return await asyncio.shield(task)

    async def run_when_slot_free(
        self, errand: Request, place: MessageDelivery, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> T | None:
        """What ``work`` returns, when its turn has come; None if the bot stops meanwhile.

        Raises ``Busy``, and ``MessageDeleted`` if the message of the place is deleted meanwhile.
        """
        waiting = WaitingNotice(place, errand.say)
        # Everything of a direct message counts for no server but for its person.
        server = errand.server_id or errand.user_id
        turn = self._queue.place(server, errand.user_id, exempt=errand.exempt, moved=waiting.moved)
        try:
            async with turn:
                waiting.end()
                await self._let_others_be_acknowledged()
                return await self._until_cut(place, work)
        finally:
            waiting.end()

    @contextlib.contextmanager
    def acknowledging(self) -> Iterator[None]:
        """While somebody has not been told yet that an answer is coming, no answer is begun and nothing more comes in."""
        self._unacknowledged += 1
        self._all_acknowledged.clear()
        try:
            with INGESTING.held():
                yield
        finally:
            self._unacknowledged -= 1
            if not self._unacknowledged:
                self._all_acknowledged.set()

    async def _let_others_be_acknowledged(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOST_DEFERENCE):
                await self._all_acknowledged.wait()

    def reads(self, errand_id: str, corpus: str) -> None:
        """Note which corpus an errand reads, where that is found out on its way."""
        for task, errand in self._running.items():
            if errand.id == errand_id:
                self._running[task] = replace(errand, corpus=corpus)

    def cancel_guild_requests(self, server_id: int, corpus: str | None) -> None:
        """End what is under way for a server that is gone, and directly what reads ``corpus``, its
        own, which is told there. None for a corpus that other servers have too."""
        for task, errand in list(self._running.items()):
            if errand.server_id == server_id:
                task.cancel()
            elif errand.server_id is None and corpus is not None and errand.corpus == corpus:
                self._withdrawn.add(errand.id)
                task.cancel()

    async def wait_until_recorded(self, errand_id: str, seconds: float = 1.0) -> None:
        """Wait until what is shown of an errand is on the books too; a button may be that fast."""
        tasks = [task for task, errand in self._running.items() if errand.id == errand_id]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def close(self, seconds: float) -> None:
        """Take no more; wait so long for what is under way, then have it say that it was cut."""
        self._queue.close()
        running = set(self._running)
        if running:
            _log.info("waiting for answers", extra=details(answers=len(running)))
            await asyncio.wait(running, timeout=seconds)
        self._cut.set()
        if running := set(self._running):
            _, late = await asyncio.wait(running, timeout=_CUT_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_CUT_SECONDS)

    async def _guarded(
        self,
        errand: Request,
        place: MessageDelivery,
        doing: str,
        work: Callable[[], Awaitable[tuple[str, T]]],
        noted: dict[str, Any],
    ) -> T | None:
        where = {
            "server": errand.server_id, "channel": errand.channel_id, "user": errand.user_id,
        }  # fmt: skip
        with log_context(errand.id):
            started = time.monotonic()
            _log.info("asked", extra=details(**where, **noted))
            outcome = "failed"
            try:
                # Even a refusal takes its turn after those who have heard nothing yet.
                await self._let_others_be_acknowledged()
                outcome, result = await work()
                return result
            except MessageDeleted:
                outcome = "its message was deleted"
                return None
            except asyncio.CancelledError:
                outcome = "dropped"
                if errand.id not in self._withdrawn:
                    raise
                with contextlib.suppress(MessageDeleted):
                    await place.finish([note(errand.say("dm-server-gone"))])
                return None
            except Exception as error:  # noqa: BLE001 - told and logged in one place
                errors.log(error, doing, **where)
                with contextlib.suppress(MessageDeleted):
                    await place.finish([errors.page_for(error, errand.say, errand.id)])
                return None
            finally:
                self._withdrawn.discard(errand.id)
                await place.close()
                ms = round((time.monotonic() - started) * 1000)
                _log.info("ended", extra=details(outcome=outcome, ms=ms))

    async def _until_cut(
        self, place: MessageDelivery, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> T | None:
        making = asyncio.create_task(work())
        ends = [asyncio.create_task(self._cut.wait()), asyncio.create_task(place.until_gone())]
        try:
            await asyncio.wait([making, *ends], return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                return making.result()
            if place.is_gone:
                raise MessageDeleted
            return None
        finally:
            for task in (making, *ends):
                task.cancel()
            await asyncio.gather(making, *ends, return_exceptions=True)
