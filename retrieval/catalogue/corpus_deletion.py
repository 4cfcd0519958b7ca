"""Delete a corpus with everything in it, in steps that survive a crash.

First the corpus gets another name, which nobody can ask for, so that it is gone for everyone. Then
its indexes and its rows are deleted, in as many attempts as it takes. Ids are never used again: the
row of the corpus stays with its own, and the highest version id is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from retrieval.catalogue.acceptance import next_version_id
from retrieval.catalogue.corpora import CORPUS
from retrieval.catalogue.database import Database
from retrieval.catalogue.properties import set_property
from retrieval.catalogue.records import DOOMED, ERASED, LAST_VERSION, Corpus
from retrieval.catalogue.schema import (
    ARCHIVED,
    articles,
    audit,
    corpora,
    feed_items,
    feeds,
    ingest_log,
    job_items,
    job_results,
    jobs,
    passage_vectors,
    passages,
    story_members,
    story_pins,
    uploads,
    version_changes,
    versions,
)
from retrieval.catalogue.turns import take_corpus_turn

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_VERSIONS_AT_ONCE = 500
# What refers to a corpus itself, in an order that breaks no foreign key.
_OF_CORPUS = (version_changes, story_pins, audit, ingest_log, articles)


async def mark_corpus_deleted(database: Database, name: str) -> None:
    """Hide a corpus from everybody, for good. Does nothing if there is none of that name."""
    async with database.write() as connection:
        query = select(corpora.c.id).where(corpora.c.name == name)
        corpus_id = (await connection.execute(query)).scalar_one_or_none()
        if corpus_id is None:
            return
        await take_corpus_turn(connection, corpus_id)
        await connection.execute(
            update(corpora).where(corpora.c.id == corpus_id).values(name=f"{DOOMED}{corpus_id}")
        )
        await connection.execute(
            update(versions).where(versions.c.corpus_id == corpus_id).values(state=ARCHIVED)
        )


async def corpora_pending_deletion(database: Database) -> list[Corpus]:
    """Return the corpora that are marked as deleted but still have indexes or rows."""
    query = select(*CORPUS).where(corpora.c.name.startswith(DOOMED, autoescape=True))
    return await database.read(
        lambda connection: [Corpus(*row) for row in connection.execute(query)]
    )


async def erase_corpus(database: Database, corpus: Corpus) -> None:
    """Delete every row of a corpus that is marked as deleted; it stays pending until the last one
    is gone."""
    async with database.write() as connection:
        await remember_versions(connection)
    while True:
        async with database.write() as connection:
            query = select(versions.c.id).where(versions.c.corpus_id == corpus.id)
            ids = list((await connection.execute(query.limit(_VERSIONS_AT_ONCE))).scalars())
            if not ids:
                break
            mine = select(passages.c.id).where(passages.c.version_id.in_(ids))
            await connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(mine))
            )
            for table in (passages, story_members):
                await connection.execute(delete(table).where(table.c.version_id.in_(ids)))
            await connection.execute(delete(versions).where(versions.c.id.in_(ids)))
    async with database.write() as connection:
        my_feeds = select(feeds.c.id).where(feeds.c.corpus_id == corpus.id)
        my_jobs = select(jobs.c.id).where(jobs.c.corpus_id == corpus.id)
        await connection.execute(delete(feed_items).where(feed_items.c.feed_id.in_(my_feeds)))
        for table in (job_results, job_items, uploads):
            await connection.execute(delete(table).where(table.c.job_id.in_(my_jobs)))
        for table in (jobs, feeds, *_OF_CORPUS):
            await connection.execute(delete(table).where(table.c.corpus_id == corpus.id))
        await connection.execute(
            update(corpora).where(corpora.c.id == corpus.id).values(name=f"{ERASED}{corpus.id}")
        )


async def remember_versions(connection: AsyncConnection) -> None:
    """Store the highest version id that was ever given, so that none is used again."""
    last = (await next_version_id(connection)) - 1
    await set_property(connection, LAST_VERSION, str(last))
