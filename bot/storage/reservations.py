"""Parts of the daily budget that are reserved for calls in progress, in any process.

They are only shared on a database server. Nothing here waits for other writing transactions of the
process, because somebody waits for an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, union_all

from bot.config.limits import Budget
from bot.storage.schema import usage, usage_reservations
from retrieval.catalogue.database import Database
from retrieval.timestamps import to_micros

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# The number of the advisory lock that is held while a reservation is decided on.
_TURN = 0x6275646765747331


@dataclass(frozen=True, slots=True)
class Reservation:
    """What calls may use at most; ``cost`` is in US dollars, 0 for a model without a price."""

    day: date
    corpus: str
    tokens: int
    cost: float


async def reserve(
    database: Database, wanted: Reservation, budget: Budget, *, now: datetime, until: datetime
) -> int | None:
    """Reserve what is ``wanted`` if the day's budget has it left, and return an id to ``release``
    it by; else return None. It counts as used until it is released, or until ``until``. Raises
    ``StorageError``.

    Simultaneous calls, from any process, are decided on one after the other.
    """
    table = usage_reservations
    async with database.write_beside() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
        await connection.execute(delete(table).where(table.c.until <= to_micros(now)))
        for corpus, limit in budget.limits(wanted.corpus):
            used, spent = await _so_far(connection, wanted.day, corpus)
            if not limit.allows(spent + wanted.cost, used + wanted.tokens):
                return None
        row = {
            "day": wanted.day.isoformat(),
            "corpus": wanted.corpus,
            "tokens": wanted.tokens,
            "cost_micros": round(wanted.cost * 1_000_000),
            "until": to_micros(until),
        }
        made = await connection.execute(insert(table).values(**row).returning(table.c.id))
        reservation: int = made.scalar_one()
    return reservation


async def release(database: Database, reservation: int) -> None:
    """Release a reservation, after the usage of its calls was recorded. Raises ``StorageError``."""
    async with database.write_beside() as connection:
        await connection.execute(
            delete(usage_reservations).where(usage_reservations.c.id == reservation)
        )


async def _so_far(connection: AsyncConnection, day: date, corpus: str | None) -> tuple[int, float]:
    """Return the tokens and dollars of a day, used and reserved, in one corpus or in all."""
    used, reserved = usage.c, usage_reservations.c
    tokens = (used.prompt_tokens + used.completion_tokens).label("tokens")
    parts = []
    for table, query in (
        (used, select(tokens, used.cost_micros)),
        (reserved, select(reserved.tokens, reserved.cost_micros)),
    ):
        query = query.where(table.day == day.isoformat())
        parts.append(query if corpus is None else query.where(table.corpus == corpus))
    both = union_all(*parts).subquery()
    sums = select(
        func.coalesce(func.sum(both.c.tokens), 0), func.coalesce(func.sum(both.c.cost_micros), 0)
    )
    count, micros = (await connection.execute(sums)).one()
    return int(count), int(micros) / 1_000_000
