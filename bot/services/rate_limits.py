"""Who may ask how often, how many answers are made at once, and who waits where.

Free of Discord: servers and users are numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from bot.config.limits import RateLimits
from bot.i18n import DEFAULT, text
from retrieval.errors import NewsdeskError

Tick = Callable[[], float]

_MOST_USERS = 10_000


class Busy(NewsdeskError):
    """There is no room for another question now; ``key`` names the reason in ``bot.i18n``."""

    retry = True

    def __init__(self, key: str) -> None:
        super().__init__(text(DEFAULT, key))
        self.key = key


class TooSoon(NewsdeskError):
    """The user asked a moment ago; ``seconds`` are left to wait."""

    retry = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"You can ask again in {max(1, round(seconds))} s.")
        self.seconds = seconds


class Cooldown:
    """Lets a user through once in ``seconds``. ``tick`` gives seconds that never go back."""

    def __init__(self, seconds: float, tick: Tick = time.monotonic) -> None:
        self._seconds = seconds
        self._tick = tick
        self._last: OrderedDict[int, float] = OrderedDict()

    def take(self, user: int) -> None:
        """Note that a user asks. Raises ``TooSoon``."""
        now = self._tick()
        left = self._last.get(user, float("-inf")) + self._seconds - now
        if left > 0:
            raise TooSoon(left)
        self._last[user] = now
        self._last.move_to_end(user)
        while len(self._last) > _MOST_USERS:
            self._last.popitem(last=False)


@dataclass(eq=False, slots=True)
class _WaitingRequest:
    server: int
    user: int
    go: asyncio.Future[None]
    moved: Callable[[int], None] | None
    told: int = 0


@dataclass(eq=False, slots=True)
class _GuildQueue:
    """The questions of one server that wait, first come first served."""

    waiting: deque[_WaitingRequest] = field(default_factory=deque)


class AnswerQueue:
    """Makes so many answers at once; the others wait, one server after the other in turn."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._running: Counter[int] = Counter()
        self._lanes: OrderedDict[int, _GuildQueue] = OrderedDict()
        self._closed = False

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        return sum(len(lane.waiting) for lane in self._lanes.values())

    @contextlib.asynccontextmanager
    async def turn(
        self,
        server: int,
        user: int,
        *,
        exempt: bool = False,
        moved: Callable[[int], None] | None = None,
    ) -> AsyncIterator[None]:
        """Wait for a turn and keep it for the body.

        ``moved`` hears of each new place in the queue, 1 for the next one; never if there is no
        waiting. ``exempt`` skips the bounds of the queue. Raises ``Busy``; ending the wait early
        frees the place.
        """
        if self._closed:
            raise Busy("restarting")
        if self._may_start(server) and not self._lanes.get(server, _GuildQueue()).waiting:
            self._running[server] += 1
        else:
            await self._wait(server, user, exempt, moved)
        try:
            yield
        finally:
            self._running[server] -= 1
            if not self._running[server]:
                del self._running[server]
            self._start_next()

    def close(self) -> None:
        """Send away who waits and take nobody any more; what is under way goes on."""
        self._closed = True
        for lane in self._lanes.values():
            for waiting in lane.waiting:
                if not waiting.go.done():
                    waiting.go.set_exception(Busy("restarting"))
        self._lanes.clear()

    async def _wait(
        self, server: int, user: int, exempt: bool, moved: Callable[[int], None] | None
    ) -> None:
        if not exempt:
            mine = sum(w.user == user for lane in self._lanes.values() for w in lane.waiting)
            if mine >= self._limits.user_waiting:
                raise Busy("several-waiting")
            if self.waiting >= self._limits.waiting:
                raise Busy("busy")
        waiting = _WaitingRequest(server, user, asyncio.get_running_loop().create_future(), moved)
        lane = self._lanes.setdefault(server, _GuildQueue())
        lane.waiting.append(waiting)
        self._tell_places()
        try:
            await waiting.go
        except asyncio.CancelledError:
            if waiting.go.done() and not waiting.go.cancelled() and waiting.go.exception() is None:
                # Its turn had come in this very moment: give it back.
                self._running[server] -= 1
                self._running += Counter()
                self._start_next()
            else:
                with contextlib.suppress(ValueError):
                    lane.waiting.remove(waiting)
                self._tell_places()
            raise

    def _may_start(self, server: int) -> bool:
        return (
            self.running < self._limits.at_once
            and self._running[server] < self._limits.server_at_once
        )

    def _start_next(self) -> None:
        started = True
        while started:
            started = False
            for server, lane in list(self._lanes.items()):
                if not lane.waiting:
                    del self._lanes[server]
                    continue
                if not self._may_start(server):
                    continue
                waiting = lane.waiting.popleft()
                self._lanes.move_to_end(server)  # the other servers first now
                if not waiting.go.done():
                    self._running[server] += 1
                    waiting.go.set_result(None)
                started = True
                break
        self._tell_places()

    def _tell_places(self) -> None:
        """Tell each who waits its place: round by round, as turns will come."""
        lanes = [list(lane.waiting) for lane in self._lanes.values()]
        position = 0
        for round_ in range(max(map(len, lanes), default=0)):
            for lane in lanes:
                if round_ < len(lane):
                    position += 1
                    waiting = lane[round_]
                    if waiting.told != position and waiting.moved is not None:
                        waiting.told = position
                        waiting.moved(position)
