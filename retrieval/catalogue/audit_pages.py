"""The audit log of a corpus as people read it: page by page, filtered, with a job as one entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from retrieval.catalogue.audit_log import AuditEntry
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import audit, ingest_log, job_results, jobs
from retrieval.errors import Note
from retrieval.timestamps import from_micros, to_micros

# Articles that one person or feed brought in within the same hour are one entry.
_TOGETHER = timedelta(hours=1)
_STATUSES = ("indexed", "updated", "duplicate", "unchanged", "rejected")
_JOB, _CAME = "job.start", "article.came"
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to read of the audit log.

    ``action`` is a whole action, or its part before the dot; ``subject`` the id of an article, feed
    or job; ``details`` lists every article separately, those of jobs too.
    """

    who: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    details: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry; if it stands for several articles, ``counts`` says how many had which status."""

    entry: AuditEntry
    counts: Mapping[str, int]


class AuditPages:
    """Reads the audit log of one corpus, newest first."""

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database = database
        self._corpus = corpus

    async def count(self, wanted: AuditFilter) -> int:
        """Return how many entries pass the filter."""
        query = select(func.count()).select_from(self._entries(wanted).subquery())
        return await self._database.read(lambda connection: connection.scalar(query)) or 0

    async def read(self, wanted: AuditFilter, first: int, limit: int) -> list[AuditRow]:
        """Return up to ``limit`` entries from number ``first`` on; 0 is the newest."""
        both = self._entries(wanted).subquery()
        query = (
            select(both)
            .order_by(both.c.at.desc(), both.c.kind.desc(), both.c.id.desc())
            .limit(limit)
            .offset(first)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        of_jobs = await self._of_jobs([row.subject for row in rows if row.action == _JOB])
        return [self._row(row, of_jobs) for row in rows]

    async def actions(self) -> list[str]:
        """Return the actions that a filter can name here, sorted: whole ones, and their parts
        before the dot."""
        done = select(audit.c.action).where(audit.c.corpus_id == self._corpus.id).distinct()
        found = await self._database.read(lambda connection: connection.scalars(done).all())
        return sorted({*found, *(each.split(".")[0] for each in found), "article"})

    def _row(self, row: Any, of_jobs: Mapping[str, Mapping[str, int]]) -> AuditRow:
        counts: Mapping[str, int] = {
            status: getattr(row, status) for status in _STATUSES if getattr(row, status)
        }
        if row.action == _JOB:
            counts = of_jobs.get(row.subject, {})
        entry = AuditEntry(
            from_micros(row.at),
            self._corpus.name,
            row.actor,
            row.origin,
            row.action,
            row.subject,
            Note.parse(row.detail),
        )
        return AuditRow(entry, counts)

    async def _of_jobs(self, ids: Sequence[str]) -> dict[str, dict[str, int]]:
        wanted = [int(each) for each in ids if each.isdecimal()]
        if not wanted:
            return {}
        query = (
            select(job_results.c.job_id, job_results.c.status, func.count())
            .where(job_results.c.job_id.in_(wanted))
            .group_by(job_results.c.job_id, job_results.c.status)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        found: dict[str, dict[str, int]] = {}
        for job_id, status, count in rows:
            found.setdefault(str(job_id), {})[status] = count
        return found

    def _entries(self, wanted: AuditFilter) -> CompoundSelect[Any]:
        return union_all(self._done(wanted), self._came(wanted))

    def _done(self, wanted: AuditFilter) -> Select[Any]:
        query = select(
            audit.c.at,
            audit.c.actor,
            audit.c.origin,
            audit.c.action,
            audit.c.subject,
            audit.c.detail,
            audit.c.id,
            literal(1).label("kind"),
            *(literal(0).label(status) for status in _STATUSES),
        ).where(audit.c.corpus_id == self._corpus.id)
        if wanted.subject is not None:
            query = query.where(audit.c.subject == wanted.subject)
        return query.where(*_passing(wanted, audit.c.at, audit.c.actor, audit.c.action))

    def _came(self, wanted: AuditFilter) -> Select[Any]:
        log = ingest_log.c
        action: ColumnElement[str] = literal("article.") + log.status
        conditions = [
            log.corpus_id == self._corpus.id,
            *_passing(wanted, log.at, log.actor, action),
        ]
        if wanted.subject is not None:
            of_job = _of_job()
            if wanted.subject.isdecimal():
                of_job = and_(of_job, jobs.c.id == int(wanted.subject))
                conditions.append(or_(log.article_id == wanted.subject, exists().where(of_job)))
            else:
                conditions.append(log.article_id == wanted.subject)
        if wanted.details:
            return select(
                log.at,
                log.actor,
                log.origin,
                action.label("action"),
                log.article_id.label("subject"),
                log.label.label("detail"),
                log.id,
                literal(0).label("kind"),
                *(literal(0).label(status) for status in _STATUSES),
            ).where(*conditions)
        # Feeds bring most in, and have no jobs: they need not be looked for.
        conditions.append(or_(log.actor.like("feed %"), ~exists().where(_of_job())))
        alone = func.count() == 1
        hour = log.at // (_TOGETHER // timedelta(microseconds=1))
        return (
            select(
                func.max(log.at).label("at"),
                log.actor,
                log.origin,
                case((alone, func.max(action)), else_=_CAME).label("action"),
                case((alone, func.max(log.article_id)), else_="").label("subject"),
                case((alone, func.max(log.label)), else_=null()).label("detail"),
                func.max(log.id).label("id"),
                literal(0).label("kind"),
                *(
                    case(
                        (alone, 0), else_=func.sum(case((log.status == status, 1), else_=0))
                    ).label(status)
                    for status in _STATUSES
                ),
            )
            .where(*conditions)
            .group_by(log.actor, log.origin, hour)
        )


def _of_job() -> ColumnElement[bool]:
    """Return the condition that an article came in while a job of the same person and place was
    running."""
    log = ingest_log.c
    return and_(
        jobs.c.corpus_id == log.corpus_id,
        jobs.c.actor == log.actor,
        jobs.c.origin == log.origin,
        jobs.c.started_at <= log.at,
        func.coalesce(jobs.c.finished_at, _NEVER) >= log.at,
    )


def _passing(
    wanted: AuditFilter, at: Any, actor: Any, action: ColumnElement[str]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who is not None:
        found.append(actor == wanted.who)
    if wanted.action is not None:
        whole = wanted.action.strip().casefold()
        found.append(or_(action == whole, action.startswith(f"{whole}.", autoescape=True)))
    if wanted.since is not None:
        found.append(at >= to_micros(wanted.since))
    if wanted.until is not None:
        found.append(at <= to_micros(wanted.until))
    return found
