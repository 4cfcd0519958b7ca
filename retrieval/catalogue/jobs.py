"""Jobs in the catalogue: what was asked for, how far it is, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Row, Select, func, insert, select, update

from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.notices import JOBS_CHANGED, say
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import (
    ACCEPTED,
    JOB_CANCELLED,
    JOB_QUEUED,
    JOB_RUNNING,
    corpora,
    job_items,
    job_results,
    jobs,
    versions,
)
from retrieval.catalogue.uploads import attach
from retrieval.errors import Note, NotFound
from retrieval.models import IngestResult
from retrieval.timestamps import from_micros, iso, to_micros

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# Rows that the event loop prepares in one go.
_INSERTED = 200

SourceKind = Literal["url", "file", "text", "item"]


@dataclass(frozen=True, slots=True)
class JobSource:
    """One thing to ingest. ``label`` is a URL, the path of a file or the name of a text.

    ``payload`` depends on the kind: for a text, it and what else is known of the article (keys of
    the JSONL format); for a feed item, its record; for an uploaded file its ``path``, or the id of
    its ``upload`` in the database, ``label`` being its name.
    """

    kind: SourceKind
    label: str
    payload: dict[str, Any] | None = None


def upload_of(source: JobSource) -> str | None:
    """Return the id of the file of a source in the database, None if it isn't there."""
    return (source.payload or {}).get("upload") if source.kind == "file" else None


@dataclass(frozen=True, slots=True)
class JobItem:
    """A source of a job that isn't done; ``position`` is how many of its articles are."""

    id: int
    source: JobSource
    position: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job. ``state`` is ``queued``, ``running``, ``done``, ``cancelled`` or ``failed`` (then
    ``error`` says why); times are in ISO 8601."""

    id: int
    corpus: str
    state: str
    who: str
    where: str
    error: Note | None
    created_at: str
    started_at: str | None
    finished_at: str | None

    @property
    def is_over(self) -> bool:
        """Whether the job neither waits nor runs."""
        return self.state not in {JOB_QUEUED, JOB_RUNNING}


@dataclass(frozen=True, slots=True)
class JobCounts:
    """What a job is about and what came of it so far: the label of the ``first`` of its
    ``sources``, how many articles were ``found``, and how many of these were ``indexed`` (including
    updated and duplicate ones), ``unchanged`` and ``rejected``. A source that isn't done counts as
    one article found."""

    first: str = ""
    sources: int = 0
    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    rejected: int = 0


_JOBS: Select[Any] = select(jobs, corpora.c.name.label("corpus")).join(
    corpora, corpora.c.id == jobs.c.corpus_id
)


class JobRepository:
    """All jobs of a catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, corpus: Corpus, sources: Sequence[JobSource], actor: Actor, now: datetime
    ) -> Job:
        """Store a job with all its sources, in one transaction, and return it."""
        async with self._database.write() as connection:
            row: dict[str, Any] = {
                "corpus_id": corpus.id,
                "state": JOB_QUEUED,
                "actor": actor.who,
                "origin": actor.where,
                "created_at": to_micros(now),
            }
            done = await connection.execute(insert(jobs).values(**row).returning(jobs.c.id))
            job_id: int = done.scalar_one()
            await _add_items(connection, job_id, sources)
            await attach(connection, job_id, filter(None, map(upload_of, sources)))
            detail = Note("job-sources", count=len(sources))
            await note(connection, corpus, actor, now, "job.start", job_id, detail)
            await say(connection, JOBS_CHANGED)
        return await self.job(job_id)

    async def job(self, job_id: int, corpus: Corpus | None = None) -> Job:
        """Return a job. Raises ``NotFound`` (``job-not-found``), also for a job of another corpus
        if one is given."""
        query = _JOBS.where(jobs.c.id == job_id)
        if corpus is not None:
            query = query.where(jobs.c.corpus_id == corpus.id)
        found = await self._jobs(query)
        if not found:
            raise NotFound("job-not-found", job=str(job_id))
        return found[0]

    async def of(self, corpus: Corpus, limit: int) -> list[Job]:
        """Return the last ``limit`` jobs of a corpus, newest first."""
        query = _JOBS.where(jobs.c.corpus_id == corpus.id).order_by(jobs.c.id.desc())
        return await self._jobs(query.limit(limit))

    async def unfinished(self) -> list[Job]:
        """Return the jobs of all corpora that wait or run, oldest first."""
        query = _JOBS.where(jobs.c.state.in_((JOB_QUEUED, JOB_RUNNING)))
        return await self._jobs(query.order_by(jobs.c.id))

    async def items(self, job_id: int, after: int, limit: int) -> list[JobItem]:
        """Return up to ``limit`` sources of a job that aren't done, by id, after the item
        ``after``."""
        query = (
            select(job_items)
            .where(job_items.c.job_id == job_id, job_items.c.done == 0, job_items.c.id > after)
            .order_by(job_items.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            JobItem(row.id, JobSource(row.kind, row.label, row.payload), row.position)
            for row in rows
        ]

    async def files(self) -> set[str]:
        """Return the paths of the uploaded files in the data folder that jobs still need."""
        query = (
            select(job_items.c.payload)
            .join(jobs, jobs.c.id == job_items.c.job_id)
            .where(jobs.c.state.in_((JOB_QUEUED, JOB_RUNNING)))
            .where(job_items.c.kind == "file", job_items.c.done == 0)
        )
        found = await self._database.read(lambda connection: connection.scalars(query).all())
        return {str(payload["path"]) for payload in found if payload and "path" in payload}

    async def counts(self, job_id: int) -> tuple[int, int]:
        """Return how many sources of a job aren't done, and how many articles it has results
        for."""
        left = select(func.count()).where(job_items.c.job_id == job_id, job_items.c.done == 0)
        got = select(func.count()).where(job_results.c.job_id == job_id)
        return await self._database.read(
            lambda connection: (connection.scalar(left) or 0, connection.scalar(got) or 0)
        )

    async def accepted_articles(self, job_id: int) -> int:
        """Return how many articles of a job still have to enter the indexes."""
        query = (
            select(func.count())
            .select_from(job_results)
            .join(versions, versions.c.article_id == job_results.c.article_id)
            .where(job_results.c.job_id == job_id, versions.c.state == ACCEPTED)
        )
        return await self._database.read(lambda connection: connection.scalar(query) or 0)

    async def tallies(self, job_ids: Sequence[int]) -> dict[int, JobCounts]:
        """Return by job what came of it; jobs without sources are missing."""
        # Feed items have the kind "item"; the feed added them, nobody else.
        handed_in = job_items.c.kind != "item"
        items = (
            select(
                job_items.c.job_id,
                func.count().filter(handed_in).label("sources"),
                func.count().filter(job_items.c.done == 0).label("left"),
                func.min(job_items.c.id).label("first"),
            )
            .where(job_items.c.job_id.in_(job_ids))
            .group_by(job_items.c.job_id)
            .subquery()
        )
        about = select(items, job_items.c.label).join(job_items, job_items.c.id == items.c.first)
        status = job_results.c.status
        became = (
            select(
                job_results.c.job_id,
                func.count().label("all"),
                func.count().filter(status == "unchanged").label("unchanged"),
                func.count().filter(status == "rejected").label("rejected"),
            )
            .where(job_results.c.job_id.in_(job_ids))
            .group_by(job_results.c.job_id)
        )
        rows, results = await self._database.read(
            lambda connection: (connection.execute(about).all(), connection.execute(became).all())
        )
        counts = {job_id: tuple(each) for job_id, *each in results}
        made = {}
        for job_id, sources, left, _, label in rows:
            came, unchanged, rejected = counts.get(job_id, (0, 0, 0))
            indexed = came - unchanged - rejected
            made[job_id] = JobCounts(label, sources, left + came, indexed, unchanged, rejected)
        return made

    async def results(
        self, job_id: int, limit: int | None = None, *, after: int = 0
    ) -> list[IngestResult]:
        """Return ``limit`` results of a job, or all, without the first ``after``, in the order in which
        articles were stored."""
        query = (
            select(*job_results.c[2:])
            .where(job_results.c.job_id == job_id)
            .order_by(job_results.c.id)
            .limit(limit)
            .offset(after or None)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            IngestResult(source, status, article_id, url, title, Note.parse(reason))
            for source, status, article_id, url, title, reason in rows
        ]

    async def set_state(
        self, job_id: int, state: str, now: datetime, error: Note | None = None
    ) -> None:
        """Set the state of a job and record when it began or ended. A job that is over stays as it
        is."""
        moment = to_micros(now)
        values: dict[str, Any] = {"state": state, "error": Note.stored(error)}
        if state == JOB_RUNNING:
            values["started_at"] = func.coalesce(jobs.c.started_at, moment)
        elif state != JOB_QUEUED:
            values["finished_at"] = moment
        async with self._database.write() as connection:
            # A job that is over, say cancelled a moment ago, stays so.
            going = jobs.c.state.in_((JOB_QUEUED, JOB_RUNNING))
            await connection.execute(
                update(jobs).where(jobs.c.id == job_id, going).values(**values)
            )

    async def cancel(self, corpus: Corpus, job: Job, actor: Actor, now: datetime) -> bool:
        """Cancel a job that isn't over. Return whether it was cancelled."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(jobs)
                .where(jobs.c.id == job.id, jobs.c.state.in_((JOB_QUEUED, JOB_RUNNING)))
                .values(state=JOB_CANCELLED, finished_at=to_micros(now))
            )
            if changed.rowcount:
                await note(connection, corpus, actor, now, "job.cancel", job.id)
                await say(connection, JOBS_CHANGED)
        return bool(changed.rowcount)

    async def expand(self, job_id: int, item: JobItem, sources: Sequence[JobSource]) -> None:
        """Replace a source by those that were found in it, in one transaction."""
        async with self._database.write() as connection:
            await _add_items(connection, job_id, sources)
            await _finish(connection, [item.id])

    async def finish(self, item_ids: Sequence[int]) -> None:
        """Mark sources as done that yielded nothing more."""
        async with self._database.write() as connection:
            await _finish(connection, item_ids)

    async def _jobs(self, query: Select[Any]) -> list[Job]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_job(row) for row in rows]


async def settle(
    connection: AsyncConnection,
    job_id: int,
    results: Iterable[IngestResult],
    positions: dict[int, int],
    done: Sequence[int],
) -> None:
    """Store what became of articles in the transaction that stores them: the results, ``positions``
    (by item, how many of its articles are in), and the ids of the items that are ``done``."""
    rows = [
        {
            "job_id": job_id,
            "label": result.source,
            "status": result.status,
            "article_id": result.article_id,
            "url": result.url,
            "title": result.title,
            "reason": Note.stored(result.reason),
        }
        for result in results
    ]
    if rows:
        await connection.execute(insert(job_results), rows)
    for item_id, position in positions.items():
        await connection.execute(
            update(job_items).where(job_items.c.id == item_id).values(position=position)
        )
    if done:
        await _finish(connection, done)


async def _finish(connection: AsyncConnection, item_ids: Sequence[int]) -> None:
    # The payload isn't needed any more, and may be large.
    await connection.execute(
        update(job_items).where(job_items.c.id.in_(item_ids)).values(done=1, payload=None)
    )


async def _add_items(
    connection: AsyncConnection, job_id: int, sources: Sequence[JobSource]
) -> None:
    rows = [
        {"job_id": job_id, "kind": s.kind, "label": s.label, "payload": s.payload} for s in sources
    ]
    for first in range(0, len(rows), _INSERTED):
        await connection.execute(insert(job_items), rows[first : first + _INSERTED])


def _job(row: Row[Any]) -> Job:
    return Job(
        row.id,
        row.corpus,
        row.state,
        row.actor,
        row.origin,
        Note.parse(row.error),
        iso(from_micros(row.created_at)),
        iso(from_micros(row.started_at)) if row.started_at is not None else None,
        iso(from_micros(row.finished_at)) if row.finished_at is not None else None,
    )
