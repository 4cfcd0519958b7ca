"""Visiting feeds: asking for what is new, taking it in, noting how a feed fares."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue import Corpus
from retrieval.catalogue.feed_claims import lease_name, next_due
from retrieval.catalogue.feed_visits import keep_unchanged, keep_visit
from retrieval.catalogue.feeds import Feed, KnownFeedItem, put_items
from retrieval.catalogue.kept_leases import KeptLease, KeptLeases
from retrieval.errors import Note, NotFound, Refused, StorageError, UnreadableSource
from retrieval.extraction.feeds.discovery import FEED_BYTES, read_document
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.feeds.item_filter import (
    FeedFilters,
    FilteredItem,
    ItemHistory,
    filter_items,
    is_listed_only,
)
from retrieval.feeds.item_loader import ItemOutcome, load_item
from retrieval.feeds.schedule import FeedLimits, max_age
from retrieval.feeds.visits import (
    FeedVisit,
    after_failure,
    after_success,
    as_it_turned_out,
    digest_of,
    identities_of,
    wanted_interval,
)
from retrieval.ingestion.page_loader import PageLoader
from retrieval.ingestion.pipeline import batched
from retrieval.ingestion.progress import IngestProgress, Report
from retrieval.ingestion.target import IngestTarget
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.concurrency import map_concurrently
from retrieval.timestamps import clock_went_back
from retrieval.web import Fetched

# What is dated this much before its feed was added is old news, also where it shows up later.
_GRACE = timedelta(days=7)
# That nothing has changed is written down so often at most; in between it is only remembered.
_NOTED_EVERY = timedelta(hours=1)
_PAGES_AT_ONCE = 4
# Others may visit the first ones already.
_CLAIMED_OF = 50

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedFeed:
    """A feed that this process is to visit, and the lease of it where several processes visit feeds."""

    feed: Feed
    lease: KeptLease | None = None


class FeedVisitor:
    """Visits feeds and takes in what is new. There is one in a process; with ``leases``, several
    processes share the feeds of a database: each is visited by one at a time."""

    def __init__(
        self,
        library: IngestTarget,
        pages: PageLoader,
        rules: FeedLimits | None = None,
        leases: KeptLeases | None = None,
    ) -> None:
        self._library = library
        self._pages = pages
        self._web = pages.web
        self._read_feed = pages.extractor.read_feed
        self.rules = rules or FeedLimits()
        self._feeds = library.catalogue.feeds
        self._leases = leases
        # Feeds as the last visit left them, where that was not worth writing down.
        self._remembered: dict[int, Feed] = {}
        self._visiting: set[int] = set()

    async def due(self, now: datetime) -> list[Feed]:
        """The active feeds of all corpora whose time has come, the longest overdue first."""
        rows = await self._feeds.due(now)
        known = {row.id for row in rows}
        self._remembered = {
            feed_id: feed
            for feed_id, feed in self._remembered.items()
            if feed_id in known
            or (feed.next_at > now and not clock_went_back(feed.checked_at, now))
        }
        feeds = [self.as_remembered(row) for row in rows]
        return [feed for feed in feeds if _is_due(feed, now) and feed.id not in self._visiting]

    @property
    def claimed_of(self) -> int:
        """Of how many feeds that are due one is claimed at a time."""
        return 1 if self._leases is None else _CLAIMED_OF

    async def claim(self, due: Sequence[Feed], now: datetime) -> ClaimedFeed | None:
        """Choose what to visit out of feeds that are ``due``, in this order: the first that no other
        process visits, as it is now. None if there is none. Raises ``StorageError``."""
        if self._leases is None:
            return ClaimedFeed(due[0]) if due else None
        ids = [feed.id for feed in due if feed.id not in self._visiting]
        claimed = await self._leases.claim(
            lambda connection: next_due(connection, ids, now), lambda feed: lease_name(feed.id)
        )
        return None if claimed is None else ClaimedFeed(*claimed)

    async def visit_claimed(self, claimed: ClaimedFeed, report: Report | None = None) -> FeedVisit:
        """Visit a feed that ``claim`` chose. One that is lost to another process meanwhile is a
        failure, of which nothing is kept."""
        feed = claimed.feed
        if self._leases is None or claimed.lease is None:
            return await self._visit_alone(feed, report)
        visits: list[FeedVisit] = []

        async def work() -> None:
            visits.append(await self._visit_alone(feed, report))

        try:
            await self._leases.work_under(claimed.lease, work)
        except StorageError as error:
            if error.code != "lease-lost":
                raise
        return visits[0] if visits else FeedVisit(feed, "failed", reason=Note("lease-lost"))

    async def visit(self, feed: Feed, report: Report | None = None) -> FeedVisit:
        """Ask a feed for what is new and take it in.

        A feed that can't be read is a result, not an error: it is asked again later and later, and
        paused after days. What a crash or a cancellation interrupts, the next visit goes on with.
        Raises ``Refused`` if the feed is being visited.
        """
        lease = None
        if self._leases is not None:
            lease = await self._leases.take(lease_name(feed.id))
            if lease is None:
                raise Refused("feed-visit-running", feed=feed.name)
        return await self.visit_claimed(ClaimedFeed(feed, lease), report)

    async def _visit_alone(self, feed: Feed, report: Report | None) -> FeedVisit:
        if feed.id in self._visiting:
            raise Refused("feed-visit-running", feed=feed.name)
        now = self._library.clock()
        waits = feed.retry_after is not None and now < feed.retry_after
        if waits and feed.retry_after is not None and not clock_went_back(feed.checked_at, now):
            reason = Note("host-backoff", until=f"{feed.retry_after:%Y-%m-%d %H:%M}")
            return FeedVisit(feed, "failed", reason=reason)
        self._visiting.add(feed.id)
        try:
            return await self._visit(feed, report or (lambda progress: None))
        except UnreadableSource as error:
            failed = await self._failed(feed, error)
            return FeedVisit(failed, "failed", reason=error.note)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            # What one publisher sends must not keep the feeds of others from being visited.
            _log.exception("The feed %s could not be read", feed.name)
            odd = UnreadableSource("feed-unexpected")
            odd.__cause__ = error
            return FeedVisit(await self._failed(feed, odd), "failed", reason=odd.note)
        finally:
            self._visiting.discard(feed.id)

    async def _visit(self, feed: Feed, report: Report) -> FeedVisit:
        fetched = await self._web.feed(
            feed.url, etag=feed.etag, last_modified=feed.last_modified, max_bytes=FEED_BYTES
        )
        digest = feed.digest if fetched.not_modified else await digest_of(fetched.content)
        if fetched.not_modified or (digest == feed.digest and feed.kind != "sitemap-index"):
            return FeedVisit(await self._unchanged(feed, fetched), "unchanged")
        document = await read_document(fetched, self._web, self._read_feed)
        corpus = await self.corpus(feed.corpus)
        judged = await self.judged(corpus, feed, document)
        old = (
            [each.item for each in judged if each.verdict == "old"] if not feed.initialized else []
        )
        reasons = {each.item.key: each.reason for each in judged if each.verdict == "old"}
        await self._feeds.put_items(
            feed,
            {i.key: KnownFeedItem("old", reasons[i.key], i.fingerprint) for i in old},
            self._library.clock(),
        )
        # That it lists what another source brought is kept: it is news of this feed too.
        listed = {
            each.item.key: KnownFeedItem("seen", each.reason, each.item.fingerprint)
            for each in judged
            if each.verdict == "seen" and is_listed_only(each.reason)
        }
        known = await self._feeds.known_items(feed, list(listed))
        listed = {key: item for key, item in listed.items() if key not in known}
        await self._feeds.put_items(feed, listed, self._library.clock())
        judged, counts, whole = await self._take(corpus, feed, judged, report)
        changed = bool(counts["indexed"] + counts["updated"] + counts["duplicate"])
        now = self._library.clock()
        pace = self.rules.pace
        interval = pace.after_success(feed.interval, changed=changed)
        after = replace(
            after_success(feed, now),
            title=document.title or feed.title,
            # What could not be had is asked for again, so the feed must come whole once more.
            etag=fetched.headers.get("etag") if whole else None,
            last_modified=fetched.headers.get("last-modified") if whole else None,
            digest=digest if whole else None,
            url=await self._address(corpus, feed, fetched),
            initialized=True,
            interval=interval,
            next_at=pace.next_at(now, interval, wanted_interval(fetched, document)),
            changed_at=now if changed else feed.changed_at,
        )
        await self._keep(after, feed)
        return FeedVisit(after, "taken", tuple(judged), counts)

    async def _address(self, corpus: Corpus, feed: Feed, fetched: Fetched) -> str:
        """Where a feed is asked from now on: the address that it moved to for good, unless another
        feed of the corpus has that."""
        if not fetched.moved or fetched.url == feed.url:
            return feed.url
        try:
            other = await self._feeds.feed(corpus, fetched.url)
        except NotFound:
            return fetched.url
        return fetched.url if other.id == feed.id else feed.url

    async def _take(
        self, corpus: Corpus, feed: Feed, judged: list[FilteredItem], report: Report
    ) -> tuple[list[FilteredItem], Counter[str], bool]:
        """Bring in what is to be taken. Returns the verdicts as they turned out, the counts by
        status and whether nothing is left to be tried again."""
        progress = IngestProgress(found=len(judged))
        for each in judged:
            if not each.is_taken:
                progress.skip(Note(f"item-{each.verdict}"))
        report(progress)
        taken = [each.item for each in judged if each.is_taken]
        counts: Counter[str] = Counter()
        if not taken:
            return judged, counts, True
        keys = [item.key for item in taken]
        tries = {key: k.tries for key, k in (await self._feeds.known_items(feed, keys)).items()}
        turned_down: dict[str, tuple[str, Note | None]] = {}
        # Articles whose new text was worse than the one that is kept.
        kept_back: dict[str, Note] = {}

        async def take(item: FeedItem) -> IngestItem:
            incoming = await load_item(item.url or f"{feed.url}#{item.number}", item, self._pages)
            progress.came(incoming)
            report(progress)
            return incoming

        async def settle(
            connection: AsyncConnection, outcomes: list[tuple[IngestItem, IngestResult]]
        ) -> None:
            fates = {}
            for incoming, result in outcomes:
                fate: ItemOutcome = incoming.ticket
                rejected = result.status == "rejected"
                verdict = "blocked" if rejected and incoming.article else fate.verdict
                key = fate.item.key
                fates[key] = KnownFeedItem(
                    verdict, result.reason, fate.item.fingerprint, tries.get(key, 0) + rejected
                )
            await put_items(connection, feed.id, fates, self._library.clock())

        arriving = batched(map_concurrently(taken, take, at_once=_PAGES_AT_ONCE))
        async for outcomes in self._library.ingest(
            corpus.name, arriving, actor=f"feed {feed.id}", origin=feed.url, settle=settle
        ):
            for incoming, result in outcomes:
                counts[result.status] += 1
                if result.status == "unchanged" and result.reason:
                    kept_back[incoming.ticket.item.key] = result.reason
                if result.status == "rejected":
                    fate = incoming.ticket
                    turned_down[fate.item.key] = (fate.verdict, result.reason)
            progress.done(result for _, result in outcomes)
            report(progress)
        whole = not any(verdict == "failed" for verdict, _ in turned_down.values())
        turned_out = [as_it_turned_out(each, turned_down, kept_back) for each in judged]
        return turned_out, counts, whole

    async def judged(
        self, corpus: Corpus | None, feed: Feed | None, document: FeedDocument
    ) -> list[FilteredItem]:
        """Tell for each item of a document whether a visit takes it, and why not."""
        identities = await asyncio.to_thread(identities_of, document.items)
        known = await self._feeds.known_items(feed, list(identities.values())) if feed else {}
        articles = (
            await self._feeds.known_articles(corpus, list(identities)) if corpus is not None else {}
        )
        initialized = feed is not None and feed.initialized
        past = ItemHistory(
            known,
            articles,
            first=None if initialized else self.rules.first_items,
            oldest=feed.added_at - _GRACE if feed is not None and initialized else None,
        )
        filters = FeedFilters.of(feed.include, feed.exclude) if feed else FeedFilters()
        return await asyncio.to_thread(filter_items, document.items, past, filters)

    async def _unchanged(self, feed: Feed, fetched: Fetched) -> Feed:
        now = self._library.clock()
        pace = self.rules.pace
        interval = pace.after_success(feed.interval, changed=False)
        after = replace(
            after_success(feed, now),
            interval=interval,
            next_at=pace.next_at(now, interval, max_age(fetched.headers)),
        )
        if self._leases is not None and not feed.failures:
            await keep_unchanged(self._library.catalogue.database, after, feed)
            return after
        row = await self._feeds.feed(await self.corpus(feed.corpus), str(feed.id))
        noted = row.checked_at
        old = noted is None or now - noted >= _NOTED_EVERY or clock_went_back(noted, now)
        if feed.failures or old:
            await self._keep(after, feed)
        elif row.url == feed.url:
            self._remembered[feed.id] = after
        return after

    async def _failed(self, feed: Feed, error: UnreadableSource) -> Feed:
        after = after_failure(feed, error, self.rules.pace, self._library.clock())
        await self._keep(after, feed)
        return after

    async def _keep(self, after: Feed, asked: Feed) -> None:
        database = self._library.catalogue.database
        await keep_visit(database, after, asked, self._library.clock())
        self._remembered.pop(asked.id, None)

    def as_remembered(self, row: Feed) -> Feed:
        """A feed as it is kept, with what the last visit said of its time."""
        last = self._remembered.get(row.id)
        if last is None or row.state != "active":
            return row
        return replace(
            row, interval=last.interval, next_at=last.next_at, checked_at=last.checked_at
        )

    async def corpus(self, name: str) -> Corpus:
        """Raises ``NotFound``."""
        found = await self._library.catalogue.corpora.by_name(name)
        if found is None:
            raise NotFound("feed-corpus-not-found", corpus=name)
        return found


def _is_due(feed: Feed, now: datetime) -> bool:
    return feed.next_at <= now or clock_went_back(feed.checked_at or feed.added_at, now)
