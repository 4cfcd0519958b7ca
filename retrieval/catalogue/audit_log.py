"""Who did what, when and from where: appended to, read, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, literal, select, union_all

from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import audit, corpora, ingest_log
from retrieval.errors import Note
from retrieval.timestamps import from_micros, to_micros

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, a name with an id, and where: a terminal or a channel."""

    who: str
    where: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action. ``subject`` is the id of the article, feed or job that ``action`` was done to."""

    at: datetime
    corpus: str
    who: str
    where: str | None
    action: str
    subject: str
    detail: Note | None


async def note(
    connection: AsyncConnection,
    corpus: Corpus,
    actor: Actor,
    now: datetime,
    action: str,
    subject: object,
    detail: Note | None = None,
) -> None:
    """Append an entry to the audit log, in the transaction that does what it records."""
    row: dict[str, Any] = {
        "at": to_micros(now),
        "corpus_id": corpus.id,
        "actor": actor.who,
        "origin": actor.where,
        "action": action,
        "subject": str(subject),
        "detail": Note.stored(detail),
    }
    await connection.execute(insert(audit), row)


class AuditLog:
    """Reads the audit log of one corpus."""

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database = database
        self._corpus = corpus

    async def read(self, *, subject: str | None = None, limit: int = 50) -> list[AuditEntry]:
        """Return the last ``limit`` entries, newest first; only those about ``subject``, an id, if
        given."""
        done = select(
            audit.c.at,
            audit.c.corpus_id,
            audit.c.actor,
            audit.c.origin,
            audit.c.action,
            audit.c.subject,
            audit.c.detail,
            audit.c.id,
            literal(1).label("kind"),
        ).where(audit.c.corpus_id == self._corpus.id)
        came = select(
            ingest_log.c.at,
            ingest_log.c.corpus_id,
            ingest_log.c.actor,
            ingest_log.c.origin,
            (literal("article.") + ingest_log.c.status).label("action"),
            ingest_log.c.article_id.label("subject"),
            ingest_log.c.label.label("detail"),
            ingest_log.c.id,
            literal(0).label("kind"),
        ).where(ingest_log.c.corpus_id == self._corpus.id)
        if subject is not None:
            done = done.where(audit.c.subject == subject)
            came = came.where(ingest_log.c.article_id == subject)
        both = union_all(done, came).subquery()
        query = (
            select(*both.c[:1], corpora.c.name, *both.c[2:7])
            .join(corpora, corpora.c.id == both.c.corpus_id)
            .order_by(both.c.at.desc(), both.c.kind.desc(), both.c.id.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [AuditEntry(from_micros(row[0]), *row[1:6], Note.parse(row[6])) for row in rows]
