"""One job: its sources read, fetched and ingested, each recorded once it is done."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.jobs import Job, JobItem, JobSource, settle
from retrieval.errors import UnreadableSource
from retrieval.extraction.feeds.discovery import FEED_BYTES, read_document
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.ingestion.jobs.uploads import Uploads
from retrieval.ingestion.page_loader import PageLoader
from retrieval.ingestion.pipeline import batched
from retrieval.ingestion.progress import IngestProgress, Report
from retrieval.ingestion.readers import read_source
from retrieval.ingestion.readers.pasted import read_pasted
from retrieval.ingestion.readers.url import kind_of, read_answer
from retrieval.ingestion.target import IngestTarget
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.concurrency import map_concurrently
from retrieval.text.encoding import describe_size
from retrieval.web import Fetched
from retrieval.web.urls import without_credentials

_AT_ONCE = 4
_PAGE = 200  # items read from the catalogue at a time
_LINES = 64  # articles read from a file at a time

Stopped = Callable[[], bool]
Outcome = tuple[IngestItem, IngestResult]
# Makes an article of an item of a feed, given what the item is called.
LoadItem = Callable[[str, FeedItem, PageLoader], Awaitable[IngestItem]]


@dataclass(frozen=True, slots=True)
class _JobTicket:
    """The item that an article belongs to, its place among the item's articles, and whether it is
    the last."""

    item_id: int
    position: int
    last: bool


class JobWorker:
    """Works on jobs. What was accepted before an interruption isn't done again."""

    def __init__(self, library: IngestTarget, pages: PageLoader, load_item: LoadItem) -> None:
        self._library = library
        self._pages = pages
        self._load_item = load_item
        self._jobs = library.catalogue.jobs
        self._uploads = Uploads(library)

    async def work(
        self, job: Job, report: Report, stopped: Stopped
    ) -> AsyncGenerator[list[Outcome], None]:
        """Do what is left of a job; yield the results of its articles, batch by batch, once they
        are durable.

        ``report`` is called with the progress; ``stopped`` is asked now and then: once it returns
        True, nothing new is begun, and what was accepted is finished. Raises ``StorageError``, and
        other ``NewsdeskError``s that end the job.
        """
        left, got = await self._jobs.counts(job.id)
        before = await self._jobs.results(job.id)
        extracted = sum(result.status != "rejected" for result in before)
        progress = IngestProgress(found=left + got, fetched=got, extracted=extracted)
        progress.done(before)
        report(progress)

        async def keep(connection: AsyncConnection, outcomes: list[Outcome]) -> None:
            positions: dict[int, int] = {}
            done: list[int] = []
            for incoming, _ in outcomes:
                ticket: _JobTicket = incoming.ticket
                if ticket.last:
                    done.append(ticket.item_id)
                else:
                    positions[ticket.item_id] = ticket.position
            results = [result for _, result in outcomes]
            await settle(connection, job.id, results, positions, done)

        arriving = self._arriving(job, progress, report, stopped)
        ingesting = self._library.ingest(
            job.corpus,
            batched(arriving),
            actor=job.who,
            origin=job.where,
            settle=keep,
            stopped=stopped,
        )
        async with contextlib.aclosing(ingesting):
            async for outcomes in ingesting:
                progress.done(result for _, result in outcomes)
                report(progress)
                yield outcomes

    async def _arriving(
        self, job: Job, progress: IngestProgress, report: Report, stopped: Stopped
    ) -> AsyncIterator[IngestItem]:
        after = 0
        while not stopped():
            items = await self._jobs.items(job.id, after, _PAGE)
            if not items:
                return
            after = items[-1].id
            single = [item for item in items if item.source.kind != "file"]

            async def read(item: JobItem) -> list[IngestItem]:
                return [] if stopped() else await self._read(job, item, progress)

            async for found in map_concurrently(single, read, at_once=_AT_ONCE):
                for incoming in found:
                    progress.came(incoming)
                    report(progress)
                    yield incoming
            for item in items:
                if item.source.kind == "file":
                    async for incoming in self._read_file(item, progress, stopped):
                        report(progress)
                        yield incoming

    async def _read(self, job: Job, item: JobItem, progress: IngestProgress) -> list[IngestItem]:
        """Return the one article of a source, or none if it was a feed, whose items are sources
        now."""
        source = item.source
        ticket = _JobTicket(item.id, 1, last=True)
        if source.kind == "text":
            incoming = await asyncio.to_thread(read_pasted, source.label, source.payload or {})
        elif source.kind == "item":
            entry = FeedItem.from_record(source.payload or {})
            incoming = await self._load_item(source.label, entry, self._pages)
        else:
            try:
                # A feed may be larger than an article.
                limit = self._pages.max_bytes
                fetched = await self._pages.web.page(
                    source.label, robots=False, max_bytes=max(FEED_BYTES, limit)
                )
                if kind_of(fetched) == "feed":
                    return await self._expand(job, item, fetched, progress)
                if len(fetched.content) > limit:
                    raise UnreadableSource("page-too-large", size=describe_size(limit))
                incoming = await read_answer(
                    source.label,
                    fetched,
                    self._pages.extractor,
                    respect_noai=self._pages.respect_noai,
                )
            except UnreadableSource as error:
                shown = without_credentials(source.label)
                incoming = IngestItem(shown, reason=error.note, url=shown)
        return [replace(incoming, ticket=ticket)]

    async def _expand(
        self, job: Job, item: JobItem, fetched: Fetched, progress: IngestProgress
    ) -> list[IngestItem]:
        document = await read_document(fetched, self._pages.web, self._pages.extractor.read_feed)
        if not document.items:
            raise UnreadableSource("feed-without-items")
        entries = await asyncio.to_thread(_sources, item.source.label, document)
        await self._jobs.expand(job.id, item, entries)
        progress.found += len(entries) - 1
        return []

    async def _read_file(
        self, item: JobItem, progress: IngestProgress, stopped: Stopped
    ) -> AsyncIterator[IngestItem]:
        """Yield the articles of a file from where it was left, each with its place."""
        position = 0
        held: IngestItem | None = None
        async with self._uploads.opened(item.source) as path:
            articles = read_source(
                path,
                self._pages.max_bytes,
                self._pages.extractor,
                respect_noai=self._pages.respect_noai,
            )

            def some() -> list[IngestItem]:
                return list(itertools.islice(articles, _LINES))

            while not stopped() and (read := await asyncio.to_thread(some)):
                for incoming in read:
                    position += 1
                    if position <= item.position:
                        continue
                    progress.found += position > 1
                    progress.came(incoming)
                    if held is not None:
                        yield held
                    held = replace(
                        incoming,
                        label=incoming.label.replace(str(path), item.source.label, 1),
                        ticket=_JobTicket(item.id, position, last=False),
                    )
        if stopped():
            return
        if held is not None:
            yield replace(held, ticket=replace(held.ticket, last=True))
        else:
            await self._jobs.finish([item.id])


def _sources(label: str, document: FeedDocument) -> list[JobSource]:
    return [
        JobSource("item", item.url or f"{label}#{item.number}", item.to_record())
        for item in document.items
    ]
