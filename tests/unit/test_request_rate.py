"""Requests to Discord wait for their turn."""

from __future__ import annotations

import asyncio

import pytest

from bot.ops import request_rate
from bot.ops.request_rate import RequestTurns


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(request_rate, "time", made)
    monkeypatch.setattr(request_rate, "asyncio", made)
    return made


async def sent(turns: RequestTurns, clock: Clock, count: int) -> list[float]:
    at = []
    for _ in range(count):
        await turns.wait()
        at.append(round(clock.now - 100.0, 3))
    return at


async def test_no_second_has_more_than_so_many(clock: Clock) -> None:
    at = await sent(RequestTurns(3), clock, 8)
    assert at == [0, 0, 0, 1, 1, 1, 2, 2]
    assert all(late - early >= 1 for early, late in zip(at, at[3:], strict=False))


async def test_after_a_pause_nobody_waits(clock: Clock) -> None:
    turns = RequestTurns(2)
    await sent(turns, clock, 2)
    clock.now += 5
    assert await sent(turns, clock, 3) == [5, 5, 6]


async def test_a_share_that_becomes_smaller_holds_at_once(clock: Clock) -> None:
    turns = RequestTurns(4)
    await sent(turns, clock, 4)
    turns.per_second = 2
    assert await sent(turns, clock, 4) == [1, 1, 2, 2]


async def test_many_who_come_at_once_have_each_a_turn_of_their_own() -> None:
    turns = RequestTurns(1_000)
    await asyncio.gather(*(turns.wait() for _ in range(1_000)))
    assert len(turns._turns) == 1_000
