"""Corpora filled with the rows of another: their texts are not read, embedded and grouped again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, insert, literal, select

from retrieval.catalogue import Corpus
from retrieval.catalogue.schema import (
    PASSAGES_PER_VERSION,
    articles,
    ingest_log,
    passage_vectors,
    passages,
    story_members,
    versions,
)
from retrieval.library import Library


async def copy_corpus(library: Library, source: Corpus, name: str) -> None:
    """Make a corpus with the articles of ``source``, as if each had come in once more: rows and
    vectors are the catalogue's, and both indexes are filled with them."""
    indexer = await library.indexer(name)
    target = indexer.corpus
    async with library.database.write() as connection:
        await connection.run_sync(_copy_rows, source, target)
    version_ids = await library.catalogue.articles.shown_version_ids(target)
    async for _ in indexer.write_shown(version_ids, vectors=False):
        pass
    await indexer.enter_kept_vectors()


def _copy_rows(connection: Connection, source: Corpus, target: Corpus) -> None:
    last = connection.scalar(select(func.max(versions.c.id))) or 0
    first = connection.scalar(
        select(func.min(versions.c.id)).where(versions.c.corpus_id == source.id)
    )
    up = last + 1 - (first or 0)
    passages_up = up * PASSAGES_PER_VERSION
    of_target = literal(target.id)

    def renamed(column: ColumnElement[str]) -> ColumnElement[str]:
        return literal(f"{target.id:05x}").concat(func.substr(column, 6))

    mine = versions.c.corpus_id == source.id
    my_passages = passages.join(versions, versions.c.id == passages.c.version_id)
    changed: tuple[tuple[Table, dict[str, Any]], ...] = (
        (articles, {"id": renamed(articles.c.id), "corpus_id": of_target}),
        (
            versions,
            {
                "id": versions.c.id + up,
                "article_id": renamed(versions.c.article_id),
                "corpus_id": of_target,
            },
        ),
        (
            story_members,
            {
                "version_id": story_members.c.version_id + up,
                "story_id": story_members.c.story_id + up,
                "copy_id": story_members.c.copy_id + up,
                "corpus_id": of_target,
            },
        ),
    )
    for table, values in changed:
        columns = [values.get(column.name, column) for column in table.c]
        query = select(*columns).where(table.c.corpus_id == source.id)
        connection.execute(insert(table).from_select([c.name for c in table.c], query))
    columns = [
        (passages.c.id + passages_up),
        (passages.c.version_id + up),
        passages.c.start_offset,
        passages.c.end_offset,
    ]
    query = select(*columns).select_from(my_passages).where(mine)
    connection.execute(insert(passages).from_select([c.name for c in passages.c], query))
    query = (
        select(
            passage_vectors.c.passage_id + passages_up,
            literal(target.generation),
            passage_vectors.c.vector,
        )
        .select_from(
            my_passages.join(passage_vectors, passage_vectors.c.passage_id == passages.c.id)
        )
        .where(mine, passage_vectors.c.generation == source.generation)
    )
    names = [column.name for column in passage_vectors.c]
    connection.execute(insert(passage_vectors).from_select(names, query))
    connection.execute(
        insert(ingest_log),
        [
            {
                "at": 0,
                "corpus_id": target.id,
                "article_id": article_id,
                "version_number": 1,
                "status": "indexed",
                "label": "copy",
                "actor": "benchmark",
            }
            for (article_id,) in connection.execute(
                select(articles.c.id).where(articles.c.corpus_id == target.id)
            ).all()
        ],
    )
