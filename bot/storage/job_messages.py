"""Where people see the progress of jobs, so that it continues there after a restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select

from bot.storage.schema import job_messages
from retrieval.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class JobMessage:
    """A message in a Discord server. ``message_id`` is None if none could be sent yet."""

    job_id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    language: str


async def save_job_message(database: Database, message: JobMessage) -> None:
    """Store where a job is shown, replacing the former place."""
    async with database.write() as connection:
        await connection.execute(
            delete(job_messages).where(job_messages.c.job_id == message.job_id)
        )
        await connection.execute(insert(job_messages), asdict(message))


async def all_job_messages(database: Database) -> list[JobMessage]:
    """Return the messages of all jobs that are shown, by job."""
    query = select(job_messages).order_by(job_messages.c.job_id)
    rows = await database.read(lambda connection: connection.execute(query).all())
    return [JobMessage(*row) for row in rows]


async def job_message(database: Database, job_id: int) -> JobMessage | None:
    """Return the message of a job; None if there is none."""
    query = select(job_messages).where(job_messages.c.job_id == job_id)
    row = await database.read(lambda connection: connection.execute(query).first())
    return JobMessage(*row) if row is not None else None


async def forget_job_message(database: Database, job_id: int) -> None:
    """Delete where a job is shown."""
    async with database.write() as connection:
        await connection.execute(delete(job_messages).where(job_messages.c.job_id == job_id))


async def forget_job_messages(database: Database, guild_id: int) -> None:
    """Delete where the jobs of a server are shown."""
    async with database.write() as connection:
        await connection.execute(delete(job_messages).where(job_messages.c.guild_id == guild_id))
