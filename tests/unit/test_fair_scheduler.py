"""One order for what waits: bounds hold, owners take turns, places foretell the order."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from retrieval.runtime.fair_scheduler import FairScheduler


@dataclass(frozen=True)
class _Thing:
    owner: str
    number: int
    host: str = ""


def _scheduler(at_once: int, group_at_once: int = 1) -> FairScheduler[_Thing]:
    return FairScheduler(
        at_once=at_once,
        owner=lambda thing: thing.owner,
        rank=lambda thing: thing.number,
        group_at_once=group_at_once,
    )


def test_owners_take_turns_and_each_one_goes_by_rank() -> None:
    scheduler = _scheduler(at_once=1)
    waiting = [_Thing("a", 1), _Thing("a", 2), _Thing("b", 3), _Thing("a", 0)]
    order = []
    while thing := scheduler.next(waiting):
        waiting.remove(thing)
        scheduler.start(thing)
        order.append((thing.owner, thing.number))
        scheduler.end(thing)
    assert order == [("a", 0), ("b", 3), ("a", 1), ("a", 2)]


def test_a_group_has_one_running_at_a_time() -> None:
    scheduler: FairScheduler[_Thing] = FairScheduler(
        at_once=8,
        owner=lambda thing: thing.owner,
        rank=lambda thing: thing.number,
        group=lambda thing: thing.host,
    )
    scheduler.start(_Thing("a", 0, "x.example"))
    waiting = [_Thing("b", 1, "x.example"), _Thing("c", 2, "y.example")]
    assert scheduler.next(waiting) == waiting[1]
    assert not scheduler.has_room_for(waiting[0])
    scheduler.end(_Thing("a", 0, "x.example"))
    assert scheduler.has_room_for(waiting[0])


@pytest.mark.parametrize("seed", range(20))
def test_places_foretell_the_order_and_bounds_hold(seed: int) -> None:
    dice = random.Random(seed)
    waiting = [_Thing(dice.choice("abcd"), n) for n in range(dice.randrange(1, 30))]
    scheduler = _scheduler(at_once=1, group_at_once=1)
    foretold = scheduler.in_order(waiting)
    taken = []
    while thing := scheduler.next(waiting):
        waiting.remove(thing)
        scheduler.start(thing)
        assert scheduler.next(waiting) is None, "one at a time"
        scheduler.end(thing)
        taken.append(thing)
    assert taken == foretold
    assert scheduler.running == 0
