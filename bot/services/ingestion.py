"""Open everything that ingests news: fetcher, feed service, poller and jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from bot.config.settings import Settings
from bot.ops.background import run_forever
from retrieval.catalogue.hosts import open_hosts
from retrieval.catalogue.kept_leases import KeptLeases, open_leases
from retrieval.extraction.process_pool import Extractor
from retrieval.feeds.item_loader import load_item
from retrieval.feeds.poller import FeedPoller
from retrieval.feeds.service import FeedService
from retrieval.ingestion.jobs.queue import JobQueue
from retrieval.ingestion.jobs.shared_queue import SharedJobQueue
from retrieval.ingestion.jobs.worker import JobWorker
from retrieval.ingestion.page_loader import PageLoader
from retrieval.ingestion.vector_worker import VectorWorker
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.web.crawler import Crawler
from retrieval.web.fetcher import Fetcher

_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class IngestionServices:
    """The services of ingestion. ``poller``, ``jobs`` and ``vectors`` run concurrently while the
    bot is up."""

    library: Library
    feeds: FeedService
    poller: FeedPoller
    jobs: JobQueue
    pages: PageLoader
    vectors: VectorWorker


@contextlib.asynccontextmanager
async def open_ingestion(
    settings: Settings, library: Library, leases: KeptLeases | None = None
) -> AsyncIterator[IngestionServices]:
    """Open the ingestion services of ``library``, which must be open for writing to ingest
    anything. ``leases`` are those of this process on a database that others use too; by default it
    takes some of its own there."""
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
        if leases is None:
            leases = await stack.enter_async_context(open_leases(library.database))
        # Turns at hosts last as long as leases do.
        hosts = (
            open_hosts(library.database)
            if leases is None
            else open_hosts(library.database, seconds=leases.seconds, pause=leases.pause)
        )
        web = Crawler(
            fetcher,
            user_agent=settings.user_agent,
            connections=settings.feed_connections,
            clock=library.clock,
            shared=await stack.enter_async_context(hosts),
        )
        pages = PageLoader(web, extractor, settings.max_article_bytes, settings.respect_noai)
        feeds = FeedService(library, pages, settings.feed_rules(), leases)
        poller = FeedPoller(feeds, at_once=settings.feed_connections, clock=library.clock)
        worker = JobWorker(library, pages, load_item)
        most = settings.max_queued_jobs
        jobs = (
            JobQueue(library, worker, most_waiting=most)
            if leases is None
            else SharedJobQueue(library, worker, leases=leases, most_waiting=most)
        )
        yield IngestionServices(library, feeds, poller, jobs, pages, VectorWorker(library))


@contextlib.asynccontextmanager
async def run_background_tasks(room: IngestionServices) -> AsyncIterator[None]:
    """Check feeds and work on jobs until the block ends, and make vectors in the process that writes
    the indexes. Interrupted work continues the next time."""
    runs: list[tuple[Callable[[], Awaitable[None]], str]] = [
        (room.poller.run, "feeds"),
        (room.jobs.run, "jobs"),
    ]
    if room.library.writable:
        runs.append((room.vectors.run, "vectors"))
    tasks = [
        asyncio.create_task(run_forever(run, name, pause=_AGAIN_SECONDS), name=name)
        for run, name in runs
    ]
    try:
        yield
    finally:
        await cancel(*tasks)
