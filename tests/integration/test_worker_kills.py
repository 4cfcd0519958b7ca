"""Workers that are killed, and stopped for longer than their leases last."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.workers import measure_kills
from tests.deadlines import scaled
from tests.postgres import PostgresServer


async def test_nothing_is_lost_or_done_twice_by_workers_that_are_killed_and_stopped(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    await measure_kills(postgres_server, tmp_path, 6, scaled(120), unfinished_jobs=4)
