"""What brings news in, opened together: the polite fetcher, the feed desk, its poller, the jobs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.settings import Settings
from retrieval.extraction.workers import Extractor
from retrieval.feeds.desk import FeedDesk
from retrieval.feeds.pages import Pages
from retrieval.feeds.polite import PoliteWeb
from retrieval.feeds.poller import FeedPoller
from retrieval.fetching import Fetcher
from retrieval.jobs.queue import JobQueue
from retrieval.jobs.working import Worker
from retrieval.library import Library


@dataclass(frozen=True, slots=True)
class Newsroom:
    """``poller.run()`` and ``jobs.run()`` are to be run beside each other while the bot is up."""

    library: Library
    desk: FeedDesk
    poller: FeedPoller
    jobs: JobQueue
    pages: Pages


@contextlib.asynccontextmanager
async def open_newsroom(settings: Settings, library: Library) -> AsyncIterator[Newsroom]:
    """Open what brings news into ``library``, which must be open for writing to take any in."""
    fetching = Fetcher(
        allow=settings.fetch_allow,
        seconds=settings.fetch_seconds,
        max_bytes=settings.max_article_bytes,
        user_agent=settings.introduction,
        clock=library.clock,
    )
    async with contextlib.AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(fetching)
        # Starts no process before there is something to read.
        extractor = stack.enter_context(Extractor())
        web = PoliteWeb(
            fetcher,
            user_agent=settings.user_agent,
            connections=settings.feed_connections,
            clock=library.clock,
        )
        pages = Pages(web, extractor, settings.max_article_bytes, settings.respect_noai)
        desk = FeedDesk(library, pages, settings.feed_rules())
        poller = FeedPoller(desk, at_once=settings.feed_connections, clock=library.clock)
        worker = Worker(library, pages)
        jobs = JobQueue(library, worker, most_waiting=settings.jobs_waiting)
        yield Newsroom(library, desk, poller, jobs, pages)
