"""Requests: work for people, concurrent within the limits, each ending in a message."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bot.answering.observer import Observer, RequestKind, RequestOutcome
from bot.errors import UserError
from bot.i18n import Say
from bot.ops.logging import details, log_context, new_id
from bot.services.rate_limits import AnswerQueue
from bot.services.usage_limits import Meter
from bot.ui import error_pages
from bot.ui.delivery import MessageDeleted, MessageDelivery
from bot.ui.pages import note
from bot.ui.queue_notice import WaitingNotice
from retrieval.runtime.concurrency import cancel
from retrieval.runtime.executors import INGESTING

_log = logging.getLogger(__name__)

_MOST_DEFERENCE = 1.0
_CUT_SECONDS = 5.0  # for what is cut short to say so


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something that a person waits for, and where. ``exempt`` ignores limits; ``corpus`` is what
    it reads, None if not known yet; ``meter`` counts it towards limits, None for none."""

    user_id: int
    guild_id: int | None
    channel_id: int
    say: Say
    exempt: bool = False
    corpus: str | None = None
    meter: Meter | None = None
    id: str = field(default_factory=new_id)


class CutShort(Exception):
    """The bot is stopping before the work is done."""


class RequestRunner:
    """Runs requests, waits for them when the bot stops, and cancels those of guilds that are gone."""

    def __init__(self, queue: AnswerQueue, observer: Observer | None = None) -> None:
        self._queue = queue
        self.observer = observer or Observer()
        self._running: dict[str, tuple[Request, asyncio.Task[Any]]] = {}
        self._ended: dict[str, asyncio.Event] = {}
        self._withdrawn: set[str] = set()  # ids of those that lost what they read
        self._cut = asyncio.Event()
        self._unacknowledged = 0
        self._all_acknowledged = asyncio.Event()
        self._all_acknowledged.set()

    @property
    def queue(self) -> AnswerQueue:
        """Return the queue in which requests wait."""
        return self._queue

    @property
    def is_busy(self) -> bool:
        """Return whether any request is running or waiting."""
        return bool(self._running)

    @contextlib.asynccontextmanager
    async def run(
        self,
        request: Request,
        delivery: MessageDelivery,
        doing: str,
        kind: RequestKind = "question",
        **noted: Any,
    ) -> AsyncIterator[RequestOutcome]:
        """Run a request during the body, which sets in the outcome how it ended.

        An error in the body is shown in ``delivery`` and logged, and isn't raised further; nor is
        the deletion of its message. Each request writes two lines to the log, with ``noted``.
        """
        task = _this_task()
        where = {
            "server": request.guild_id,
            "channel": request.channel_id,
            "user": request.user_id,
        }
        self._running[request.id] = (request, task)
        ended = self._ended[request.id] = asyncio.Event()
        outcome = RequestOutcome()
        started = time.monotonic()
        with log_context(request.id), self.observer.request(kind, outcome):
            _log.info("asked", extra=details(**where, **noted))
            try:
                # Even a refusal takes its turn after those who have heard nothing yet.
                await self._let_others_be_acknowledged()
                yield outcome
            except MessageDeleted:
                outcome.end("deleted", "its message was deleted")
            except asyncio.CancelledError:
                outcome.end("dropped", "dropped")
                if request.id not in self._withdrawn:
                    raise
                task.uncancel()
                with contextlib.suppress(MessageDeleted):
                    await delivery.finish([note(request.say("dm-server-gone"))])
            except Exception as error:  # noqa: BLE001 - told and logged in one place
                error_pages.log(error, doing, **where)
                outcome.end("refused" if isinstance(error, UserError) else "failed", "failed")
                with contextlib.suppress(MessageDeleted):
                    await delivery.finish([error_pages.page_for(error, request.say, request.id)])
            finally:
                self._withdrawn.discard(request.id)
                try:
                    await delivery.close()
                finally:
                    self._running.pop(request.id, None)
                    self._ended.pop(request.id, None)
                    ended.set()
                    ms = round((time.monotonic() - started) * 1000)
                    _log.info("ended", extra=details(outcome=outcome.words, ms=ms))

    @contextlib.asynccontextmanager
    async def slot(self, request: Request, delivery: MessageDelivery) -> AsyncIterator[None]:
        """Wait for a request's turn and hold it during the body.

        Raise ``Busy``; ``MessageDeleted`` if the delivery's message is deleted meanwhile, and
        ``CutShort`` if the bot stops, both also in the middle of the body.
        """
        waiting = WaitingNotice(delivery, request.say)
        # Everything of a direct message counts for no guild but for its person.
        server = request.guild_id or request.user_id
        turn = self._queue.turn(server, request.user_id, exempt=request.exempt, moved=waiting.moved)
        try:
            async with contextlib.AsyncExitStack() as held:
                with self.observer.stage("queue"):
                    await held.enter_async_context(turn)
                waiting.end()
                await self._let_others_be_acknowledged()
                await held.enter_async_context(self._until_cut(delivery))
                yield
        finally:
            waiting.end()

    @contextlib.contextmanager
    def acknowledging(self) -> Iterator[None]:
        """Start no answer and ingest nothing while a person hasn't been told yet that an answer is
        coming."""
        self._unacknowledged += 1
        self._all_acknowledged.clear()
        try:
            with INGESTING.pause():
                yield
        finally:
            self._unacknowledged -= 1
            if not self._unacknowledged:
                self._all_acknowledged.set()

    async def _let_others_be_acknowledged(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOST_DEFERENCE):
                await self._all_acknowledged.wait()

    def reads(self, request_id: str, corpus: str) -> None:
        """Record which corpus a request reads, if that becomes known only later."""
        if request_id in self._running:
            request, task = self._running[request_id]
            self._running[request_id] = (replace(request, corpus=corpus), task)

    def cancel_guild_requests(self, guild_id: int, corpus: str | None) -> None:
        """Cancel the requests of a guild that is gone, and direct ones that read its own
        ``corpus``, with a message. Pass None for a corpus that other guilds share."""
        for request, task in list(self._running.values()):
            if request.guild_id == guild_id:
                task.cancel()
            elif request.guild_id is None and corpus is not None and request.corpus == corpus:
                self._withdrawn.add(request.id)
                task.cancel()

    async def wait_until_recorded(self, request_id: str, seconds: float = 1.0) -> None:
        """Wait until the message of a request is also recorded; a person may press its button that
        fast."""
        ended = self._ended.get(request_id)
        if ended is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()

    async def close(self, seconds: float) -> None:
        """Accept no more requests; wait this many seconds for those in progress, then end them with
        a message."""
        self._queue.close()
        if self._running:
            _log.info("waiting for answers", extra=details(answers=len(self._running)))
            await self._wait_for_all(seconds)
        self._cut.set()
        if self._running:
            await self._wait_for_all(_CUT_SECONDS)
            late = [task for _, task in self._running.values()]
            for task in late:
                task.cancel()
            await self._wait_for_all(_CUT_SECONDS)

    async def _wait_for_all(self, seconds: float) -> None:
        ends = [asyncio.create_task(ended.wait()) for ended in self._ended.values()]
        if ends:
            _, pending = await asyncio.wait(ends, timeout=seconds)
            for task in pending:
                task.cancel()

    @contextlib.asynccontextmanager
    async def _until_cut(self, delivery: MessageDelivery) -> AsyncIterator[None]:
        """Cancel the body when the bot stops or the message is deleted, as a timeout would."""
        body = _this_task()
        cancelled_before = body.cancelling()
        watcher = asyncio.create_task(self._watch(delivery, body))
        try:
            yield
        except asyncio.CancelledError as error:
            # Cancelled by the watcher and nobody else: then it is no cancellation for the caller.
            if not watcher.done() or watcher.cancelled() or body.uncancel() > cancelled_before:
                raise
            raise (MessageDeleted() if delivery.is_gone else CutShort()) from error
        finally:
            await cancel(watcher)

    async def _watch(self, delivery: MessageDelivery, body: asyncio.Task[Any]) -> None:
        ends = [
            asyncio.create_task(self._cut.wait()),
            asyncio.create_task(delivery.until_gone()),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        body.cancel()


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("Requests run in tasks.")
    return task
