"""Record a visit to a feed without overwriting what a moderator changed in the meantime."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.feeds import Feed, feed_in_the_way
from retrieval.catalogue.fences import require_held
from retrieval.catalogue.schema import FEED_ACTIVE, FEED_PAUSED, feeds
from retrieval.errors import Note
from retrieval.timestamps import to_micros
from retrieval.web.urls import canonical_url


async def keep_visit(database: Database, feed: Feed, asked: Feed, now: datetime) -> None:
    """Store the outcome of a visit; ``asked`` is the feed as it was when the visit began, ``feed``
    as it is after it.

    What a moderator changed meanwhile is kept: the state, the filters (all items are then judged
    anew) and the URL, about which the visit says nothing. Does nothing if the feed is gone.
    """
    async with database.write() as connection:
        mine = feeds.c.id == feed.id
        columns = feeds.c.corpus_id, feeds.c.url, feeds.c.include, feeds.c.exclude
        row = (await connection.execute(select(*columns).where(mine))).first()
        if row is None:
            return
        values: dict[str, Any] = {"initialized": int(feed.initialized)}
        stays = row.url == asked.url
        if stays:
            values |= _fate_of(feed)
            if (tuple(row.include), tuple(row.exclude)) == (asked.include, asked.exclude):
                values |= {
                    "etag": feed.etag,
                    "last_modified": feed.last_modified,
                    "digest": feed.digest,
                }
            canonical = canonical_url(feed.url)
            taken = feed.url != asked.url and await feed_in_the_way(
                connection, row.corpus_id, feed.id, canonical, now
            )
            if not taken:
                values |= {"url": feed.url, "canonical_url": canonical}
        await connection.execute(update(feeds).where(mine).values(**values))
        if stays and feed.state == FEED_PAUSED:
            await connection.execute(
                update(feeds)
                .where(mine, feeds.c.state == FEED_ACTIVE)
                .values(state=FEED_PAUSED, pause_reason=Note.stored(feed.pause_reason))
            )


async def keep_unchanged(database: Database, feed: Feed, asked: Feed) -> None:
    """Keep when a feed is visited next that hadn't changed and hadn't failed before, in one short
    transaction. It needs no right to write but the lease of the visit.

    Raises ``StorageError`` (``lease-lost``).
    """
    async with database.write_beside() as connection:
        await require_held(connection)
        await connection.execute(
            update(feeds)
            .where(feeds.c.id == feed.id, feeds.c.url == asked.url)
            .values(**_schedule_of(feed))
        )


def _schedule_of(feed: Feed) -> dict[str, Any]:
    return {
        "interval_seconds": int(feed.interval.total_seconds()),
        "next_at": to_micros(feed.next_at),
        "checked_at": _micros(feed.checked_at),
    }


def _fate_of(feed: Feed) -> dict[str, Any]:
    return _schedule_of(feed) | {
        "title": feed.title,
        "changed_at": _micros(feed.changed_at),
        "failures": feed.failures,
        "failing_since": _micros(feed.failing_since),
        "last_error": Note.stored(feed.last_error),
        "retry_after": _micros(feed.retry_after),
    }


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
