"""Deleting all that a corpus holds."""

from __future__ import annotations

from sqlalchemy import delete, select

from retrieval.catalogue.catalogue import Catalogue
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import (
    articles,
    ingest_log,
    passage_vectors,
    passages,
    story_members,
    versions,
)


async def delete_articles(catalogue: Catalogue, corpus: Corpus) -> None:
    """Delete the articles of a corpus with all that hangs on them, in one transaction."""
    mine = select(versions.c.id).where(versions.c.corpus_id == corpus.id)
    theirs = select(passages.c.id).where(passages.c.version_id.in_(mine))
    async with catalogue._write() as connection:
        await connection.execute(
            delete(passage_vectors).where(passage_vectors.c.passage_id.in_(theirs))
        )
        await connection.execute(delete(passages).where(passages.c.version_id.in_(mine)))
        for table in (story_members, ingest_log, versions, articles):
            await connection.execute(delete(table).where(table.c.corpus_id == corpus.id))
