"""Threads that compute."""

from __future__ import annotations

import asyncio
import threading

import pytest

from retrieval.runtime.executors import Executor


async def test_what_is_held_begins_when_it_is_let_go() -> None:
    executor = Executor("test", 1)
    done: list[str] = []
    with executor.pause():
        waiting = asyncio.create_task(executor.run(done.append, "begun"))
        await asyncio.sleep(0.1)
        assert done == []
    await asyncio.wait_for(waiting, 5)
    assert done == ["begun"]


async def test_nothing_is_held_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.runtime.executors._LONGEST_HELD", 0.05)
    executor = Executor("test", 1)
    with executor.pause():
        assert await asyncio.wait_for(executor.run(lambda: "done"), 5) == "done"


async def test_a_pool_of_one_thread_does_one_thing_at_a_time() -> None:
    executor = Executor("test", 1)
    names = await asyncio.gather(
        *(executor.run(lambda: threading.current_thread().name) for _ in range(9))
    )
    assert len(set(names)) == 1
