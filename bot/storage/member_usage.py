"""What each member used today, by server and channel. Past days are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.schema import member_usage
from retrieval.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class MemberDay:
    """Where and when somebody asks. ``channel_id`` is that of the channel, even in one of its
    threads."""

    day: date
    guild_id: int
    channel_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Used:
    """What was used; ``cost`` is in US dollars, of calls whose model has a price."""

    questions: int
    cost: float


async def count_question(database: Database, at: MemberDay, questions: int = 1) -> None:
    """Count a question, or take one back; the server's past days are deleted."""
    async with database.write() as connection:
        await _add(connection, at, questions, 0)


async def add_cost(database: Database, at: MemberDay, cost: float) -> None:
    """Count what a question cost, in US dollars."""
    async with database.write() as connection:
        await _add(connection, at, 0, round(cost * 1_000_000))


async def used_by_member(database: Database, day: date, guild_id: int, user_id: int) -> Used:
    """Return what a member used in a server on a day, in all channels and directly."""
    table = member_usage.c
    return await _sum(
        database, (table.day == day.isoformat()) & (table.guild_id == guild_id), user_id=user_id
    )


async def used_in_channel(database: Database, day: date, guild_id: int, channel_id: int) -> Used:
    """Return what all members used in a channel on a day."""
    table = member_usage.c
    where = (table.day == day.isoformat()) & (table.guild_id == guild_id)
    return await _sum(database, where & (table.channel_id == channel_id))


async def used_everywhere(database: Database, day: date, user_id: int) -> Used:
    """Return what a person used on a day in all servers."""
    return await _sum(database, member_usage.c.day == day.isoformat(), user_id=user_id)


async def forget_member_usage(database: Database, guild_id: int) -> None:
    """Delete the usage in a server."""
    async with database.write() as connection:
        await connection.execute(delete(member_usage).where(member_usage.c.guild_id == guild_id))


async def forget_days_before(database: Database, day: date) -> None:
    """Delete the usage of all days before ``day``, even in servers where nobody asks any more."""
    async with database.write() as connection:
        await connection.execute(delete(member_usage).where(member_usage.c.day < day.isoformat()))


async def _sum(database: Database, where: ColumnElement[bool], user_id: int | None = None) -> Used:
    query = select(
        func.coalesce(func.sum(member_usage.c.questions), 0),
        func.coalesce(func.sum(member_usage.c.cost_micros), 0),
    ).where(where)
    if user_id is not None:
        query = query.where(member_usage.c.user_id == user_id)
    row = await database.read(lambda connection: connection.execute(query).one())
    return Used(int(row[0]), int(row[1]) / 1_000_000)


async def _add(connection: AsyncConnection, at: MemberDay, questions: int, micros: int) -> None:
    table = member_usage.c
    day = at.day.isoformat()
    await connection.execute(
        delete(member_usage).where(table.guild_id == at.guild_id, table.day < day)
    )
    changed = await connection.execute(
        update(member_usage)
        .where(table.day == day, table.guild_id == at.guild_id)
        .where(table.channel_id == at.channel_id, table.user_id == at.user_id)
        .values(questions=table.questions + questions, cost_micros=table.cost_micros + micros)
    )
    if not changed.rowcount:
        row = {
            "day": day,
            "guild_id": at.guild_id,
            "channel_id": at.channel_id,
            "user_id": at.user_id,
            "questions": max(0, questions),
            "cost_micros": micros,
        }
        await connection.execute(insert(member_usage), row)
