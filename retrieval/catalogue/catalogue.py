"""Reading and writing the catalogue."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from retrieval.catalogue import migrate
from retrieval.catalogue.corrections import correction_in
from retrieval.catalogue.publishers import source_key
from retrieval.catalogue.queries import REFERENCE, ReadQueries
from retrieval.catalogue.records import (
    GONE,
    LAST_VERSION,
    LAYOUT,
    Acceptance,
    Corpus,
    CorpusCounts,
    KnownStoryMember,
    PendingVersion,
    StoryMember,
    article_id_of,
)
from retrieval.catalogue.schema import (
    ACCEPTED,
    ARCHIVED,
    INDEXED,
    PASSAGES_PER_VERSION,
    RETIRED,
    articles,
    corpora,
    ingest_log,
    passage_vectors,
    passages,
    properties,
    story_members,
    story_pins,
    versions,
)
from retrieval.errors import StorageError
from retrieval.models import Article, IngestItem, Passage, Reference, content_hash
from retrieval.runtime.executors import INGESTING
from retrieval.text.chunking import passage_spans
from retrieval.timestamps import from_micros, to_micros, written
from retrieval.web.urls import canonical_url, host_name

Result = TypeVar("Result")
# Written in the transaction that accepts a batch, so that both are kept or neither.
Alongside = Callable[[AsyncConnection, list[Acceptance]], Awaitable[None]]

_BUSY_SECONDS = 10
_READERS = 8

# All its fields but the passages.
_PENDING = [versions.c[field.name] for field in fields(PendingVersion)[:-1]]
# These come by the ten thousand: what SQLAlchemy does for a row takes longer than what SQLite does.
_KEEP_PASSAGE = str(insert(passages).compile(dialect=sqlite.dialect()))
_KEEP_VECTOR = str(
    insert(passage_vectors).prefix_with("OR REPLACE").compile(dialect=sqlite.dialect())
)
_CORPUS = (corpora.c.id, corpora.c.name, corpora.c.generation, corpora.c.layout)


# Articles that one turn of a thread identifies: whoever holds ingestion up waits for no more.
_IDENTIFIED_AT_ONCE = 32


class Catalogue:
    """One catalogue file. Open it with ``await Catalogue.open(path)`` and close it.

    Several processes may read; that only one writes is up to the caller.
    """

    def __init__(self, engine: AsyncEngine, reader: Engine, folder_id: str) -> None:
        self._engine = engine
        self._writing = asyncio.Lock()
        self._reader = reader
        self.reading = ReadQueries(reader)
        # Tells the collections of this data folder from others' on a shared Chroma server.
        self.folder_id = folder_id

    @classmethod
    async def open(cls, path: Path) -> Catalogue:
        """Open a catalogue that ``prepare`` made ready."""
        engine = _engine(path)
        try:
            async with engine.connect() as connection:
                query = select(properties.c.value).where(properties.c.name == "folder_id")
                folder_id: str = (await connection.execute(query)).scalar_one()
        except DBAPIError as error:
            await engine.dispose()
            raise _storage_error(error) from error
        return cls(engine, _reader(path), folder_id)

    @staticmethod
    async def is_ready(path: Path) -> bool:
        """Whether the catalogue exists at this program's version.

        Raises ``FolderTooNew`` if a newer program made it.
        """
        if not await asyncio.to_thread(path.exists):
            return False
        engine = _engine(path)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(migrate.is_current)
        except DBAPIError as error:
            raise _storage_error(error) from error
        finally:
            await engine.dispose()

    @staticmethod
    async def prepare(path: Path) -> None:
        """Create the catalogue or bring an older one up to date. For the one who may write."""
        engine = _engine(path)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(migrate.upgrade)
                known = await connection.execute(select(properties.c.name))
                if "folder_id" not in known.scalars().all():
                    row = {"name": "folder_id", "value": uuid.uuid4().hex[:12]}
                    await connection.execute(insert(properties), row)
        except DBAPIError as error:
            raise _storage_error(error) from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        self._reader.dispose()
        await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction. SQLite has one at a time, and so have we."""
        async with self._writing, self._engine.begin() as connection:
            yield connection

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in a worker thread, for what every question waits for.

        One hop to a thread; the asynchronous engine takes several for each statement.
        """

        return await asyncio.to_thread(self.reading.run, work)

    # Corpora

    async def corpora(self) -> list[Corpus]:
        async with self._engine.connect() as connection:
            query = select(*_CORPUS).where(~corpora.c.name.startswith(GONE, autoescape=True))
            return [Corpus(*row) for row in await connection.execute(query.order_by(corpora.c.id))]

    async def corpus(self, name: str) -> Corpus | None:
        async with self._engine.connect() as connection:
            return await _corpus(connection, name)

    async def ensure_corpus(self, name: str, now: datetime) -> Corpus:
        async with self._write() as connection:
            found = await _corpus(connection, name)
            if found is None:
                row = {"name": name, "layout": LAYOUT, "created_at": to_micros(now)}
                await connection.execute(insert(corpora), row)
                found = await _corpus(connection, name)
        if found is None:
            raise StorageError(f"The corpus {name!r} could not be made.")
        return found

    async def switch_generation(self, corpus: Corpus, generation: int) -> None:
        async with self._write() as connection:
            await connection.execute(
                update(corpora)
                .where(corpora.c.id == corpus.id)
                .values(generation=generation, layout=LAYOUT)
            )

    # Ingestion

    async def accept(
        self,
        corpus: Corpus,
        incoming: Sequence[IngestItem],
        *,
        actor: str,
        now: datetime,
        place: str | None = None,
        alongside: Alongside | None = None,
    ) -> list[Acceptance]:
        """Take articles in, in one transaction: all of them are kept afterwards, or none.

        Returns one result for each of ``incoming``, which must all hold an article. What is new
        or changed is left in the state ``accepted``, its passages cut; what a moderator removed is
        rejected. ``alongside`` is told the results and may write to the same transaction.
        """
        # Hashing and cutting are work for a thread, not for the event loop.
        batch: list[_IdentifiedArticle] = []
        for first in range(0, len(incoming), _IDENTIFIED_AT_ONCE):
            part = incoming[first : first + _IDENTIFIED_AT_ONCE]
            batch += await INGESTING.run(_identified, corpus, part)
        async with self._write() as connection:
            known = await _known_articles(connection, [item.article_id for item in batch])
            hashes = await _known_hashes(connection, corpus, [item.hash for item in batch])
            removed = await _removals(connection, [item.article_id for item in batch])
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
                log.append(item.log_row(result.status, number + 1, moment, actor, place))
                results.append(result)
                next_id += 1
            for table, rows in (
                (articles, new_articles), (versions, new_versions), (ingest_log, log),
            ):  # fmt: skip
                if rows:
                    await connection.execute(insert(table), rows)
            if new_passages:
                await connection.exec_driver_sql(_KEEP_PASSAGE, new_passages)
            if alongside is not None:
                await alongside(connection, results)
        return results

    async def unfinished(self, corpus: Corpus) -> tuple[list[int], list[int]]:
        """Ids of the versions still to enter (accepted) and to leave (retired) the indexes."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(versions.c.id, versions.c.state)
                .where(versions.c.corpus_id == corpus.id)
                .where(versions.c.state.in_((ACCEPTED, RETIRED)))
                .order_by(versions.c.id)
            )
            found = rows.all()
        accepted = [version_id for version_id, state in found if state == ACCEPTED]
        return accepted, [version_id for version_id, state in found if state == RETIRED]

    async def shown_version_ids(self, corpus: Corpus) -> list[int]:
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(versions.c.id)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
                .order_by(versions.c.id)
            )
            return list(rows.scalars())

    async def shown_passage_ids(self, corpus: Corpus) -> set[int]:
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(passages.c.id)
                .join(versions, versions.c.id == passages.c.version_id)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            )
            return set(rows.scalars())

    async def load_versions(self, version_ids: Sequence[int]) -> list[PendingVersion]:
        """The versions, in the order of their ids, with all that the indexes want of them."""
        wanted = select(*_PENDING).where(versions.c.id.in_(version_ids)).order_by(versions.c.id)
        cut = (
            select(passages.c.version_id, passages.c.id, passages.c.start_offset, passages.c.end_offset)
            .where(passages.c.version_id.in_(version_ids))
            .order_by(passages.c.id)
        )  # fmt: skip

        def load(connection: Connection) -> list[PendingVersion]:
            spans: dict[int, list[tuple[int, int, int]]] = {}
            for version_id, passage_id, start, end in connection.execute(cut):
                spans.setdefault(version_id, []).append((passage_id, start, end))
            rows = connection.execute(wanted).all()
            return [
                PendingVersion(**row._asdict(), passages=tuple(spans.get(row.id, ())))
                for row in rows
            ]

        return await self._read(load)

    async def store_vectors(
        self, generation: int, passage_ids: Sequence[int], vectors: Sequence[bytes]
    ) -> None:
        """Keep the vectors of passages, or replace them."""
        rows = [(i, generation, vector) for i, vector in zip(passage_ids, vectors, strict=True)]
        if rows:
            async with self._write() as connection:
                await connection.exec_driver_sql(_KEEP_VECTOR, rows)

    async def drop_vectors(self, corpus: Corpus) -> None:
        """Forget the vectors of other generations than the one in use."""
        mine = (
            select(passages.c.id)
            .join(versions, versions.c.id == passages.c.version_id)
            .where(versions.c.corpus_id == corpus.id)
        )
        async with self._write() as connection:
            await connection.execute(
                delete(passage_vectors)
                .where(passage_vectors.c.generation != corpus.generation)
                .where(passage_vectors.c.passage_id.in_(mine))
            )

    async def still_accepted(self, version_ids: Sequence[int]) -> set[int]:
        """Of these versions those that still are to be shown: none that was removed meanwhile."""
        query = select(versions.c.id).where(
            versions.c.id.in_(version_ids), versions.c.state == ACCEPTED
        )
        return set(await self._read(lambda connection: connection.scalars(query).all()))

    async def mark_indexed(self, version_ids: Sequence[int]) -> list[int]:
        """Show these accepted versions and retire the ones that they replace, in one transaction.

        Of several accepted versions of one article the last one is shown; one that was removed in
        the meantime is left alone. Returns the retired ids.
        """
        async with self._write() as connection:
            accepted = select(versions.c.id).where(
                versions.c.id.in_(version_ids), versions.c.state == ACCEPTED
            )
            version_ids = list((await connection.execute(accepted)).scalars())
            entering = select(versions.c.article_id).where(versions.c.id.in_(version_ids))
            replaced = (versions.c.article_id.in_(entering)) & (versions.c.state == INDEXED)
            retired = list(
                (await connection.execute(select(versions.c.id).where(replaced))).scalars()
            )
            last = (
                select(func.max(versions.c.id))
                .where(versions.c.id.in_(version_ids))
                .group_by(versions.c.article_id)
            )
            shown = set((await connection.execute(last)).scalars())
            overtaken = [version_id for version_id in version_ids if version_id not in shown]
            await _set_state(connection, retired + overtaken, RETIRED)
            await _set_state(connection, sorted(shown), INDEXED)
        return retired + overtaken

    async def mark_archived(self, version_ids: Sequence[int]) -> None:
        """The indexes have let go of these versions: their passages are forgotten, texts stay."""
        async with self._write() as connection:
            leaving = select(passages.c.id).where(passages.c.version_id.in_(version_ids))
            await connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(leaving))
            )
            for table in (passages, story_members):
                await connection.execute(delete(table).where(table.c.version_id.in_(version_ids)))
            await _set_state(connection, version_ids, ARCHIVED)

    # Reading

    async def load_passages(self, passage_ids: Sequence[int]) -> dict[int, Passage]:
        """Of these passages those that are shown at this moment."""
        return await asyncio.to_thread(self.reading.passages, passage_ids)

    # Stories

    async def members(self, corpus: Corpus) -> list[KnownStoryMember]:
        """All versions of a corpus that have a place among its stories, oldest first."""
        lead = versions.c.id * PASSAGES_PER_VERSION
        query = (
            select(
                *story_members.c[*StoryMember._fields],
                versions.c.content_hash,
                versions.c.visible_from,
                passage_vectors.c.vector,
            )
            .join(versions, versions.c.id == story_members.c.version_id)
            .outerjoin(
                passage_vectors,
                (passage_vectors.c.passage_id == lead)
                & (passage_vectors.c.generation == corpus.generation),
            )
            .where(story_members.c.corpus_id == corpus.id)
            .order_by(versions.c.id)
        )
        rows = await self._read(lambda connection: connection.execute(query).all())
        return [
            KnownStoryMember(
                StoryMember(*row[:6]), content_hash=row[6], visible_from=row[7], vector=row[8]
            )
            for row in rows
        ]

    async def pins(self, corpus: Corpus) -> dict[str, int]:
        """By article id, the story that a moderator put it into."""
        query = select(story_pins.c.article_id, story_pins.c.story_id).where(
            story_pins.c.corpus_id == corpus.id
        )
        rows = await self._read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def place(self, corpus: Corpus, members: Sequence[StoryMember]) -> None:
        """Keep the places of versions that have none yet."""
        if not members:
            return
        rows = [{"corpus_id": corpus.id, **member._asdict()} for member in members]
        async with self._write() as connection:
            await connection.execute(insert(story_members), rows)

    async def newest(self, corpus: Corpus, as_of: datetime, limit: int) -> list[Reference]:
        """The articles published last, as of a moment."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(*REFERENCE)
                .where(versions.c.corpus_id == corpus.id, versions.c.state == INDEXED)
                .where(versions.c.visible_from <= to_micros(as_of))
                .order_by(versions.c.visible_from.desc(), versions.c.id.desc())
                .limit(limit)
            )
            return [Reference(*row) for row in rows]

    async def title_of(self, corpus: Corpus, url: str) -> str | None:
        """The title of the article of this address that is shown, if there is one."""
        query = (
            select(versions.c.title)
            .join(articles, articles.c.id == versions.c.article_id)
            .where(articles.c.corpus_id == corpus.id, versions.c.state == INDEXED)
            .where(articles.c.canonical_url == canonical_url(url))
        )
        return await self._read(lambda connection: connection.scalar(query))

    async def revision(self) -> int:
        """Grows with every change to what search may show, of any corpus."""
        return await asyncio.to_thread(self.reading.revision)

    async def counts(self) -> list[CorpusCounts]:
        result = []
        async with self._engine.connect() as connection:
            for corpus in await self.corpora():
                mine = versions.c.corpus_id == corpus.id
                shown = mine & (versions.c.state == INDEXED)
                articles_ = await connection.scalar(select(func.count()).where(shown))
                passages_ = await connection.scalar(
                    select(func.count())
                    .select_from(passages)
                    .join(versions, versions.c.id == passages.c.version_id)
                    .where(shown)
                )
                unfinished = await connection.scalar(
                    select(func.count()).where(mine, versions.c.state.in_((ACCEPTED, RETIRED)))
                )
                newest = (
                    await connection.execute(
                        select(versions.c.title, versions.c.published_at)
                        .where(shown)
                        # One without a date is not the newest because it came in last.
                        .order_by(
                            versions.c.published_at.is_(None),
                            versions.c.visible_from.desc(),
                            versions.c.id.desc(),
                        )
                        .limit(1)
                    )
                ).first()
                result.append(
                    CorpusCounts(
                        corpus.name,
                        articles_ or 0,
                        passages_ or 0,
                        unfinished or 0,
                        newest[0] if newest else None,
                        newest[1] if newest else None,
                    )
                )
        return result


def _identified(corpus: Corpus, incoming: Sequence[IngestItem]) -> list[_IdentifiedArticle]:
    return [_IdentifiedArticle(corpus, item) for item in incoming]


class _IdentifiedArticle:
    """An incoming article with what tells it from others."""

    def __init__(self, corpus: Corpus, incoming: IngestItem) -> None:
        if incoming.article is None:
            raise ValueError("only articles can be accepted")
        self.corpus = corpus
        self.label = incoming.label
        self.article: Article = incoming.article
        self.hash = content_hash(self.article.text)
        url = self.article.url
        self.canonical_url = canonical_url(url) if url else f"text:{self.hash}"
        self.article_id = article_id_of(corpus.id, self.canonical_url)
        self.spans = passage_spans(self.article.text)
        self.correction = correction_in(self.article.text)

    def article_row(self, moment: int) -> dict[str, Any]:
        return {
            "id": self.article_id,
            "corpus_id": self.corpus.id,
            "canonical_url": self.canonical_url,
            "first_ingested_at": moment,
        }

    def version_row(self, version_id: int, number: int, moment: int) -> dict[str, Any]:
        article, published = self.article, self.article.published
        start = to_micros(published.start) if published else None
        return {
            "id": version_id,
            "article_id": self.article_id,
            "corpus_id": self.corpus.id,
            "number": number,
            "state": ACCEPTED,
            "url": article.url,
            "title": article.title,
            "source": article.source,
            "source_key": source_key(article.source) if article.source else None,
            "host": host_name(article.url) if article.url else None,
            "authors": list(article.authors),
            "language": article.language,
            "published_at": written(published) if published else None,
            "published_from": start,
            "published_to": to_micros(published.end) if published else None,
            "visible_from": moment if start is None else start,
            "ingested_at": moment,
            "content_hash": self.hash,
            "text": article.text,
            "correction": self.correction,
        }

    def passage_rows(self, version_id: int) -> list[tuple[int, int, int, int]]:
        first = version_id * PASSAGES_PER_VERSION
        return [(first + n, version_id, start, end) for n, (start, end) in enumerate(self.spans)]

    def log_row(
        self, status: str, number: int, moment: int, actor: str, place: str | None
    ) -> dict[str, Any]:
        return {
            "at": moment,
            "corpus_id": self.corpus.id,
            "article_id": self.article_id,
            "version_number": number,
            "status": status,
            "label": self.label,
            "actor": actor,
            "place": place,
        }


async def _corpus(connection: AsyncConnection, name: str) -> Corpus | None:
    row = (await connection.execute(select(*_CORPUS).where(corpora.c.name == name))).first()
    return Corpus(*row) if row else None


async def _known_articles(
    connection: AsyncConnection, article_ids: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """By article id: the number and the content hash of its last version."""
    rows = await connection.execute(
        select(versions.c.article_id, versions.c.number, versions.c.content_hash)
        .where(versions.c.article_id.in_(article_ids))
        .order_by(versions.c.number)
    )
    return {article_id: (number, digest) for article_id, number, digest in rows}


async def _removals(connection: AsyncConnection, article_ids: Sequence[str]) -> dict[str, str]:
    """By id of a removed article, the sentence that says so."""
    rows = await connection.execute(
        select(articles.c.id, articles.c.removed_at, articles.c.removed_by)
        .where(articles.c.id.in_(article_ids))
        .where(articles.c.removed_at.is_not(None))
    )
    return {
        article_id: removal_reason(article_id, removed_at, removed_by)
        for article_id, removed_at, removed_by in rows
    }


def removal_reason(article_id: str, removed_at: int, removed_by: str) -> str:
    """Why an article that was removed is not taken in again."""
    return (
        f"{removed_by} removed it on {from_micros(removed_at):%Y-%m-%d}; "
        f"`newsdesk articles restore {article_id}` brings it back"
    )


async def _known_hashes(
    connection: AsyncConnection, corpus: Corpus, hashes: Sequence[str]
) -> dict[str, str]:
    """By content hash: an article that says just that now, or will when it is indexed."""
    rows = await connection.execute(
        select(versions.c.content_hash, versions.c.article_id)
        .where(versions.c.corpus_id == corpus.id)
        .where(versions.c.content_hash.in_(hashes))
        .where(versions.c.state.in_((ACCEPTED, INDEXED)))
        .order_by(versions.c.id.desc())
    )
    return {row[0]: row[1] for row in rows}


async def next_version_id(connection: AsyncConnection) -> int:
    """One more than any version has ever had."""
    highest = (await connection.scalar(select(func.max(versions.c.id)))) or 0
    query = select(properties.c.value).where(properties.c.name == LAST_VERSION)
    remembered = (await connection.execute(query)).scalar_one_or_none()
    return max(highest, int(remembered or 0)) + 1


async def _set_state(connection: AsyncConnection, version_ids: Sequence[int], state: str) -> None:
    if version_ids:
        await connection.execute(
            update(versions).where(versions.c.id.in_(version_ids)).values(state=state)
        )


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}", pool_size=8, max_overflow=0, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _configure)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _reader(path: Path) -> Engine:
    """Connections for single statements in worker threads, each a transaction of its own."""
    engine = create_engine(
        f"sqlite:///{path}", pool_size=_READERS, max_overflow=0, hide_parameters=True,
        connect_args={"check_same_thread": False}, pool_reset_on_return=None,
    )  # fmt: skip
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _: object) -> None:
    # Transactions begin where `_begin` says, DDL included, not where sqlite3 guesses.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _storage_error(error: DBAPIError) -> StorageError:
    reason = str(error.orig)
    if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        return StorageError(
            "The catalogue can't be written; make the data folder writable or set NEWSDESK_DATA_DIR to another."
        )
    if "full" in reason:
        return StorageError("The disk is full; free some space and run the same command again.")
    if "malformed" in reason or "not a database" in reason:
        return StorageError(
            "The catalogue is damaged; put a backup of the data folder in its place."
        )
    return StorageError(f"The catalogue can't be used ({reason}).")
