"""A week of `python -m tests.benchmarks.subscription_year`, which plays a year."""

from __future__ import annotations

from tests.integration.discord.conftest import Running
from tests.subscription_year import play


async def test_a_week_of_refusals_and_restarts_bring_each_digest_once(running: Running) -> None:
    outcome = await play(running.bot, running.standin, 7)
    assert outcome.came == outcome.due
    assert outcome.active == 3
    assert outcome.refused >= 14  # or nothing was tried
