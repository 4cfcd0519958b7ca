"""Corpora: a corpus is all the articles that one server, or one terminal, reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, Update, func, insert, select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.records import GONE, LAYOUT, Corpus, CorpusCounts
from retrieval.catalogue.schema import ACCEPTED, INDEXED, RETIRED, corpora, passages, versions
from retrieval.errors import StorageError
from retrieval.timestamps import to_micros

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

CORPUS = (
    corpora.c.id,
    corpora.c.name,
    corpora.c.generation,
    corpora.c.layout,
    corpora.c.vector_server,
)


class CorpusRepository:
    """The corpora of a data folder, except those that are being deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Chooses the Chroma server for a new corpus, by its id, where there are several.
        self.choose_server: Callable[[AsyncConnection, int], Awaitable[str]] | None = None

    async def all(self) -> list[Corpus]:
        """Return all corpora, by id."""
        query = select(*CORPUS).where(~corpora.c.name.startswith(GONE, autoescape=True))
        query = query.order_by(corpora.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Corpus(*row) for row in rows]

    async def by_name(self, name: str) -> Corpus | None:
        """Return the corpus of that name; None if there is none."""
        row = await self._database.read(lambda connection: connection.execute(_named(name)).first())
        return Corpus(*row) if row else None

    async def ensure(self, name: str, now: datetime) -> Corpus:
        """Return the corpus of that name, creating it if there is none. Raises ``StorageError``
        (``corpus-not-created``)."""
        if (found := await self.by_name(name)) is not None:
            return found
        async with self._database.write() as connection:
            found = await _corpus(connection, name)
            if found is None:
                row = {"name": name, "layout": LAYOUT, "created_at": to_micros(now)}
                await connection.execute(insert(corpora), row)
                found = await _corpus(connection, name)
                if found is not None and self.choose_server is not None:
                    server = await self.choose_server(connection, found.id)
                    await connection.execute(_placing(found.id, server))
                    found = replace(found, vector_server=server)
        if found is None:
            raise StorageError("corpus-not-created", corpus=name)
        return found

    async def place(self, corpus: Corpus, server: str) -> None:
        """Note which Chroma server has the vectors of a corpus."""
        async with self._database.write() as connection:
            await connection.execute(_placing(corpus.id, server))

    async def switch_generation(self, renewed: Corpus) -> None:
        """Make the build of the indexes that ``renewed`` names the one in use, with the current
        layout and with the vectors on its server."""
        async with self._database.write() as connection:
            await connection.execute(
                update(corpora)
                .where(corpora.c.id == renewed.id)
                .values(
                    generation=renewed.generation,
                    layout=LAYOUT,
                    vector_server=renewed.vector_server,
                )
            )

    async def counts(self) -> list[CorpusCounts]:
        """Count what each corpus holds, and find its newest article by publication time."""
        shown = versions.c.state == INDEXED
        newest = select(
            versions.c.id,
            func.row_number()
            .over(
                partition_by=versions.c.corpus_id,
                # One without a date is not the newest because it came in last.
                order_by=(
                    versions.c.published_at.is_(None),
                    versions.c.visible_from.desc(),
                    versions.c.id.desc(),
                ),
            )
            .label("place"),
        ).where(shown)
        ranked = newest.subquery()
        async with self._database.connect() as connection:
            articles_ = await _counted(connection, versions, shown)
            of_passages = passages.join(versions, versions.c.id == passages.c.version_id)
            passages_ = await _counted(connection, of_passages, shown)
            unfinished = await _counted(
                connection, versions, versions.c.state.in_((ACCEPTED, RETIRED))
            )
            titles = {
                row.corpus_id: row
                for row in await connection.execute(
                    select(versions.c.corpus_id, versions.c.title, versions.c.published_at)
                    .join(ranked, ranked.c.id == versions.c.id)
                    .where(ranked.c.place == 1)
                )
            }
        return [
            CorpusCounts(
                corpus.name,
                articles_.get(corpus.id, 0),
                passages_.get(corpus.id, 0),
                unfinished.get(corpus.id, 0),
                titles[corpus.id].title if corpus.id in titles else None,
                titles[corpus.id].published_at if corpus.id in titles else None,
            )
            for corpus in await self.all()
        ]


def _placing(corpus_id: int, server: str) -> Update:
    return update(corpora).where(corpora.c.id == corpus_id).values(vector_server=server)


async def _counted(
    connection: AsyncConnection, rows: FromClause, which: ColumnElement[bool]
) -> dict[int, int]:
    """By corpus, how many of ``rows`` there are."""
    query = select(versions.c.corpus_id, func.count()).select_from(rows).where(which)
    rows_ = await connection.execute(query.group_by(versions.c.corpus_id))
    return {row[0]: row[1] for row in rows_}


def _named(name: str) -> Select[Any]:
    return select(*CORPUS).where(corpora.c.name == name)


async def _corpus(connection: AsyncConnection, name: str) -> Corpus | None:
    row = (await connection.execute(_named(name))).first()
    return Corpus(*row) if row else None
