"""What changed of what a corpus shows, for copies that follow it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from retrieval.catalogue.corpora import CORPUS
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import GONE, Corpus
from retrieval.catalogue.schema import INDEXED, corpora, version_changes, versions


@dataclass(frozen=True, slots=True)
class CorpusState:
    """A corpus, and the number of the last change of what it shows."""

    corpus: Corpus
    revision: int


@dataclass(frozen=True, slots=True)
class CorpusChanges:
    """The versions that are shown by now and those that aren't any more, as of ``revision``."""

    revision: int
    shown: list[int]
    gone: list[int]


async def corpus_states(database: Database, ids: Collection[int]) -> dict[int, CorpusState]:
    """By id, those of these corpora that aren't deleted."""
    query = select(*CORPUS, corpora.c.revision).where(
        corpora.c.id.in_(ids), ~corpora.c.name.startswith(GONE, autoescape=True)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row.id: CorpusState(Corpus(*row[:-1]), row.revision) for row in rows}


async def all_shown(database: Database, corpus: Corpus) -> CorpusChanges:
    """All that a corpus shows. What changes meanwhile is among the changes since that revision."""
    query = select(versions.c.id).where(
        versions.c.corpus_id == corpus.id, versions.c.state == INDEXED
    )

    def read(connection: Connection) -> CorpusChanges:
        revision = _revision(connection, corpus)
        return CorpusChanges(revision, list(connection.scalars(query.order_by(versions.c.id))), [])

    return await database.read(read)


async def changes_since(database: Database, corpus: Corpus, revision: int) -> CorpusChanges | None:
    """What changed after ``revision``; None if that isn't known any more."""
    mine = version_changes.c.corpus_id == corpus.id
    changed = (
        select(version_changes.c.version_id, versions.c.state)
        .distinct()
        .outerjoin(versions, versions.c.id == version_changes.c.version_id)
        .where(mine, version_changes.c.revision > revision)
        .order_by(version_changes.c.version_id)
    )
    oldest = select(func.min(version_changes.c.revision)).where(mine)

    def read(connection: Connection) -> CorpusChanges | None:
        # The number first: what changes between the reads is read again the next time.
        current = _revision(connection, corpus)
        if current == revision:
            return CorpusChanges(current, [], [])
        rows = connection.execute(changed).all()
        # Looked at afterwards: what was trimmed before may be missing among the rows.
        known = connection.scalar(oldest)
        if current < revision or known is None or known > revision + 1:
            return None
        shown = [row.version_id for row in rows if row.state == INDEXED]
        gone = [row.version_id for row in rows if row.state != INDEXED]
        return CorpusChanges(current, shown, gone)

    return await database.read(read)


def _revision(connection: Connection, corpus: Corpus) -> int:
    found = connection.scalar(select(corpora.c.revision).where(corpora.c.id == corpus.id))
    return found or 0
