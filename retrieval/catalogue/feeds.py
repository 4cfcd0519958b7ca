"""Feeds in the catalogue: where they are, how they fare, what became of their items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from retrieval.catalogue.acceptance import removal_reason
from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus, article_id_of
from retrieval.catalogue.schema import (
    FEED_ACTIVE,
    FEED_PAUSED,
    FEED_REMOVED,
    articles,
    corpora,
    feed_items,
    feeds,
)
from retrieval.errors import Note, NotFound, Refused
from retrieval.timestamps import CLOCK_SLACK, from_micros, to_micros
from retrieval.web.urls import canonical_url, host_name

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_LOOKUP = 5_000  # bound parameters a statement
_INSERTED = 200  # rows that the event loop prepares in one go


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of a corpus. ``state`` is ``active`` or ``paused``; ``digest`` is the hash of its last
    body; ``initialized`` says that a first run was made."""

    id: int
    corpus: str
    url: str
    title: str | None
    kind: str
    state: str
    pause_reason: Note | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    added_at: datetime
    added_by: str
    etag: str | None
    last_modified: str | None
    digest: str | None
    initialized: bool
    interval: timedelta
    next_at: datetime
    checked_at: datetime | None
    changed_at: datetime | None
    failures: int
    failing_since: datetime | None
    last_error: Note | None
    retry_after: datetime | None

    @property
    def name(self) -> str:
        """The title, or else the URL."""
        return self.title or self.url


class KnownFeedItem(NamedTuple):
    """What became of an item the last time. ``verdict`` is ``seen``, ``old``, ``blocked``,
    ``not-an-article``, or ``failed`` after a number of ``tries`` that may be repeated."""

    verdict: str
    reason: Note | None
    fingerprint: str
    tries: int = 0


FEEDS: Select[Any] = select(feeds, corpora.c.name.label("corpus")).join(
    corpora, corpora.c.id == feeds.c.corpus_id
)


class FeedRepository:
    """All feeds of a catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, corpus: Corpus) -> list[Feed]:
        """Return the feeds of a corpus, by id."""
        query = FEEDS.where(feeds.c.corpus_id == corpus.id, feeds.c.state != FEED_REMOVED)
        return await self._feeds(query.order_by(feeds.c.id))

    async def due(self, now: datetime) -> list[Feed]:
        """Return the active feeds of all corpora that are due, the longest overdue first. A feed
        whose last visit lies in the future is due too, because the clock was set back since."""
        query = FEEDS.where(feeds.c.state == FEED_ACTIVE, is_due(now))
        return await self._feeds(query.order_by(feeds.c.next_at, feeds.c.id))

    async def feed(self, corpus: Corpus, reference: str) -> Feed:
        """Return a feed by its number or URL. Raises ``NotFound`` (``feed-not-in-corpus``)."""
        query = FEEDS.where(feeds.c.corpus_id == corpus.id, feeds.c.state != FEED_REMOVED)
        found: list[Feed] = []
        if reference.isdecimal() and len(reference) < 10:
            found = await self._feeds(query.where(feeds.c.id == int(reference)))
        elif (canonical := _canonical(reference)) is not None:
            found = await self._feeds(query.where(feeds.c.canonical_url == canonical))
        if not found:
            raise NotFound("feed-not-in-corpus", corpus=corpus.name, feed=reference)
        return found[0]

    async def known_items(self, feed: Feed, keys: Sequence[str]) -> dict[str, KnownFeedItem]:
        """Return by key what became of those of these items that are known."""

        def read(connection: Connection) -> dict[str, KnownFeedItem]:
            found: dict[str, KnownFeedItem] = {}
            for first in range(0, len(keys), _LOOKUP):
                rows = connection.execute(
                    select(feed_items.c.key, *feed_items.c[*KnownFeedItem._fields])
                    .where(feed_items.c.feed_id == feed.id)
                    .where(feed_items.c.key.in_(keys[first : first + _LOOKUP]))
                )
                for key, verdict, reason, fingerprint, tries in rows:
                    known = KnownFeedItem(verdict, Note.parse(reason), fingerprint, tries)
                    found[key] = known
            return found

        return await self._database.read(read)

    async def known_articles(
        self, corpus: Corpus, identities: Sequence[str]
    ) -> dict[str, Note | None]:
        """Return those of these identities (canonical URLs, or what replaces one) that are articles
        of the corpus; each with the reason if it was removed, else None."""

        def read(connection: Connection) -> dict[str, Note | None]:
            by_id = {article_id_of(corpus.id, identity): identity for identity in identities}
            ids = list(by_id)
            found: dict[str, Note | None] = {}
            for first in range(0, len(ids), _LOOKUP):
                rows = connection.execute(
                    select(articles.c.id, articles.c.removed_at, articles.c.removed_by).where(
                        articles.c.id.in_(ids[first : first + _LOOKUP])
                    )
                )
                for article_id, removed_at, removed_by in rows:
                    found[by_id[article_id]] = (
                        removal_reason(article_id, removed_at, removed_by)
                        if removed_at is not None
                        else None
                    )
            return found

        return await self._database.read(read)

    async def add(
        self,
        corpus: Corpus,
        *,
        url: str,
        title: str | None,
        kind: str,
        include: Sequence[str],
        exclude: Sequence[str],
        interval: timedelta,
        actor: Actor,
        now: datetime,
    ) -> Feed:
        """Store a new feed, or one that was removed before. Raises ``Refused`` (``feed-exists``)
        and ``InvalidURL``."""
        canonical = canonical_url(url)
        row: dict[str, Any] = {
            "url": url,
            "title": title,
            "kind": kind,
            "state": FEED_ACTIVE,
            "include": list(include),
            "exclude": list(exclude),
            "added_at": to_micros(now),
            "added_by": actor.who,
            "interval_seconds": int(interval.total_seconds()),
            "next_at": to_micros(now),
        }
        async with self._database.write() as connection:
            known = (
                await connection.execute(
                    select(feeds.c.id, feeds.c.state)
                    .where(feeds.c.corpus_id == corpus.id)
                    .where(feeds.c.canonical_url == canonical)
                )
            ).first()
            if known is not None and known.state != FEED_REMOVED:
                raise Refused("feed-exists", corpus=corpus.name, id=str(known.id))
            if known is None:
                new = {**row, "corpus_id": corpus.id, "canonical_url": canonical}
                await connection.execute(insert(feeds), new)
            else:
                # Its items stay known, so that none comes back.
                again = {**row, **_FORGOTTEN, "pause_reason": None}
                await connection.execute(
                    update(feeds).where(feeds.c.id == known.id).values(**again)
                )
            feed_id = await connection.scalar(
                select(feeds.c.id)
                .where(feeds.c.corpus_id == corpus.id)
                .where(feeds.c.canonical_url == canonical)
            )
            await note(connection, corpus, actor, now, "feed.add", feed_id, Note.verbatim(url))
        return await self.feed(corpus, str(feed_id))

    async def pause(self, corpus: Corpus, feed: Feed, actor: Actor, now: datetime) -> None:
        """Pause a feed, with who did it as the reason."""
        reason = str(Note("paused-by", who=actor.who, date=f"{now:%Y-%m-%d}"))
        await self._change(
            corpus, feed, actor, now, "feed.pause", state=FEED_PAUSED, pause_reason=reason
        )

    async def resume(self, corpus: Corpus, feed: Feed, actor: Actor, now: datetime) -> None:
        """Resume a feed, due now; earlier failures are forgotten."""
        changes = {**_FORGOTTEN, "pause_reason": None, "next_at": to_micros(now)}
        await self._change(corpus, feed, actor, now, "feed.resume", state=FEED_ACTIVE, **changes)

    async def set_filters(
        self,
        corpus: Corpus,
        feed: Feed,
        actor: Actor,
        now: datetime,
        *,
        include: Sequence[str],
        exclude: Sequence[str],
    ) -> None:
        """Replace a feed's filters. What the former ones left out is judged anew at its next visit."""
        await self._change(
            corpus,
            feed,
            actor,
            now,
            "feed.filter",
            include=list(include),
            exclude=list(exclude),
            digest=None,
            etag=None,
            last_modified=None,
        )

    async def move(
        self, corpus: Corpus, feed: Feed, actor: Actor, now: datetime, *, url: str, kind: str
    ) -> None:
        """Give a feed another URL, due now. Raises ``Refused`` (``feed-exists``) if another feed of
        the corpus has it, and ``InvalidURL``."""
        canonical = canonical_url(url)
        async with self._database.write() as connection:
            other_id = await feed_in_the_way(connection, corpus.id, feed.id, canonical, now)
            if other_id is not None:
                raise Refused("feed-exists", corpus=corpus.name, id=str(other_id))
        changes = {**_FORGOTTEN, "url": url, "canonical_url": canonical, "kind": kind}
        if host_name(url) != host_name(feed.url):
            changes["retry_after"] = None  # the other host asked for that
        await self._change(corpus, feed, actor, now, "feed.edit", next_at=to_micros(now), **changes)

    async def remove(self, corpus: Corpus, feed: Feed, actor: Actor, now: datetime) -> None:
        """Remove a feed. Its items stay known, in case it is added again."""
        await self._change(corpus, feed, actor, now, "feed.remove", state=FEED_REMOVED)

    async def _change(
        self, corpus: Corpus, feed: Feed, actor: Actor, now: datetime, action: str, **values: Any
    ) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(feeds)
                .where(feeds.c.id == feed.id, feeds.c.corpus_id == corpus.id)
                .values(**values)
            )
            await note(connection, corpus, actor, now, action, feed.id, Note.verbatim(feed.url))

    # Visits

    async def put_items(self, feed: Feed, items: dict[str, KnownFeedItem], now: datetime) -> None:
        """Store by key what became of items."""
        if items:
            async with self._database.write() as connection:
                await put_items(connection, feed.id, items, now)

    async def _feeds(self, query: Select[Any]) -> list[Feed]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [feed_of(row) for row in rows]


# Columns that are reset when a feed begins anew.
_FORGOTTEN: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "digest": None,
    "failures": 0,
    "failing_since": None,
    "last_error": None,
}


async def feed_in_the_way(
    connection: AsyncConnection, corpus_id: int, feed_id: int, canonical: str, now: datetime
) -> int | None:
    """Return the id of another feed of the corpus with that canonical URL; None if there is none. A
    removed feed isn't in the way: it keeps its items, under another URL."""
    same = feeds.c.corpus_id == corpus_id, feeds.c.canonical_url == canonical
    await connection.execute(
        update(feeds)
        .where(*same, feeds.c.state == FEED_REMOVED, feeds.c.id != feed_id)
        .values(canonical_url=f"{canonical}#removed-{to_micros(now)}")
    )
    other = select(feeds.c.id).where(*same, feeds.c.id != feed_id)
    found: int | None = await connection.scalar(other)
    return found


async def put_items(
    connection: AsyncConnection, feed_id: int, items: dict[str, KnownFeedItem], now: datetime
) -> None:
    """Store items like ``FeedRepository.put_items``, in the transaction that stores articles."""
    keys = list(items)
    for first in range(0, len(keys), _LOOKUP):
        await connection.execute(
            delete(feed_items)
            .where(feed_items.c.feed_id == feed_id)
            .where(feed_items.c.key.in_(keys[first : first + _LOOKUP]))
        )
    at = to_micros(now)
    for first in range(0, len(keys), _INSERTED):
        rows = [
            {
                "feed_id": feed_id,
                "key": key,
                "at": at,
                **items[key]._asdict(),
                "reason": Note.stored(items[key].reason),
            }
            for key in keys[first : first + _INSERTED]
        ]
        await connection.execute(insert(feed_items), rows)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a feed's time has come."""
    last = func.coalesce(feeds.c.checked_at, feeds.c.added_at)
    return or_(feeds.c.next_at <= to_micros(now), last > to_micros(now + CLOCK_SLACK))


def feed_of(row: Row[Any]) -> Feed:
    """Return the feed of a row of ``FEEDS``."""
    return Feed(
        id=row.id,
        corpus=row.corpus,
        url=row.url,
        title=row.title,
        kind=row.kind,
        state=row.state,
        pause_reason=Note.parse(row.pause_reason),
        include=tuple(row.include),
        exclude=tuple(row.exclude),
        added_at=from_micros(row.added_at),
        added_by=row.added_by,
        etag=row.etag,
        last_modified=row.last_modified,
        digest=row.digest,
        initialized=bool(row.initialized),
        interval=timedelta(seconds=row.interval_seconds),
        next_at=from_micros(row.next_at),
        checked_at=_moment(row.checked_at),
        changed_at=_moment(row.changed_at),
        failures=row.failures,
        failing_since=_moment(row.failing_since),
        last_error=Note.parse(row.last_error),
        retry_after=_moment(row.retry_after),
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _canonical(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:
        return None
