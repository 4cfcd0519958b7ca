"""What each round of posting asks of the articles that were posted, it finds by indexes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.storage.feed_posts import channels_waiting, forget_old, noted_articles, skip_waiting
from bot.storage.library import APPLICATION
from retrieval.catalogue.database import Database

NOW = datetime(2026, 3, 5, tzinfo=UTC)


async def test_no_round_reads_all_that_was_ever_posted(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path, [APPLICATION])
    database = await Database.open(path)
    asked: list[tuple[str, Any]] = []

    def listen(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    for engine in (database.reader, database.engine.sync_engine):
        sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        await noted_articles(database, 1, NOW)
        await skip_waiting(database, NOW, NOW)
        await channels_waiting(database)
        await forget_old(database, NOW, NOW)
        with database.reader.connect() as connection:
            plans = [
                " ".join(
                    row[-1]
                    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
                )
                for sql, values in list(asked)
                if "posted_articles" in sql
            ]
    finally:
        await database.close()
    assert len(plans) == 4
    assert [plan for plan in plans if "SCAN posted_articles" in plan] == []
