"""Rounds that go on over failures, and what failed and rests for longer each time."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from bot.ops.background import Backoff, run_forever
from retrieval.errors import Refused
from retrieval.runtime.concurrency import cancel
from tests.deadlines import scaled

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


async def test_a_failure_ends_no_rounds_and_has_a_traceback_where_it_is_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fails: list[Exception] = [Refused("feed-known"), RuntimeError("ours")]
    done = asyncio.Event()

    async def once() -> int:
        if fails:
            raise fails.pop(0)
        done.set()
        return 1

    task = asyncio.create_task(run_forever(once, "rounds", pause=0.0))
    async with asyncio.timeout(scaled(5)):
        await done.wait()
    await cancel(task)
    told = [(bool(r.exc_info), r.levelno) for r in caplog.records if "rounds" in r.getMessage()]
    assert told == [(False, logging.ERROR), (True, logging.ERROR)]


def test_what_fails_rests_for_twice_as_long_each_time_up_to_an_hour() -> None:
    backoff, now, rests = Backoff(), NOON, []
    for _ in range(60):
        assert not backoff.holds(7, now)
        backoff.note(7, now, "it", RuntimeError("no"), is_expected=True)
        until = backoff.failed[7][1]
        assert backoff.holds(7, until - timedelta(seconds=1))
        rests.append((until - now).total_seconds())
        now = until
    assert rests == [30, 60, 120, 240, 480, 960, 1_920] + [3_600] * 53
    assert not backoff.holds(8, now)
    # By a clock that went back since, an hour is the most.
    assert not backoff.holds(7, NOON - timedelta(days=365))
    backoff.forget(7)
    assert backoff.failed == {}
