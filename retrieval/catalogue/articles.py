"""Articles and their versions, on their way into the indexes and out of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select, update

from retrieval.catalogue.acceptance import (
    IdentifiedArticle,
    begin_accepting,
    identify,
    known_articles,
    known_hashes,
    next_version_id,
    worse_readings,
)
from retrieval.catalogue.bulk_writes import insert_many, insert_rows, sent_together
from retrieval.catalogue.database import Database
from retrieval.catalogue.dialects import among
from retrieval.catalogue.queries import REFERENCE, ReadQueries
from retrieval.catalogue.records import Acceptance, Corpus, PendingVersion
from retrieval.catalogue.schema import (
    ACCEPTED,
    ARCHIVED,
    INDEXED,
    RETIRED,
    articles,
    ingest_log,
    passage_vectors,
    passages,
    story_members,
    versions,
)
from retrieval.models import IngestItem, Passage, Reference
from retrieval.runtime.executors import INGESTING
from retrieval.timestamps import to_micros
from retrieval.web.urls import canonical_url

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# Writes in the transaction that accepts a batch, so that both are stored or neither is.
Alongside = Callable[["AsyncConnection", list[Acceptance]], Awaitable[None]]

# All its fields but the passages.
_PENDING = [versions.c[field.name] for field in fields(PendingVersion)[:-1]]
# Articles that a thread identifies in one go: a pause of ingestion waits for no more.
_IDENTIFIED_AT_ONCE = 32


class ArticleRepository:
    """The articles of all corpora, with their versions, passages and vectors."""

    def __init__(self, database: Database, queries: ReadQueries) -> None:
        self._database = database
        self._queries = queries

    # Ingestion

    async def accept(
        self,
        corpus: Corpus,
        incoming: Sequence[IngestItem],
        *,
        actor: str,
        now: datetime,
        origin: str | None = None,
        alongside: Alongside | None = None,
    ) -> list[Acceptance]:
        """Store articles in one transaction: afterwards all of them are kept, or none.

        Return one result for each of ``incoming``; raises ``ValueError`` if one holds no article.
        What is new or changed is left in the state ``accepted``, cut into passages; what a
        moderator removed is rejected. ``alongside`` gets the results and may write in the same
        transaction.

        Several processes may do so at once on one PostgreSQL database; those of a corpus take turns.
        Raises ``NotFound`` if the corpus was deleted meanwhile.
        """
        # Hashing and cutting are work for a thread, not for the event loop.
        batch: list[IdentifiedArticle] = []
        for first in range(0, len(incoming), _IDENTIFIED_AT_ONCE):
            part = incoming[first : first + _IDENTIFIED_AT_ONCE]
            batch += await INGESTING.run(identify, corpus, part)
        async with self._database.write() as connection:
            await begin_accepting(connection, corpus)
            here = await known_articles(connection, [item.article_id for item in batch])
            known, removed = here.versions, here.removals
            hashes = await known_hashes(connection, corpus, [item.hash for item in batch])
            worse = await worse_readings(connection, batch, known)
            results: list[Acceptance] = []
            new_articles: list[dict[str, Any]] = []
            new_passages: list[tuple[int, int, int, int]] = []
            log: list[dict[str, Any]] = []
            new_versions: list[dict[str, Any]] = []
            next_id = await next_version_id(connection)
            moment = to_micros(now)
            for item in batch:
                if reason := removed.get(item.article_id):
                    results.append(Acceptance("rejected", item.article_id, reason=reason))
                    continue
                number, current_hash = known.get(item.article_id, (0, None))
                if current_hash == item.hash:
                    results.append(Acceptance("unchanged", item.article_id))
                    continue
                if number and (kept_because := worse.get((item.article_id, item.hash))):
                    results.append(Acceptance("unchanged", item.article_id, reason=kept_because))
                    continue
                if number:
                    result = Acceptance("updated", item.article_id, next_id)
                else:
                    twin = hashes.get(item.hash, item.article_id) != item.article_id
                    result = Acceptance(
                        "duplicate" if twin else "indexed", item.article_id, next_id
                    )
                    new_articles.append(item.article_row(moment))
                known[item.article_id] = (number + 1, item.hash)
                hashes.setdefault(item.hash, item.article_id)
                new_versions.append(item.version_row(next_id, number + 1, moment))
                new_passages += item.passage_rows(next_id)
                log.append(item.log_row(result.status, number + 1, moment, actor, origin))
                results.append(result)
                next_id += 1
            async with sent_together(connection):
                await insert_rows(connection, articles, new_articles)
                await insert_rows(connection, versions, new_versions)
                await insert_rows(connection, ingest_log, log)
                await insert_many(connection, passages, new_passages)
            if alongside is not None:
                await alongside(connection, results)
        return results

    # States

    async def unfinished(self, corpus: Corpus) -> tuple[list[int], list[int]]:
        """Return the ids of the versions still to enter (accepted) and to leave (retired) the
        indexes."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                select(versions.c.id, versions.c.state)
                .where(versions.c.corpus_id == corpus.id)
                .where(versions.c.state.in_((ACCEPTED, RETIRED)))
                .order_by(versions.c.id)
            )
            found = rows.all()
        accepted = [version_id for version_id, state in found if state == ACCEPTED]
        return accepted, [version_id for version_id, state in found if state == RETIRED]

    async def accepted(self, corpus: Corpus, limit: int, *, but: Collection[int] = ()) -> list[int]:
        """Return the ids of the first versions that are still to enter the indexes, except ``but``."""

        def read(connection: Connection) -> list[int]:
            query = (
                select(versions.c.id)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == ACCEPTED)
                .where(~among(connection, versions.c.id, list(but)))
                .order_by(versions.c.id)
                .limit(limit)
            )
            return list(connection.scalars(query))

        return await self._database.read(read)

    async def corpora_with_accepted(self) -> set[int]:
        """Return the ids of the corpora with versions still to enter the indexes."""
        return await self._corpora_with(ACCEPTED)

    async def unfinished_corpora(self) -> set[int]:
        """Return the ids of the corpora with versions still to enter or to leave the indexes."""
        return await self._corpora_with(ACCEPTED, RETIRED)

    async def _corpora_with(self, *states: str) -> set[int]:
        query = select(versions.c.corpus_id).where(versions.c.state.in_(states)).distinct()
        return set(await self._database.read(lambda connection: connection.scalars(query).all()))

    async def shown_version_ids(self, corpus: Corpus) -> list[int]:
        """Return the ids of all shown versions of a corpus, in order."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                select(versions.c.id)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
                .order_by(versions.c.id)
            )
            return list(rows.scalars())

    async def shown_passage_ids(self, corpus: Corpus) -> set[int]:
        """Return the ids of all shown passages of a corpus."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                select(passages.c.id)
                .join(versions, versions.c.id == passages.c.version_id)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            )
            return set(rows.scalars())

    async def load_versions(self, version_ids: Sequence[int]) -> list[PendingVersion]:
        """Return these versions, by id, with everything that the indexes need."""

        def load(connection: Connection) -> list[PendingVersion]:
            wanted = select(*_PENDING).where(among(connection, versions.c.id, version_ids))
            cut = select(
                passages.c.version_id, passages.c.id, passages.c.start_offset, passages.c.end_offset
            ).where(among(connection, passages.c.version_id, version_ids))
            spans: dict[int, list[tuple[int, int, int]]] = {}
            for version_id, passage_id, start, end in connection.execute(
                cut.order_by(passages.c.id)
            ):
                spans.setdefault(version_id, []).append((passage_id, start, end))
            rows = connection.execute(wanted.order_by(versions.c.id)).all()
            return [
                PendingVersion(**row._asdict(), passages=tuple(spans.get(row.id, ())))
                for row in rows
            ]

        return await self._database.read(load)

    async def still_accepted(self, version_ids: Sequence[int]) -> set[int]:
        """Return those of these versions that are still to be shown: none that was removed
        meanwhile."""

        def read(connection: Connection) -> set[int]:
            mine = among(connection, versions.c.id, version_ids)
            query = select(versions.c.id).where(mine, versions.c.state == ACCEPTED)
            return set(connection.scalars(query))

        return await self._database.read(read)

    async def mark_indexed(self, version_ids: Sequence[int]) -> list[int]:
        """Show these accepted versions and retire the ones that they replace, in one transaction.
        Return the retired ids.

        Of several accepted versions of one article the last is shown; a version that was removed in
        the meantime is left alone.
        """
        async with self._database.write() as connection:
            accepted = await connection.execute(
                select(versions.c.article_id, versions.c.id)
                .where(among(connection, versions.c.id, version_ids))
                .where(versions.c.state == ACCEPTED)
                .order_by(versions.c.id)
            )
            entering = [tuple(row) for row in accepted]
            last = dict(entering)
            overtaken = [each for article_id, each in entering if last[article_id] != each]
            replaced = await connection.execute(
                select(versions.c.id)
                .where(among(connection, versions.c.article_id, list(last)))
                .where(versions.c.state == INDEXED)
            )
            retired = [*replaced.scalars(), *overtaken]
            await _set_state(connection, retired, RETIRED)
            await _set_state(connection, sorted(last.values()), INDEXED)
        return retired

    async def mark_archived(self, version_ids: Sequence[int]) -> None:
        """Archive versions that the indexes have let go of: their passages are deleted, their texts
        stay."""
        async with self._database.write() as connection:
            leaving = select(passages.c.id).where(passages.c.version_id.in_(version_ids))
            await connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(leaving))
            )
            for table in (passages, story_members):
                await connection.execute(delete(table).where(table.c.version_id.in_(version_ids)))
            await _set_state(connection, version_ids, ARCHIVED)

    # Reading

    async def load_passages(self, passage_ids: Sequence[int]) -> dict[int, Passage]:
        """Return by id those of these passages that are shown at this moment."""
        return await asyncio.to_thread(self._queries.passages, passage_ids)

    async def newest(self, corpus: Corpus, as_of: datetime, limit: int) -> list[Reference]:
        """Return the ``limit`` articles that were published last, as of a moment, newest first."""
        query = (
            select(*REFERENCE)
            .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            .where(versions.c.visible_from <= to_micros(as_of))
            .order_by(versions.c.visible_from.desc(), versions.c.id.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Reference(*row) for row in rows]

    async def pictures(self, article_ids: Collection[str]) -> dict[str, str]:
        """Return by article id the URLs of the pictures of those articles that are shown and have
        one."""
        query = (
            select(versions.c.article_id, versions.c.picture_url)
            .where(versions.c.state == INDEXED, versions.c.article_id.in_(article_ids))
            .where(versions.c.picture_url.is_not(None))
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def any_version(self) -> bool:
        """Return whether the catalogue holds any version of any article, shown or not."""
        query = select(versions.c.id).limit(1)
        return await self._database.read(lambda connection: connection.scalar(query)) is not None

    async def languages(self, corpus: Corpus) -> dict[str, int]:
        """Return by language how many of the shown articles are in it; those without a known
        language are left out."""
        query = (
            select(versions.c.language, func.count())
            .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            .where(versions.c.language.is_not(None))
            .group_by(versions.c.language)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def title_of(self, corpus: Corpus, url: str) -> str | None:
        """Return the title of the shown article at this URL; None if there is none. Raises
        ``InvalidURL``."""
        query = (
            select(versions.c.title)
            .join(articles, articles.c.id == versions.c.article_id)
            .where(articles.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            .where(articles.c.canonical_url == canonical_url(url))
        )
        return await self._database.read(lambda connection: connection.scalar(query))


async def _set_state(connection: AsyncConnection, version_ids: Sequence[int], state: str) -> None:
    if version_ids:
        await connection.execute(
            update(versions)
            .where(among(connection, versions.c.id, version_ids))
            .values(state=state)
        )
