"""Trim what the catalogue needn't keep forever: replaced versions, and old entries of the change
log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.corpus_deletion import remember_versions
from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import (
    ARCHIVED,
    corpora,
    passage_vectors,
    passages,
    story_members,
    version_changes,
    versions,
)
from retrieval.timestamps import to_micros

_AT_ONCE = 200
# A reader that is further behind reads everything that is shown, as at start-up.
_CHANGES_KEPT = 20_000


async def erase_old_versions(database: Database, before: datetime) -> int:
    """Erase archived versions that were replaced before ``before``, but never an article's last
    version. Return how many were erased."""
    newer = versions.alias()
    replaced = exists().where(
        newer.c.article_id == versions.c.article_id,
        newer.c.number > versions.c.number,
        newer.c.ingested_at < to_micros(before),
    )
    query = select(versions.c.id).where(versions.c.state == ARCHIVED, replaced).limit(_AT_ONCE)
    erased = 0
    while ids := await database.read(lambda connection: connection.scalars(query).all()):
        async with database.write() as connection:
            await remember_versions(connection)
            await erase_versions(connection, ids)
        erased += len(ids)
    return erased


async def erase_versions(connection: AsyncConnection, version_ids: Sequence[int]) -> None:
    """Erase versions with their passages, vectors and places in stories. They must have left the
    indexes."""
    mine = select(passages.c.id).where(passages.c.version_id.in_(version_ids))
    await connection.execute(delete(passage_vectors).where(passage_vectors.c.passage_id.in_(mine)))
    for table in (passages, story_members):
        await connection.execute(delete(table).where(table.c.version_id.in_(version_ids)))
    await connection.execute(delete(versions).where(versions.c.id.in_(version_ids)))


async def trim_changes(database: Database) -> None:
    """Delete entries of the change log that are more than 20,000 revisions old."""
    last = select(corpora.c.revision).where(corpora.c.id == version_changes.c.corpus_id)
    old = version_changes.c.revision <= last.scalar_subquery() - _CHANGES_KEPT
    async with database.write() as connection:
        await connection.execute(delete(version_changes).where(old))
