"""One order for everything that waits: a limited number at once, and whoever was served longest ago
first.

Questions wait by guild, jobs by corpus, feeds by corpus with one visit at a time per host. What
waits stays in the caller's hands; the scheduler says what is next and keeps count.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_OWNERS = 10_000


class FairScheduler(Generic[T]):
    """Chooses among what waits, owner by owner in turn.

    ``owner`` says whose a thing is; ``group`` (by default the owner) has at most ``group_at_once``
    things running; ``rank`` orders the things of one owner, lowest first. At most ``at_once`` run
    in total. Beyond 10,000 owners those served longest ago are forgotten.
    """

    def __init__(
        self,
        *,
        at_once: int,
        owner: Callable[[T], Hashable],
        rank: Callable[[T], float],
        group: Callable[[T], Hashable] | None = None,
        group_at_once: int = 1,
    ) -> None:
        self._at_once = at_once
        self._owner = owner
        self._rank = rank
        self._group = group or owner
        self._group_at_once = group_at_once
        self._served: dict[Hashable, int] = {}
        self._turn = 0
        self._running: Counter[Hashable] = Counter()

    @property
    def running(self) -> int:
        """How many run now."""
        return self._running.total()

    def has_room_for(self, thing: T) -> bool:
        """Return whether a thing could start at once if nothing else waited."""
        return self.running < self._at_once and self._group_has_room(thing)

    def start(self, thing: T) -> None:
        """Count ``thing`` as running, and its owner as served."""
        self._running[self._group(thing)] += 1
        self._turn += 1
        owner = self._owner(thing)
        self._served.pop(owner, None)
        self._served[owner] = self._turn
        while len(self._served) > _MOST_OWNERS:
            del self._served[next(iter(self._served))]

    def end(self, thing: T) -> None:
        """Count ``thing`` as ended."""
        group = self._group(thing)
        self._running[group] -= 1
        if self._running[group] <= 0:
            del self._running[group]

    def next(self, waiting: Iterable[T]) -> T | None:
        """Return what is to start now; None if nothing may. The caller removes it from its queue
        and starts it."""
        return next(iter(self.first(waiting, 1)), None)

    def first(self, waiting: Iterable[T], most: int) -> list[T]:
        """Return up to ``most`` things that may start now, as if only one of them did, the next
        first."""
        if self.running >= self._at_once:
            return []
        free = [thing for thing in waiting if self._group_has_room(thing)]
        return heapq.nsmallest(most, free, key=self._order)

    def in_order(self, waiting: Sequence[T]) -> list[T]:
        """Return what waits in the order of its turns, regardless of full groups."""
        queues: dict[Hashable, deque[T]] = {}
        for thing in sorted(waiting, key=self._rank):
            queues.setdefault(self._owner(thing), deque()).append(thing)
        turns = [
            (self._served.get(owner, 0), self._rank(queue[0]), n, queue)
            for n, (owner, queue) in enumerate(queues.items())
        ]
        heapq.heapify(turns)
        ordered: list[T] = []
        while turns:
            _, _, n, queue = heapq.heappop(turns)
            ordered.append(queue.popleft())
            if queue:
                served = self._turn + len(ordered)
                heapq.heappush(turns, (served, self._rank(queue[0]), n, queue))
        return ordered

    def _group_has_room(self, thing: T) -> bool:
        return self._running[self._group(thing)] < self._group_at_once

    def _order(self, thing: T) -> tuple[int, float]:
        return self._served.get(self._owner(thing), 0), self._rank(thing)
