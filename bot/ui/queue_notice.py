"""Show people their place in the queue, without flooding Discord."""

from __future__ import annotations

import asyncio

from bot.i18n import Say
from bot.ui.delivery import MessageDelivery
from bot.ui.pages import BUSY, Page, note

_FIRST_AFTER = 1.0
_NEAR = 3
_NEAR_SECONDS, _FAR_SECONDS = 2.0, 6.0


class WaitingNotice:
    """Shows their place in the queue to those who wait for more than a moment, more often near its
    front."""

    def __init__(self, delivery: MessageDelivery, say: Say) -> None:
        self._delivery = delivery
        self._say = say
        self._turn = 0
        self._telling: asyncio.Task[None] | None = None

    def moved(self, turn: int) -> None:
        """Record the place, 1 for the next one."""
        self._turn = turn
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    def end(self) -> None:
        """Stop showing the place."""
        if self._telling is not None:
            self._telling.cancel()

    async def _tell(self) -> None:
        await asyncio.sleep(_FIRST_AFTER)
        told = 0
        while True:
            if self._turn != told:
                told = self._turn
                self._delivery.update(self._page)
            await asyncio.sleep(_NEAR_SECONDS if told <= _NEAR else _FAR_SECONDS)

    def _page(self) -> Page:
        if self._turn == 1:
            return note(self._say("waiting-next"), BUSY)
        return note(self._say("waiting", place=self._turn), BUSY)
