"""How often people may ask, how many answers are made at once, and who waits for whom.

Independent of Discord: servers and users are numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bot.config.limits import RateLimits
from bot.errors import UserError
from retrieval.runtime.fair_scheduler import FairScheduler

Tick = Callable[[], float]

_MOST_USERS = 10_000


class Busy(UserError):
    """The queue has no room for another question."""

    retry = True


class TooSoon(UserError):
    """The user asked a moment ago; ``seconds`` are left to wait."""

    retry = True

    def __init__(self, seconds: float) -> None:
        super().__init__("too-soon", seconds=max(1, round(seconds)))
        self.seconds = seconds


class Cooldown:
    """Admits a user once every ``seconds``. ``tick`` returns monotonic seconds."""

    def __init__(self, seconds: float, tick: Tick = time.monotonic) -> None:
        self._seconds = seconds
        self._tick = tick
        self._last: OrderedDict[int, float] = OrderedDict()

    def take(self, user: int) -> None:
        """Record that a user asks. Raise ``TooSoon``."""
        now = self._tick()
        left = self._last.get(user, float("-inf")) + self._seconds - now
        if left > 0:
            raise TooSoon(left)
        self._last[user] = now
        self._last.move_to_end(user)
        while len(self._last) > _MOST_USERS:
            self._last.popitem(last=False)


@dataclass(eq=False, slots=True)
class _Turn:
    """A question that waits or is answered; ``go`` is set when its turn has come."""

    server: int
    user: int
    number: int
    moved: Callable[[int], None] | None
    go: asyncio.Future[None]
    told: int = 0


class AnswerQueue:
    """Limits how many answers are made at once. Waiting servers take turns."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._scheduler: FairScheduler[_Turn] = FairScheduler(
            at_once=limits.at_once,
            owner=lambda turn: turn.server,
            rank=lambda turn: turn.number,
            group_at_once=limits.server_at_once,
        )
        self._waiting: list[_Turn] = []
        self._number = 0
        self._closed = False

    @property
    def running(self) -> int:
        """Return how many answers are being made."""
        return self._scheduler.running

    @property
    def waiting(self) -> int:
        """Return how many questions wait."""
        return len(self._waiting)

    @contextlib.asynccontextmanager
    async def turn(
        self,
        server: int,
        user: int,
        *,
        exempt: bool = False,
        moved: Callable[[int], None] | None = None,
    ) -> AsyncIterator[None]:
        """Wait for a turn and hold it during the body.

        ``moved`` receives each new position in the queue, 1 for the next; it isn't called if there
        is no wait. ``exempt`` ignores the queue's limits. Raise ``Busy``. Cancelling the wait frees
        the position.
        """
        if self._closed:
            raise Busy("restarting")
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        turn = _Turn(server, user, self._number, moved, future)
        ahead = any(waiting.server == server for waiting in self._waiting)
        if not ahead and self._scheduler.has_room_for(turn):
            self._scheduler.start(turn)
        else:
            self._admit(turn, exempt=exempt)
            await self._wait(turn)
        try:
            yield
        finally:
            self._scheduler.end(turn)
            self._start_next()

    def close(self) -> None:
        """Turn away everyone who waits and admit nobody else. Answers in progress continue."""
        self._closed = True
        for turn in self._waiting:
            if not turn.go.done():
                turn.go.set_exception(Busy("restarting"))
        self._waiting.clear()

    def _admit(self, turn: _Turn, *, exempt: bool) -> None:
        """Raises ``Busy`` where no more may wait."""
        if exempt:
            return
        if sum(each.user == turn.user for each in self._waiting) >= self._limits.user_waiting:
            raise Busy("several-waiting")
        if self.waiting >= self._limits.waiting:
            raise Busy("busy")

    async def _wait(self, turn: _Turn) -> None:
        self._waiting.append(turn)
        self._tell_places()
        try:
            await turn.go
        except asyncio.CancelledError:
            if turn.go.done() and not turn.go.cancelled() and turn.go.exception() is None:
                # Its turn had come in this very moment: give it back.
                self._scheduler.end(turn)
                self._start_next()
            else:
                with contextlib.suppress(ValueError):
                    self._waiting.remove(turn)
                self._tell_places()
            raise

    def _start_next(self) -> None:
        while (turn := self._scheduler.next(self._waiting)) is not None:
            self._waiting.remove(turn)
            if not turn.go.done():
                self._scheduler.start(turn)
                turn.go.set_result(None)
        self._tell_places()

    def _tell_places(self) -> None:
        """Tell each who waits its place: as turns will come."""
        for place, turn in enumerate(self._scheduler.in_order(self._waiting), 1):
            if turn.told != place and turn.moved is not None:
                turn.told = place
                turn.moved(place)
