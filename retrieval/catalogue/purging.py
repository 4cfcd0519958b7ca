"""Erase articles for good: their texts, their places in stories and what was logged about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, literal, select, update

from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.corpus_deletion import remember_versions
from retrieval.catalogue.database import Database
from retrieval.catalogue.publishers import source_key
from retrieval.catalogue.records import PURGED, Corpus
from retrieval.catalogue.schema import (
    RETIRED,
    articles,
    corpora,
    ingest_log,
    job_results,
    story_pins,
    versions,
)
from retrieval.catalogue.trimming import erase_versions
from retrieval.catalogue.turns import take_corpus_turn
from retrieval.errors import Note, NotFound
from retrieval.timestamps import to_micros


async def articles_by(database: Database, corpus: Corpus, publisher: str) -> list[str]:
    """Return the ids of the articles of which any version names ``publisher``, or its host, in
    sorted order. Raises ``NotFound`` (``purge-publisher-unknown``) if there are none."""
    by = (versions.c.source_key == source_key(publisher)) | (
        versions.c.host == publisher.lower().removeprefix("www.")
    )
    query = select(versions.c.article_id).where(versions.c.corpus_id == corpus.id, by).distinct()
    found = await database.read(lambda connection: connection.scalars(query).all())
    if not found:
        raise NotFound("purge-publisher-unknown", corpus=corpus.name, name=publisher)
    return sorted(found)


async def retire(database: Database, corpus: Corpus, article_ids: Sequence[str]) -> list[int]:
    """Take articles out of all answers at once. Return the ids of all their versions, which then
    have to leave the indexes."""
    mine = versions.c.article_id.in_(article_ids) & (versions.c.corpus_id == corpus.id)
    async with database.write() as connection:
        await take_corpus_turn(connection, corpus.id)
        await connection.execute(update(versions).where(mine).values(state=RETIRED))
        return list((await connection.execute(select(versions.c.id).where(mine))).scalars())


async def erase_articles(
    database: Database,
    corpus: Corpus,
    article_ids: Sequence[str],
    actor: Actor,
    because: str | None,
    now: datetime,
) -> None:
    """Erase articles that have left the indexes. Only the id of each is kept, so that it isn't
    ingested again, and an entry in the audit log. The corpus's indexes count as outdated
    afterwards."""
    mine = articles.c.id.in_(article_ids) & (articles.c.corpus_id == corpus.id)
    async with database.write() as connection:
        await take_corpus_turn(connection, corpus.id)
        await remember_versions(connection)
        of_them = select(versions.c.id).where(versions.c.article_id.in_(article_ids))
        ids = list((await connection.execute(of_them)).scalars())
        await erase_versions(connection, ids)
        for table in (job_results, ingest_log, story_pins):
            await connection.execute(delete(table).where(table.c.article_id.in_(article_ids)))
        await connection.execute(
            update(articles)
            .where(mine)
            .values(
                canonical_url=literal(PURGED) + articles.c.id,
                removed_at=to_micros(now),
                removed_by=actor.who,
                removed_reason=because,
            )
        )
        reason = Note.verbatim(because) if because else None
        for article_id in article_ids:
            await note(connection, corpus, actor, now, "article.purge", article_id, reason)
        await connection.execute(update(corpora).where(corpora.c.id == corpus.id).values(layout=0))
