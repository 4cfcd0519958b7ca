"""Deliver an answer, and make sure that it arrives.

A delivery knows several ways, the best first. What is shown while an answer is written may fail;
the final form is tried again, and then in the next way. A private answer has no way that others can
see.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence

import aiohttp
import discord

from bot.ui.delivery_channels import DeliveryChannel
from bot.ui.edit_throttle import EditThrottle
from bot.ui.failures import DiscordFailure, classify_failure, described
from bot.ui.pages import Page

_log = logging.getLogger(__name__)

_TRIES = 4
_TRY_SECONDS = 40.0
_WAIT_FOR_EDIT = 2.0


class MessageDeleted(Exception):
    """Somebody deleted the message: nobody waits for the answer any more."""


class MessageDelivery:
    """Shows a message, edits it at the pace that Discord allows, and finishes it.

    It is for one answer only, and ``private`` if only one person sees it.
    """

    def __init__(
        self, ways: Sequence[DeliveryChannel], *, private: bool, pace: EditThrottle | None = None
    ) -> None:
        self.private = private
        # Set as soon as something is shown.
        self.begun = asyncio.Event()
        # Ids of the messages of the final form above its last one.
        self.earlier: tuple[int, ...] = ()
        self._ways = list(ways)
        self._pace = pace or EditThrottle()
        self._draw: Callable[[], Page] | None = None
        self._fresh = asyncio.Event()
        self._editing: asyncio.Task[None] | None = None
        self._in_edit = False
        self._gone = asyncio.Event()

    @property
    def is_gone(self) -> bool:
        """Whether somebody deleted the message."""
        return self._gone.is_set()

    async def until_gone(self) -> None:
        """Return when somebody deletes the message."""
        await self._gone.wait()

    def update(self, draw: Callable[[], Page]) -> None:
        """Show what ``draw`` returns as soon as the pace allows, when it is called."""
        self._draw = draw
        self._fresh.set()
        if self._editing is None:
            self._editing = asyncio.create_task(self._keep_editing())

    async def finish(
        self, pages: Sequence[Page]
    ) -> discord.Message | discord.PartialMessage | None:
        """Show the final form, with retries and in other ways if necessary.

        Return the message with the last page; None if every way failed. Raises ``MessageDeleted``,
        and what discord.py raises for a mistake of the bot.
        """
        await self._stop_editing()
        if self._gone.is_set():
            raise MessageDeleted
        failures: list[str] = []
        while self._ways:
            way = self._ways[0]
            failure = await self._finished_in(way, pages)
            if failure is None:
                if failures:
                    _log.warning("the answer was shown elsewhere: %s", "; ".join(failures))
                self.earlier = way.earlier
                return way.message
            failures.append(failure)
            self._ways.pop(0)
            with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(_WAIT_FOR_EDIT):
                    await way.withdraw()
        _log.warning("the answer could not be shown: %s", "; ".join(failures))
        return None

    async def close(self) -> None:
        """Stop editing, leaving what is shown."""
        await self._stop_editing()

    async def _keep_editing(self) -> None:
        way = self._ways[0]
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            draw = self._draw
            if draw is None:
                return
            started = time.monotonic()
            self._in_edit = True
            try:
                await way.show(draw())
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                verdict = classify_failure(error)
                if verdict is DiscordFailure.GONE:
                    self._gone.set()
                if verdict is not DiscordFailure.RETRY:
                    return  # the final form says why
                self._pace.failed()
            else:
                self.begun.set()
                self._pace.edited(time.monotonic() - started)
            finally:
                self._in_edit = False
            if self._draw is not None:
                await asyncio.sleep(self._pace.pause)

    async def _stop_editing(self) -> None:
        self._draw = None
        task, self._editing = self._editing, None
        if task is None:
            return
        self._fresh.set()
        try:
            if self._in_edit:
                # It should land before the final form does.
                await asyncio.wait([task], timeout=_WAIT_FOR_EDIT)
        finally:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _finished_in(self, way: DeliveryChannel, pages: Sequence[Page]) -> str | None:
        """Return None if all pages are shown, else why they aren't."""
        done = 0
        for attempt in range(_TRIES):
            try:
                async with asyncio.timeout(_TRY_SECONDS):
                    while done < len(pages):
                        await (way.show if done == 0 else way.add)(pages[done])
                        done += 1
                        self.begun.set()
                return None
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                verdict = classify_failure(error)
                if verdict is DiscordFailure.GONE:
                    self._gone.set()
                    raise MessageDeleted from error
                if verdict is DiscordFailure.OURS:
                    raise
                if verdict is DiscordFailure.ELSEWHERE or attempt == _TRIES - 1:
                    return described(error)
                await asyncio.sleep(2**attempt)
        return None
