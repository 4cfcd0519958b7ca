"""The vectors of passages in the catalogue: which there are, and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select

from retrieval.catalogue.bulk_writes import replace_many
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import INDEXED, corpora, passage_vectors, passages, versions


class VectorRepository:
    """The vectors of all corpora, by passage and index generation. A vector is stored as
    little-endian float16 values; "shown" passages are those of indexed versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(
        self, generation: int, passage_ids: Sequence[int], vectors: Sequence[bytes]
    ) -> None:
        """Store one vector for each passage, replacing older ones of the same generation. Raises
        ``ValueError`` if the lengths differ."""
        rows = [(i, generation, vector) for i, vector in zip(passage_ids, vectors, strict=True)]
        if rows:
            async with self._database.write() as connection:
                await replace_many(connection, passage_vectors, rows)

    async def drop_others(self, corpus: Corpus) -> None:
        """Delete the vectors of all generations but the current one."""
        mine = (
            select(passages.c.id)
            .join(versions, versions.c.id == passages.c.version_id)
            .where(versions.c.corpus_id == corpus.id)
        )
        async with self._database.write() as connection:
            await connection.execute(
                delete(passage_vectors)
                .where(passage_vectors.c.generation != corpus.generation)
                .where(passage_vectors.c.passage_id.in_(mine))
            )

    async def lacking(self, corpus: Corpus, limit: int) -> list[tuple[int, str]]:
        """Return up to ``limit`` shown passages without a vector, those of the newest versions
        first: the id and the text to embed, which is the title, a line break and the passage."""
        span = passages.c.end_offset - passages.c.start_offset
        text = func.substr(versions.c.text, passages.c.start_offset + 1, span)
        query = (
            _lacking(corpus, passages.c.id, versions.c.title, text)
            .order_by(versions.c.id.desc(), passages.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(passage_id, f"{title}\n{passage}") for passage_id, title, passage in rows]

    async def of_generation(
        self, corpus: Corpus, generation: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """Return up to ``limit`` pairs (passage id, vector) of another generation, of shown
        passages that lack one in the current generation."""
        older = passage_vectors.alias()
        query = (
            _lacking(corpus, passages.c.id, older.c.vector)
            .join(older, (older.c.passage_id == passages.c.id) & (older.c.generation == generation))
            .order_by(passages.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(row[0], row[1]) for row in rows]

    async def count_lacking(self, corpus: Corpus) -> int:
        """Return how many shown passages have no vector."""
        query = _lacking(corpus, func.count())
        return await self._database.read(lambda connection: connection.scalar(query)) or 0

    async def lacking_by_corpus(self) -> dict[int, int]:
        """Return by corpus id how many shown passages have no vector; corpora that lack none are
        missing."""
        mine = (passage_vectors.c.passage_id == passages.c.id) & (
            passage_vectors.c.generation == corpora.c.generation
        )
        query = (
            select(corpora.c.id, func.count())
            .select_from(passages)
            .join(versions, versions.c.id == passages.c.version_id)
            .join(corpora, corpora.c.id == versions.c.corpus_id)
            .join(passage_vectors, mine, isouter=True)
            .where(versions.c.state == INDEXED, passage_vectors.c.passage_id.is_(None))
            .group_by(corpora.c.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def count_held(self, corpus: Corpus) -> int:
        """Return how many shown passages have a vector."""
        query = _held(corpus, func.count())
        return await self._database.read(lambda connection: connection.scalar(query)) or 0

    async def held(self, corpus: Corpus, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to ``limit`` pairs (passage id, vector) of shown passages with ids above
        ``after``, by id."""
        query = (
            _held(corpus, passages.c.id, passage_vectors.c.vector)
            .where(passages.c.id > after)
            .order_by(passages.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(row[0], row[1]) for row in rows]

    async def sample(self, corpus: Corpus, limit: int) -> list[tuple[int, bytes]]:
        """Return up to ``limit`` pairs (passage id, vector), half of the oldest and half of the
        newest shown passages."""
        columns = passages.c.id, passage_vectors.c.vector
        oldest = _held(corpus, *columns).order_by(passages.c.id).limit(limit - limit // 2)
        newest = _held(corpus, *columns).order_by(passages.c.id.desc()).limit(limit // 2)

        def read(connection: Connection) -> list[tuple[int, bytes]]:
            rows = [row for query in (oldest, newest) for row in connection.execute(query)]
            return list({row[0]: (row[0], row[1]) for row in rows}.values())

        return await self._database.read(read)

    async def lacking_ids(self, corpus: Corpus) -> set[int]:
        """Return the ids of all shown passages without a vector."""
        query = _lacking(corpus, passages.c.id)
        return set(await self._database.read(lambda connection: connection.scalars(query).all()))

    async def still_shown(self, passage_ids: Sequence[int]) -> set[int]:
        """Return those of these passages that are shown at this moment."""
        query = (
            select(passages.c.id)
            .join(versions, versions.c.id == passages.c.version_id)
            .where(passages.c.id.in_(passage_ids), versions.c.state == INDEXED)
        )
        return set(await self._database.read(lambda connection: connection.scalars(query).all()))


def _lacking(corpus: Corpus, *wanted: ColumnElement[Any]) -> Select[Any]:
    return _shown(corpus, *wanted, outer=True).where(passage_vectors.c.passage_id.is_(None))


def _held(corpus: Corpus, *wanted: ColumnElement[Any]) -> Select[Any]:
    return _shown(corpus, *wanted, outer=False)


def _shown(corpus: Corpus, *wanted: ColumnElement[Any], outer: bool) -> Select[Any]:
    """The shown passages with their vectors; ``outer`` also those without."""
    mine = (passage_vectors.c.passage_id == passages.c.id) & (
        passage_vectors.c.generation == corpus.generation
    )
    return (
        select(*wanted)
        .select_from(passages)
        .join(versions, versions.c.id == passages.c.version_id)
        .join(passage_vectors, mine, isouter=outer)
        .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
    )
