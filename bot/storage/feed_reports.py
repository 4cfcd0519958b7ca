"""When moderators were last told about failing feeds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from bot.storage.schema import feed_reports
from retrieval.catalogue.database import Database
from retrieval.timestamps import from_micros, to_micros


async def reported_at(database: Database, guild_id: int) -> datetime | None:
    """Return when the moderators of a server were last told about failing feeds; None if never."""
    query = select(feed_reports.c.at).where(feed_reports.c.guild_id == guild_id)
    at = await database.read(lambda connection: connection.scalar(query))
    return None if at is None else from_micros(at)


async def note_report(database: Database, guild_id: int, now: datetime) -> None:
    """Record that the moderators of a server were told."""
    async with database.write() as connection:
        await connection.execute(delete(feed_reports).where(feed_reports.c.guild_id == guild_id))
        await connection.execute(insert(feed_reports), {"guild_id": guild_id, "at": to_micros(now)})
