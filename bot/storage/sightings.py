"""In which servers somebody was seen last, from which their direct messages may be answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.schema import sightings
from retrieval.catalogue.database import Database
from retrieval.timestamps import to_micros

# Beyond these numbers the oldest are deleted.
MOST_SERVERS = 25
_MOST_KEPT = 200_000


async def note_sightings(
    database: Database, seen: Collection[tuple[int, int]], now: datetime
) -> None:
    """Record that people were seen in servers: pairs (user id, guild id)."""
    table = sightings.c
    async with database.write() as connection:
        for user_id, guild_id in seen:
            mine = table.user_id == user_id
            await connection.execute(delete(sightings).where(mine, table.guild_id == guild_id))
            row = {"user_id": user_id, "guild_id": guild_id, "seen_at": to_micros(now)}
            await connection.execute(insert(sightings), row)
            await _keep_newest(connection, MOST_SERVERS, mine)
        await _keep_newest(connection, _MOST_KEPT, true())


async def servers_seen(database: Database, user_id: int) -> list[int]:
    """Return the ids of the servers in which somebody was seen, the latest first."""
    query = (
        select(sightings.c.guild_id)
        .where(sightings.c.user_id == user_id)
        .order_by(sightings.c.seen_at.desc())
    )
    return list(await database.read(lambda connection: connection.scalars(query).all()))


async def forget_sightings(
    database: Database, *, user_id: int | None = None, guild_id: int | None = None
) -> None:
    """Delete where a person was seen, or who was seen in a server. Raises ``ValueError`` without
    either."""
    if user_id is None and guild_id is None:
        raise ValueError("of whom?")
    forgotten = delete(sightings)
    if user_id is not None:
        forgotten = forgotten.where(sightings.c.user_id == user_id)
    if guild_id is not None:
        forgotten = forgotten.where(sightings.c.guild_id == guild_id)
    async with database.write() as connection:
        await connection.execute(forgotten)


async def _keep_newest(connection: AsyncConnection, count: int, of: ColumnElement[bool]) -> None:
    moments = select(sightings.c.seen_at).where(of).order_by(sightings.c.seen_at.desc())
    first_dropped = await connection.scalar(moments.limit(1).offset(count))
    if first_dropped is not None:
        await connection.execute(delete(sightings).where(of, sightings.c.seen_at <= first_dropped))
