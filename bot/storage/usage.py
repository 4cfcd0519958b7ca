"""What language models have cost: one row per call, kept across restarts.

Rows are only added, so any process that answers may write them, whoever holds the writer's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select

from bot.storage.schema import usage, usage_reservations
from retrieval.catalogue.database import Database
from retrieval.timestamps import to_micros


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """The sums of a day; ``cost`` is in US dollars, of calls whose model has a price."""

    calls: int
    tokens: int
    cost: float


async def record_usage(
    database: Database,
    *,
    at: datetime,
    day: date,
    corpus: str,
    model: str,
    prompt_tokens: int,
    completion_tokens: int,
    cost: float | None,
) -> None:
    """Record one call; ``cost`` is in US dollars. ``corpus`` is a name, perhaps of one that is
    empty."""
    row = {
        "at": to_micros(at),
        "day": day.isoformat(),
        "corpus": corpus,
        "model": model,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost_micros": None if cost is None else round(cost * 1_000_000),
    }
    async with database.write() as connection:
        await connection.execute(insert(usage), row)


async def usage_of_day(database: Database, day: date, corpus: str | None = None) -> DailyUsage:
    """Return the usage of one day, in one corpus or in all."""
    query = _summed().where(usage.c.day == day.isoformat())
    if corpus is not None:
        query = query.where(usage.c.corpus == corpus)
    row = await database.read(lambda connection: connection.execute(query).one())
    return DailyUsage(row[0], int(row[1]), int(row[2]) / 1_000_000)


async def usage_since(database: Database, since: datetime, corpus: str) -> DailyUsage:
    """Return the usage of a corpus since a moment."""
    query = _summed().where(usage.c.at >= to_micros(since), usage.c.corpus == corpus)
    row = await database.read(lambda connection: connection.execute(query).one())
    return DailyUsage(row[0], int(row[1]), int(row[2]) / 1_000_000)


async def forget_usage(database: Database, corpus: str) -> None:
    """Delete the usage of a corpus that is deleted."""
    async with database.write() as connection:
        for table in (usage, usage_reservations):
            await connection.execute(delete(table).where(table.c.corpus == corpus))


def _summed() -> Select[Any]:
    """Return the query for calls, tokens and millionths of a US dollar."""
    return select(
        func.count(),
        func.coalesce(func.sum(usage.c.prompt_tokens + usage.c.completion_tokens), 0),
        func.coalesce(func.sum(usage.c.cost_micros), 0),
    )
