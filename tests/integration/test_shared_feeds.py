"""Feeds that several processes on one PostgreSQL database visit: each by one of them at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.services.ingestion import IngestionServices
from retrieval.catalogue.feed_claims import lease_name
from retrieval.catalogue.feeds import Feed
from retrieval.catalogue.kept_leases import KeptLeases
from retrieval.catalogue.leases import Leases
from retrieval.catalogue.schema import articles, feed_items
from retrieval.errors import Refused
from retrieval.feeds.poller import FeedPoller
from retrieval.feeds.service import FeedService
from retrieval.feeds.visits import FeedVisit
from tests.both_databases import POSTGRESQL
from tests.deadlines import until
from tests.integration.expiry import run_out
from tests.integration.newsroom import MODERATOR, Clock, opened
from tests.newsite import NewsSite

pytestmark = pytest.mark.both_databases


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def room(tmp_path: Path, site: NewsSite, kept_in: str) -> AsyncIterator[IngestionServices]:
    if kept_in != POSTGRESQL:
        pytest.skip("one process visits the feeds of a file")
    async with opened(tmp_path, site) as made:
        yield made


@contextlib.asynccontextmanager
async def other(room: IngestionServices) -> AsyncIterator[tuple[FeedService, KeptLeases]]:
    """Feeds as another process has them, whose leases are renewed when the test says so."""
    kept = KeptLeases(Leases(room.library.database, "another"))
    yield FeedService(room.library, room.pages, room.feeds.rules, kept), kept


async def add(room: IngestionServices, site: NewsSite, paths: list[str]) -> list[Feed]:
    return [await room.feeds.add(site.url(path), "local", MODERATOR) for path in paths]


async def test_of_many_that_are_due_each_is_visited_once(
    room: IngestionServices, site: NewsSite
) -> None:
    paths = [f"/feed/{n}" for n in range(12)]
    for n, path in enumerate(paths):
        site.feed(path, [n], full=True)
    await add(room, site, paths)
    site.forget()
    site.seconds = 0.05
    async with other(room) as (second, _):
        pollers = [FeedPoller(each, at_once=4, clock=Clock()) for each in (room.feeds, second)]

        async def drain(poller: FeedPoller) -> list[FeedVisit]:
            return [visit async for visit in poller.due()]

        visits = [v for visits in await asyncio.gather(*map(drain, pollers)) for v in visits]
    assert Counter(site.paths()) == Counter(paths)
    assert Counter(visit.feed.url for visit in visits) == Counter(map(site.url, paths))
    assert {visit.result for visit in visits} == {"taken"}


async def test_a_feed_that_is_being_visited_is_not_visited_beside_that(
    room: IngestionServices, site: NewsSite
) -> None:
    site.feed("/feed", [1])
    [feed] = await add(room, site, ["/feed"])
    site.seconds = 0.3
    async with other(room) as (second, _):
        visiting = asyncio.create_task(room.feeds.visit(feed))
        await until(lambda: site.requests[-1:] and site.requests[-1].path == "/news/1")
        assert await second.claim([feed], room.library.clock()) is None
        with pytest.raises(Refused, match="feed-visit-running"):
            await second.visit(feed)
        assert (await visiting).result == "taken"
        # What became due meanwhile is chosen as it is now, not as it was listed.
        assert await second.claim([feed], room.library.clock()) is None
        assert await second.due(room.library.clock()) == []


async def test_a_process_that_was_stopped_for_long_writes_nothing_of_its_visit(
    room: IngestionServices, site: NewsSite
) -> None:
    site.feed("/feed", [1, 2])
    [feed] = await add(room, site, ["/feed"])
    site.serve("/robots.txt", "", "text/plain", seconds=0.3)
    async with other(room) as (second, kept):
        claimed = await second.claim([feed], room.library.clock())
        assert claimed is not None
        await run_out(room.library.database, lease_name(feed.id))
        done = await room.feeds.visit(feed)
        before = await _written(room)

        late = await second.visit_claimed(claimed)
        assert (late.result, late.reason and late.reason.code) == ("failed", "lease-lost")
        assert await _written(room) == before
        assert done.counts == {"indexed": 2}

        # Nor is one that goes on when its lease has been taken worked on to its end.
        claimed = await second.claim([feed], Clock().now.replace(year=2030))
        assert claimed is not None
        site.feed("/feed", [1, 2, 3])
        site.seconds = 0.5
        visiting = asyncio.create_task(second.visit_claimed(claimed))
        await until(lambda: site._under_way.total() == 1)
        await run_out(room.library.database, lease_name(feed.id))
        assert await room.feeds._leases.take(f"feed:{feed.id}")  # type: ignore[union-attr]
        await kept.renew()
        lost = await visiting
        assert (lost.result, lost.reason and lost.reason.code) == ("failed", "lease-lost")
        assert await _written(room) == before


async def test_when_an_unchanged_feed_is_visited_next_is_known_to_all(
    room: IngestionServices, site: NewsSite
) -> None:
    site.feed("/feed", [1], full=True)
    [feed] = await add(room, site, ["/feed"])
    feed = (await room.feeds.visit(feed)).feed
    later = await room.feeds.visit(feed)
    assert later.result == "unchanged"
    assert later.feed.next_at > feed.next_at
    async with other(room) as (second, _):
        known = await second.feed(str(feed.id), "local")
        assert (known.next_at, known.interval) == (later.feed.next_at, later.feed.interval)


async def _written(room: IngestionServices) -> tuple[list[object], ...]:
    async with room.library.database.connect() as connection:
        found = [
            (await connection.execute(select(column).order_by(column))).scalars().all()
            for column in (articles.c.id, feed_items.c.at, feed_items.c.key)
        ]
    return tuple(list(each) for each in found)
