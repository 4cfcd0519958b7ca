"""Tell an incoming article from the stored ones, and make its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from retrieval.catalogue.corrections import correction_in
from retrieval.catalogue.dialects import POSTGRESQL, among
from retrieval.catalogue.publishers import source_key
from retrieval.catalogue.records import LAST_VERSION, Corpus, article_id_of
from retrieval.catalogue.schema import (
    ACCEPTED,
    INDEXED,
    PASSAGES_PER_VERSION,
    articles,
    corpora,
    properties,
    versions,
)
from retrieval.catalogue.turns import take_corpus_turn, take_version_turn
from retrieval.errors import Note, NotFound
from retrieval.models import Article, IngestItem, content_hash
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.text.chunking import passage_spans
from retrieval.text.readings import why_worse
from retrieval.timestamps import from_micros, to_micros, written
from retrieval.web.urls import canonical_url, host_name

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


def identify(corpus: Corpus, incoming: Sequence[IngestItem]) -> list[IdentifiedArticle]:
    """Hash articles and cut them into passages. Blocks: run it in a thread."""
    return [IdentifiedArticle(corpus, item) for item in giving_way(incoming)]


class IdentifiedArticle:
    """An incoming article with its identity: URL, id, hash, passages. Raises ``ValueError`` for an
    item without an article."""

    def __init__(self, corpus: Corpus, incoming: IngestItem) -> None:
        if incoming.article is None:
            raise ValueError("only articles can be accepted")
        self.corpus = corpus
        self.label = incoming.label
        self.article: Article = incoming.article
        self.hash = content_hash(self.article.text)
        url = self.article.url
        self.canonical_url = canonical_url(url) if url else f"text:{self.hash}"
        if url and incoming.anchor:
            self.canonical_url += f"#{incoming.anchor}"
        self._fetched = incoming.fetched
        self.article_id = article_id_of(corpus.id, self.canonical_url)
        self.spans = passage_spans(self.article.text, language=self.article.language)
        self.correction = correction_in(self.article.text)

    def why_worse(self, before: str) -> str | None:
        """Return the code of the reason why this text must not replace ``before``; None if it
        may."""
        return why_worse(before, self.article.text, fetched=self._fetched)

    def article_row(self, moment: int) -> dict[str, Any]:
        """Return the row of ``articles``; ``moment`` is in microseconds."""
        return {
            "id": self.article_id,
            "corpus_id": self.corpus.id,
            "canonical_url": self.canonical_url,
            "first_ingested_at": moment,
        }

    def version_row(self, version_id: int, number: int, moment: int) -> dict[str, Any]:
        """Return the row of ``versions``, in the state ``accepted``; ``moment`` is in
        microseconds."""
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
            "picture_url": article.picture_url,
        }

    def passage_rows(self, version_id: int) -> list[tuple[int, int, int, int]]:
        """Return the rows of ``passages``: (id, version id, start, end), offsets in characters."""
        first = version_id * PASSAGES_PER_VERSION
        return [(first + n, version_id, start, end) for n, (start, end) in enumerate(self.spans)]

    def log_row(
        self, status: str, number: int, moment: int, actor: str, origin: str | None
    ) -> dict[str, Any]:
        """Return the row of ``ingest_log``; ``moment`` is in microseconds."""
        return {
            "at": moment,
            "corpus_id": self.corpus.id,
            "article_id": self.article_id,
            "version_number": number,
            "status": status,
            "label": self.label,
            "actor": actor,
            "origin": origin,
        }


async def begin_accepting(connection: AsyncConnection, corpus: Corpus) -> None:
    """Let no other process change which articles a corpus has before the transaction ends.

    Raises ``NotFound`` if the corpus was deleted meanwhile.
    """
    await take_corpus_turn(connection, corpus.id)
    if connection.dialect.name == POSTGRESQL:
        name = await connection.scalar(select(corpora.c.name).where(corpora.c.id == corpus.id))
        if name != corpus.name:
            raise NotFound("corpus-not-found", corpus=corpus.name)


async def worse_readings(
    connection: AsyncConnection,
    batch: Sequence[IdentifiedArticle],
    known: dict[str, tuple[int, str]],
) -> dict[tuple[str, str], Note]:
    """Return by article id and incoming hash why the stored text is the better one."""
    changed = list(
        {
            item.article_id
            for item in batch
            if item.article_id in known and known[item.article_id][1] != item.hash
        }
    )
    if not changed:
        return {}
    rows = await connection.execute(
        select(versions.c.article_id, versions.c.number, versions.c.text)
        .where(among(connection, versions.c.article_id, changed))
        .order_by(versions.c.number)
    )
    last = {article_id: text for article_id, _, text in rows}
    found = {}
    for item in batch:
        if item.article_id in last:
            reason = await INGESTING.run(item.why_worse, last[item.article_id])
            if reason is not None:
                found[item.article_id, item.hash] = Note(reason)
    return found


class KnownArticles:
    """Which incoming articles the catalogue has: their last versions, and removals."""

    def __init__(self) -> None:
        # By article id: the number and the content hash of its last version.
        self.versions: dict[str, tuple[int, str]] = {}
        # By id of a removed article, the note that says so.
        self.removals: dict[str, Note] = {}


async def known_articles(connection: AsyncConnection, article_ids: Sequence[str]) -> KnownArticles:
    """Look up the last versions and removals of these articles."""
    rows = await connection.execute(
        select(
            articles.c.id,
            articles.c.removed_at,
            articles.c.removed_by,
            versions.c.number,
            versions.c.content_hash,
        )
        .outerjoin(versions, versions.c.article_id == articles.c.id)
        .where(among(connection, articles.c.id, article_ids))
        .order_by(versions.c.number)
    )
    known = KnownArticles()
    for article_id, removed_at, removed_by, number, digest in rows:
        if number is not None:
            known.versions[article_id] = (number, digest)
        if removed_at is not None:
            known.removals[article_id] = removal_reason(article_id, removed_at, removed_by)
    return known


def removal_reason(article_id: str, removed_at: int, removed_by: str) -> Note:
    """Return why an article that was removed isn't ingested again; ``removed_at`` is in
    microseconds."""
    day = f"{from_micros(removed_at):%Y-%m-%d}"
    return Note("removed-by", who=removed_by, date=day, article=article_id)


async def known_hashes(
    connection: AsyncConnection, corpus: Corpus, hashes: Sequence[str]
) -> dict[str, str]:
    """Return by content hash an article that has just this text, shown or about to be."""
    rows = await connection.execute(
        select(versions.c.content_hash, versions.c.article_id)
        .where(versions.c.corpus_id == corpus.id)
        .where(among(connection, versions.c.content_hash, hashes))
        .where(versions.c.state.in_((ACCEPTED, INDEXED)))
        .order_by(versions.c.id.desc())
    )
    return {row[0]: row[1] for row in rows}


async def next_version_id(connection: AsyncConnection) -> int:
    """Return one more than the highest version id ever given, for nobody else until the transaction
    ends."""
    await take_version_turn(connection)
    remembered = select(properties.c.value).where(properties.c.name == LAST_VERSION)
    highest = select(func.max(versions.c.id))
    query = select(highest.scalar_subquery(), remembered.scalar_subquery())
    found = (await connection.execute(query)).one()
    return max(int(each or 0) for each in found) + 1
