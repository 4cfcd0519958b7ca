"""Check feeds when they are due, fairly, and never too many at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from retrieval.catalogue.feeds import Feed
from retrieval.errors import NewsdeskError
from retrieval.feeds.service import FeedService
from retrieval.feeds.visits import FeedVisit
from retrieval.ingestion.progress import Report
from retrieval.runtime.concurrency import cancel
from retrieval.runtime.fair_scheduler import FairScheduler
from retrieval.timestamps import Clock, utc_now

_log = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS = 5.0


class FeedPoller:
    """Checks due feeds: at most ``at_once`` concurrently, and one per host.

    The corpora take turns, so hundreds of feeds in one don't delay another. Cancelling ends all
    checks; unfinished ones are due at the next start.
    """

    def __init__(
        self,
        feeds: FeedService,
        *,
        at_once: int,
        clock: Clock = utc_now,
        report: Report | None = None,
    ) -> None:
        self._feeds = feeds
        self._scheduler: FairScheduler[Feed] = FairScheduler(
            at_once=at_once,
            owner=lambda feed: feed.corpus,
            rank=lambda feed: feed.next_at.timestamp(),
            group=_host,
        )
        self._clock = clock
        self._report = report

    async def run(self) -> None:
        """Check feeds until cancelled."""
        while True:
            try:
                async for visit in self.due():
                    if visit.reason:
                        _log.info("The feed %s: %r", visit.feed.name, visit.reason)
            except NewsdeskError as error:
                # Say the disk is full: whoever looks after it is told, and feeds wait for it.
                _log.warning("Feeds can't be read: %s", error)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def due(self) -> AsyncIterator[FeedVisit]:
        """Check what is due now and what becomes due meanwhile; yield each check as it ends."""
        under_way: dict[asyncio.Task[FeedVisit], Feed] = {}
        done_with: set[int] = set()
        waiting: list[Feed] = []
        try:
            while True:
                if not any(map(self._scheduler.has_room_for, waiting)):
                    due = await self._feeds.due(self._clock())
                    waiting = [feed for feed in due if feed.id not in done_with]
                while nearest := self._scheduler.first(waiting, self._feeds.claimed_of):
                    claimed = await self._feeds.claim(nearest, self._clock())
                    # Those that it passed over are visited by other processes.
                    last = claimed.feed.id if claimed is not None else nearest[-1].id
                    passed = {feed.id for feed in nearest[: _place(last, nearest) + 1]}
                    waiting = [feed for feed in waiting if feed.id not in passed]
                    if claimed is None:
                        continue
                    feed = claimed.feed
                    done_with.add(feed.id)
                    self._scheduler.start(feed)
                    task = asyncio.create_task(self._feeds.visit_claimed(claimed, self._report))
                    under_way[task] = feed
                if not under_way:
                    return
                # Not for longer than that: one slow site must not hide what becomes due elsewhere.
                ended, _ = await asyncio.wait(
                    under_way, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended:
                    self._scheduler.end(under_way.pop(task))
                    yield task.result()
        finally:
            for feed in under_way.values():
                self._scheduler.end(feed)
            await cancel(*under_way)


def _place(feed_id: int, feeds: Sequence[Feed]) -> int:
    return next(place for place, feed in enumerate(feeds) if feed.id == feed_id)


def _host(feed: Feed) -> str:
    return urlsplit(feed.url).netloc.lower()
