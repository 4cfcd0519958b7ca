"""Which process works on which job, where several do so on one PostgreSQL database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.database import Database
from retrieval.catalogue.kept_leases import KeptLease, KeptLeases
from retrieval.catalogue.leases import JOB_LEASE, is_held
from retrieval.catalogue.schema import (
    JOB_CANCELLED,
    JOB_QUEUED,
    JOB_RUNNING,
    job_items,
    jobs,
)
from retrieval.catalogue.turns import take_claim_turn

_UNFINISHED = (JOB_QUEUED, JOB_RUNNING)


def _held_in(corpus_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether anybody holds a job of a corpus, be it one that was cancelled and is coming to its end."""
    other = jobs.alias()
    return (
        exists()
        .where(other.c.corpus_id == corpus_id, other.c.state.in_((*_UNFINISHED, JOB_CANCELLED)))
        .where(is_held(JOB_LEASE, other.c.id))
    )


class JobClaims:
    """Claims jobs for one process: the corpora take turns, and no two jobs of a corpus are claimed at
    once, in whatever processes."""

    def __init__(self, database: Database, kept: KeptLeases) -> None:
        self._database = database
        self._kept = kept

    async def next(self, *, local_files: bool) -> tuple[int, KeptLease] | None:
        """Claim the job whose turn it is. Return its id and its lease, which is being renewed; None if
        there is nothing to do. ``local_files``: whether this process can read files of the writer's
        machine. Raises ``StorageError``."""

        async def choose(connection: AsyncConnection) -> int | None:
            return await self._choose(connection, local_files=local_files)

        return await self._kept.claim(choose, lambda job_id: f"{JOB_LEASE}{job_id}")

    async def waiting(self) -> set[int]:
        """Return the ids of the unfinished jobs that nobody works on."""
        unfinished = jobs.c.state.in_(_UNFINISHED)
        query = select(jobs.c.id).where(unfinished, ~is_held(JOB_LEASE, jobs.c.id))
        return set(await self._database.read(lambda connection: connection.scalars(query).all()))

    async def cancelled(self, job_ids: Collection[int]) -> set[int]:
        """Return those of these jobs that somebody cancelled."""
        query = select(jobs.c.id).where(jobs.c.id.in_(job_ids), jobs.c.state == JOB_CANCELLED)
        return set(await self._database.read(lambda connection: connection.scalars(query).all()))

    async def _choose(self, connection: AsyncConnection, *, local_files: bool) -> int | None:
        query = self._next(local_files=local_files)
        found = (await connection.execute(query)).one_or_none()
        if found is None:
            return None
        # A job of the corpus that was committed late may come before the one that is held.
        await take_claim_turn(connection, found.corpus_id)
        held = await connection.scalar(select(_held_in(literal(found.corpus_id))))
        return None if held else int(found.id)

    def _next(self, *, local_files: bool) -> Select[tuple[int, int]]:
        other = jobs.alias()
        mine = other.c.corpus_id == jobs.c.corpus_id
        first = select(func.min(other.c.id)).where(mine, other.c.state.in_(_UNFINISHED))
        served = select(func.max(other.c.started_at)).where(mine).scalar_subquery()
        query = select(jobs.c.id, jobs.c.corpus_id).where(
            jobs.c.state.in_(_UNFINISHED),
            jobs.c.id == first.scalar_subquery(),
            ~_held_in(jobs.c.corpus_id),
        )
        if not local_files:
            elsewhere = exists().where(
                job_items.c.job_id == jobs.c.id,
                job_items.c.kind == "file",
                job_items.c.done == 0,
                job_items.c.payload["upload"].as_string().is_(None),
            )
            query = query.where(~elsewhere)
        query = query.order_by(served.nulls_first(), jobs.c.id).limit(1)
        return query.with_for_update(skip_locked=True, of=jobs)
