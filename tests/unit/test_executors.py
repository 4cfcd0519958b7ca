"""Threads that compute."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from retrieval.runtime.executors import Executor, giving_way
from tests.deadlines import scaled


async def test_what_is_held_begins_when_it_is_let_go() -> None:
    executor = Executor("test", 1)
    done: list[str] = []
    with executor.pause():
        waiting = asyncio.create_task(executor.run(done.append, "begun"))
        await asyncio.sleep(0.1)
        assert done == []
    await asyncio.wait_for(waiting, scaled(5))
    assert done == ["begun"]


async def test_nothing_is_held_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.runtime.executors._LONGEST_HELD", 0.05)
    executor = Executor("test", 1)
    with executor.pause():
        assert await asyncio.wait_for(executor.run(lambda: "done"), scaled(5)) == "done"


async def test_a_pool_of_one_thread_does_one_thing_at_a_time() -> None:
    executor = Executor("test", 1)
    names = await asyncio.gather(
        *(executor.run(lambda: threading.current_thread().name) for _ in range(9))
    )
    assert len(set(names)) == 1


async def test_work_on_many_stands_back_while_its_executor_is_paused() -> None:
    executor = Executor("testing", 1)
    reached: list[int] = []
    paused = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        for number in giving_way(range(3)):
            reached.append(number)
            if number == 0:
                # The pause has begun before the second is asked for.
                asyncio.run_coroutine_threadsafe(pause(), loop).result(10)

    async def pause() -> None:
        holding.enter_context(executor.pause())
        paused.set()

    with contextlib.ExitStack() as holding:
        working = asyncio.create_task(executor.run(work))
        await asyncio.wait_for(paused.wait(), scaled(10))
        await asyncio.sleep(0.05)
        assert reached == [0]
    await asyncio.wait_for(working, scaled(10))
    assert reached == [0, 1, 2]


async def test_work_on_many_stands_back_for_a_while_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.runtime.executors._LONGEST_HELD", 0.05)
    executor = Executor("testing", 1)
    with executor.pause():
        assert await asyncio.wait_for(executor.run(lambda: [*giving_way(range(900))]), scaled(30))


def test_outside_an_executor_nothing_stands_back() -> None:
    assert [*giving_way("ab")] == ["a", "b"]
