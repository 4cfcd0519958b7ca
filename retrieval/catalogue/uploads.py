"""Uploaded files in the database, in parts: any process can read them, and none has to hold one whole."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import JOB_QUEUED, JOB_RUNNING, jobs, upload_parts, uploads
from retrieval.timestamps import to_micros

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PART_BYTES = 1_000_000
# So long after it was begun, what became part of no job is given up.
_UNCLAIMED = timedelta(days=1)


class UploadRepository:
    """Stores uploaded files until their jobs are over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, data: bytes, now: datetime) -> str:
        """Store a file, each part in a transaction of its own, and return its id, which has to
        become part of a job within a day. Raise ``StorageError``."""
        upload_id = uuid.uuid4().hex
        row = {"id": upload_id, "size": len(data), "created_at": to_micros(now)}
        async with self._database.write_beside() as connection:
            await connection.execute(insert(uploads), row)
        for number, first in enumerate(range(0, len(data), PART_BYTES)):
            part = data[first : first + PART_BYTES]
            async with self._database.write_beside() as connection:
                await connection.execute(
                    insert(upload_parts), {"upload_id": upload_id, "number": number, "data": part}
                )
        return upload_id

    async def size(self, upload_id: str) -> int | None:
        """Return the bytes of a file; None if it doesn't exist any more."""
        query = select(uploads.c.size).where(uploads.c.id == upload_id)
        return await self._database.read(lambda connection: connection.scalar(query))

    async def parts(self, upload_id: str) -> AsyncIterator[bytes]:
        """Yield the parts of a file; stop early if it is deleted meanwhile."""
        number = 0
        while True:
            query = select(upload_parts.c.data).where(
                upload_parts.c.upload_id == upload_id, upload_parts.c.number == number
            )
            part = await self._database.read(partial(_scalar, query))
            if part is None:
                return
            yield bytes(part)
            number += 1

    async def delete(self, upload_ids: Collection[str]) -> None:
        """Delete files, unless they became part of a job. Raise ``StorageError``."""
        if not upload_ids:
            return
        mine = uploads.c.id.in_(upload_ids) & uploads.c.job_id.is_(None)
        async with self._database.write_beside() as connection:
            await connection.execute(delete(uploads).where(mine))

    async def delete_old(self, now: datetime, *, new: Collection[str]) -> None:
        """Delete the files of jobs that are over, and those that became part of none within a day, but
        for ``new`` ones."""
        going = select(jobs.c.id).where(jobs.c.state.in_((JOB_QUEUED, JOB_RUNNING)))
        unclaimed = uploads.c.job_id.is_(None)
        given_up = uploads.c.created_at < to_micros(now - _UNCLAIMED)
        over = uploads.c.job_id.is_not(None) & uploads.c.job_id.not_in(going)
        query = select(uploads.c.id).where(
            or_(over, unclaimed & given_up & uploads.c.id.not_in(new))
        )
        if not await self._database.read(lambda connection: connection.scalars(query).all()):
            return
        async with self._database.write_beside() as connection:
            await connection.execute(delete(uploads).where(uploads.c.id.in_(query)))


def _scalar(query: Select[Any], connection: Connection) -> bytes | None:
    found: bytes | None = connection.scalar(query)
    return found


async def attach(connection: AsyncConnection, job_id: int, upload_ids: Iterable[str]) -> None:
    """Make files part of a job, in the transaction that adds it."""
    ids = list(upload_ids)
    if ids:
        await connection.execute(update(uploads).where(uploads.c.id.in_(ids)).values(job_id=job_id))
