"""Cooldown and queue."""

from __future__ import annotations

import asyncio
import random

import pytest

from bot.config.limits import RateLimits
from bot.services.rate_limits import AnswerQueue, Busy, Cooldown, TooSoon


def test_a_user_may_ask_once_in_a_while() -> None:
    now = [100.0]
    cooldown = Cooldown(5, lambda: now[0])
    cooldown.take(1)
    cooldown.take(2)
    now[0] += 3
    with pytest.raises(TooSoon, match="seconds=2"):
        cooldown.take(1)
    now[0] += 2
    cooldown.take(1)


async def _ask(
    queue: AnswerQueue,
    server: int,
    user: int,
    done: list[int],
    hold: asyncio.Event,
    *,
    exempt: bool = False,
) -> None:
    async with queue.turn(server, user, exempt=exempt):
        await hold.wait()
        done.append(user)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_servers_take_turns() -> None:
    queue = AnswerQueue(RateLimits(at_once=1, server_at_once=1))
    order: list[int] = []

    async def ask(server: int, user: int) -> None:
        async with queue.turn(server, user):
            order.append(user)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for user in range(4):
            group.create_task(ask(1, user))
        for user in range(10, 12):
            group.create_task(ask(2, user))
    assert order == [0, 10, 1, 11, 2, 3]


async def test_who_waits_is_told_each_place() -> None:
    queue = AnswerQueue(RateLimits(at_once=1, server_at_once=1))
    hold = asyncio.Event()
    first = asyncio.create_task(_ask(queue, 1, 1, [], hold))
    await _settle()
    places: list[int] = []

    async def third() -> None:
        async with queue.turn(1, 3, moved=places.append):
            pass

    second = asyncio.create_task(_ask(queue, 1, 2, [], hold))
    await _settle()
    waiting = asyncio.create_task(third())
    await _settle()
    hold.set()
    await asyncio.gather(first, second, waiting)
    assert places == [2, 1]


async def test_a_full_queue_says_so_except_to_the_exempt() -> None:
    queue = AnswerQueue(RateLimits(at_once=1, server_at_once=1, waiting=2, user_waiting=1))
    hold = asyncio.Event()
    tasks = [asyncio.create_task(_ask(queue, 1, user, [], hold)) for user in range(3)]
    await _settle()
    with pytest.raises(Busy, match="busy"):
        await _ask(queue, 1, 9, [], hold)
    with pytest.raises(Busy, match="several-waiting"):
        await _ask(queue, 1, 2, [], hold)
    tasks.append(asyncio.create_task(_ask(queue, 1, 9, [], hold, exempt=True)))
    await _settle()
    assert queue.waiting == 3
    hold.set()
    await asyncio.gather(*tasks)
    assert (queue.running, queue.waiting) == (0, 0)


async def test_closing_sends_away_who_waits_and_lets_the_others_finish() -> None:
    queue = AnswerQueue(RateLimits(at_once=1, server_at_once=1))
    hold, done = asyncio.Event(), list[int]()
    running = asyncio.create_task(_ask(queue, 1, 1, done, hold))
    waiting = asyncio.create_task(_ask(queue, 1, 2, done, hold))
    await _settle()
    queue.close()
    with pytest.raises(Busy, match="restarting"):
        await waiting
    with pytest.raises(Busy, match="restarting"):
        await _ask(queue, 1, 3, done, hold)
    hold.set()
    await running
    assert done == [1]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_is_cancelled_bounds_hold_and_nothing_is_left(seed: int) -> None:
    dice = random.Random(seed)
    limits = RateLimits(at_once=3, server_at_once=2, waiting=1000, user_waiting=1000)
    queue = AnswerQueue(limits)
    running: dict[int, int] = {}

    async def ask(server: int) -> None:
        async with queue.turn(server, server):
            running[server] = running.get(server, 0) + 1
            assert running[server] <= limits.server_at_once
            assert sum(running.values()) <= limits.at_once
            try:
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                running[server] -= 1

    tasks = [asyncio.create_task(ask(dice.randrange(4))) for _ in range(60)]
    while not all(task.done() for task in tasks):
        if dice.random() < 0.3:
            dice.choice(tasks).cancel()
        await asyncio.sleep(0)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(r is None or isinstance(r, asyncio.CancelledError) for r in results)
    assert (queue.running, queue.waiting) == (0, 0)
