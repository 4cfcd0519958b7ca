"""The feed desk: adding feeds, looking at them, visiting one and taking in what is new."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue import Corpus
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.feeds import Feed, KnownFeedItem, put_items
from retrieval.errors import FetchRefused, Note, NotFound, Refused, UnreadableSource
from retrieval.extraction.feeds.discovery import FEED_BYTES, find_feed, read_document
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.feeds.item_filter import (
    FeedFilters,
    FilteredItem,
    ItemHistory,
    Verdict,
    filter_items,
)
from retrieval.feeds.item_loader import ItemOutcome, load_item
from retrieval.feeds.opml import ListedFeed
from retrieval.feeds.schedule import FeedLimits, max_age
from retrieval.ingestion.page_loader import PageLoader
from retrieval.ingestion.pipeline import batched, ingest_batches
from retrieval.ingestion.progress import IngestProgress, Report
from retrieval.ingestion.target import IngestTarget
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.concurrency import map_concurrently
from retrieval.text.encoding import read_bounded
from retrieval.web import Fetched
from retrieval.web.urls import canonical_url

# What is dated this much before its feed was added is old news, also where it shows up later.
_GRACE = timedelta(days=7)
# That nothing has changed is written down so often at most; in between it is only remembered.
_NOTED_EVERY = timedelta(hours=1)
_PAGES_AT_ONCE = 4
_FEEDS_AT_ONCE = 8
_GONE = 410
# How many feeds of a list are tried side by side, and how long one may take.
_IMPORTS_AT_ONCE = 16
_IMPORT_SECONDS = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedPreview:
    """What a feed would bring. ``url`` is where it was found, None for a file."""

    url: str | None
    document: FeedDocument
    judged: tuple[FilteredItem, ...]


@dataclass(frozen=True, slots=True)
class FeedVisit:
    """What came of a visit: the feed as it is now, a verdict for each item if there was something to
    read, what became of the articles, by status, and for a failure the reason."""

    feed: Feed
    result: Literal["taken", "unchanged", "failed"]
    judged: tuple[FilteredItem, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class FeedImport:
    """What became of a feed of a list: ``feed`` where it is one of the corpus now or was before."""

    listed: ListedFeed
    status: Literal["added", "known", "failed"]
    feed: Feed | None = None
    reason: Note | None = None


class FeedService:
    """All that is done with feeds. One in a process that writes."""

    def __init__(
        self, library: IngestTarget, pages: PageLoader, rules: FeedLimits | None = None
    ) -> None:
        self._library = library
        self._pages = pages
        self._web = pages.web
        self._read_feed = pages.extractor.read_feed
        self.rules = rules or FeedLimits()
        self._feeds = library.catalogue.feeds
        # Feeds as the last visit left them, where that was not worth writing down.
        self._remembered: dict[int, Feed] = {}
        self._visiting: set[int] = set()

    # What moderators ask for

    async def preview(
        self, address: str | Path, corpus: str, report: Report | None = None
    ) -> FeedPreview:
        """Judge the items of a feed, a site's or a file's, as if it were visited now; take nothing.

        New items that the feed only announces are fetched, to see whether there is an article;
        for a file nothing is. Raises ``UnreadableSource`` if it is no feed.
        """
        found = await self._library.catalogue.corpora.by_name(corpus)
        if isinstance(address, Path):
            data = await asyncio.to_thread(read_bounded, address, FEED_BYTES)
            document = await self._pages.extractor.read_feed(data)
            if document.children:
                raise UnreadableSource("sitemap-index")
            judged = await self._judged(found, None, document)
            return FeedPreview(None, document, tuple(judged))
        url, _, document = await find_feed(address, self._web, self._read_feed)
        feed = None
        if found is not None:
            try:
                feed = await self._feeds.feed(found, url)
            except NotFound:
                feed = None
        judged = await self._judged(found, feed, document)
        return FeedPreview(url, document, tuple(await self._looked_into(judged, report)))

    async def add(
        self,
        address: str,
        corpus: str,
        actor: Actor,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
    ) -> Feed:
        """Add a feed, by its own address or its site's. It is due at once.

        Raises ``UnreadableSource`` if there is none and ``Refused`` if the corpus has it.
        """
        url, _, document = await find_feed(address, self._web, self._read_feed)
        now = self._library.clock()
        made = await self._library.catalogue.corpora.ensure(corpus, now)
        return await self._feeds.add(
            made,
            url=url,
            title=document.title,
            kind=document.kind,
            include=include,
            exclude=exclude,
            interval=self.rules.pace.first,
            actor=actor,
            now=now,
        )

    async def import_feeds(
        self, listed: Sequence[ListedFeed], corpus: str, actor: Actor
    ) -> AsyncIterator[FeedImport]:
        """Try each feed of a list and add what is one; yield what became of each, as it is known.

        Feeds that the corpus has already, and several addresses of one feed, are told and stay one.
        """
        have = {canonical_url(feed.url): feed for feed in await self.feeds(corpus)}

        async def take(each: ListedFeed) -> FeedImport:
            url = each.url.strip()
            if url.startswith("feed:"):
                url = "https://" + url.removeprefix("feed:").lstrip("/").removeprefix(
                    "https://"
                ).removeprefix("http://")
            try:
                if known := have.get(canonical_url(url)):
                    return FeedImport(each, "known", known)
                async with asyncio.timeout(_IMPORT_SECONDS):
                    feed = await self.add(url, corpus, actor)
            except Refused:
                found = next((f for f in await self.feeds(corpus) if f.url == url), None)
                return FeedImport(each, "known", found)
            except UnreadableSource as error:
                return FeedImport(each, "failed", reason=error.note)
            except TimeoutError:
                return FeedImport(each, "failed", reason=Note("no-answer-in-time"))
            return FeedImport(each, "added", feed)

        async for done in map_concurrently(listed, take, at_once=_IMPORTS_AT_ONCE):
            yield done

    async def set_filters(
        self, reference: str, corpus: str, actor: Actor, filters: FeedFilters
    ) -> Feed:
        """Replace what a feed's items must and must not have."""
        found, feed = await self._named(reference, corpus)
        include, exclude = filters.as_lists()
        await self._feeds.set_filters(
            found, feed, actor, self._library.clock(), include=include, exclude=exclude
        )
        return await self._feeds.feed(found, str(feed.id))

    async def preview_filters(
        self, reference: str, corpus: str, filters: FeedFilters
    ) -> tuple[Feed, list[FilteredItem]]:
        """Which items of a feed other filters would let through now, as if all of them were new.

        Raises ``UnreadableSource`` if the feed can't be had.
        """
        _, feed = await self._named(reference, corpus)
        fetched = await self._web.feed(feed.url, max_bytes=FEED_BYTES)
        document = await read_document(fetched, self._web, self._read_feed)
        history = ItemHistory({}, {})
        return feed, await asyncio.to_thread(filter_items, document.items, history, filters)

    async def feeds(self, corpus: str) -> list[Feed]:
        found = await self._library.catalogue.corpora.by_name(corpus)
        if found is None:
            return []
        return [self._as_remembered(feed) for feed in await self._feeds.of(found)]

    async def feed(self, reference: str, corpus: str) -> Feed:
        """A feed by its number or its address. Raises ``NotFound``."""
        return self._as_remembered(await self._feeds.feed(await self._corpus(corpus), reference))

    async def visit_now(
        self, corpus: str, references: Sequence[str], report: Report | None = None
    ) -> AsyncIterator[FeedVisit]:
        """Visit feeds of a corpus, due or not; all active ones if none is named."""
        found = await self._corpus(corpus)
        if references:
            wanted = [await self._feeds.feed(found, each) for each in references]
        else:
            wanted = [feed for feed in await self._feeds.of(found) if feed.state == "active"]
        visits = map_concurrently(wanted, lambda f: self.visit(f, report), at_once=_FEEDS_AT_ONCE)
        async for visit in visits:
            yield visit

    async def pause(self, reference: str, corpus: str, actor: Actor) -> Feed:
        found, feed = await self._named(reference, corpus)
        await self._feeds.pause(found, feed, actor, self._library.clock())
        return await self._feeds.feed(found, str(feed.id))

    async def resume(self, reference: str, corpus: str, actor: Actor) -> Feed:
        """Visit a paused feed again, at once and as if nothing had gone wrong."""
        found, feed = await self._named(reference, corpus)
        await self._feeds.resume(found, feed, actor, self._library.clock())
        self._remembered.pop(feed.id, None)
        return await self._feeds.feed(found, str(feed.id))

    async def remove(self, reference: str, corpus: str, actor: Actor) -> Feed:
        """Forget a feed. Its articles stay."""
        found, feed = await self._named(reference, corpus)
        await self._feeds.remove(found, feed, actor, self._library.clock())
        self._remembered.pop(feed.id, None)
        return feed

    # Visits

    async def due(self, now: datetime) -> list[Feed]:
        """The active feeds of all corpora whose time has come, the longest overdue first."""
        rows = await self._feeds.due(now)
        known = {row.id for row in rows}
        self._remembered = {
            feed_id: feed
            for feed_id, feed in self._remembered.items()
            if feed_id in known or feed.next_at > now
        }
        feeds = [self._as_remembered(row) for row in rows]
        return [feed for feed in feeds if feed.next_at <= now and feed.id not in self._visiting]

    async def visit(self, feed: Feed, report: Report | None = None) -> FeedVisit:
        """Ask a feed for what is new and take it in.

        A feed that can't be read is a result, not an error: it is asked again later and later, and
        paused after days. What a crash or a cancellation interrupts, the next visit goes on with.
        Raises ``Refused`` if the feed is being visited.
        """
        if feed.id in self._visiting:
            raise Refused("feed-visit-running", feed=feed.name)
        if feed.retry_after is not None and self._library.clock() < feed.retry_after:
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
        digest = feed.digest if fetched.not_modified else await _digest(fetched.content)
        if fetched.not_modified or (digest == feed.digest and feed.kind != "sitemap-index"):
            return FeedVisit(await self._unchanged(feed, fetched), "unchanged")
        document = await read_document(fetched, self._web, self._read_feed)
        corpus = await self._corpus(feed.corpus)
        judged = await self._judged(corpus, feed, document)
        old = (
            [each.item for each in judged if each.verdict == "old"] if not feed.initialized else []
        )
        reasons = {each.item.key: each.reason for each in judged if each.verdict == "old"}
        await self._feeds.put_items(
            feed,
            {i.key: KnownFeedItem("old", reasons[i.key], i.fingerprint) for i in old},
            self._library.clock(),
        )
        judged, counts, whole = await self._take(corpus, feed, judged, report)
        changed = bool(counts["indexed"] + counts["updated"] + counts["duplicate"])
        now = self._library.clock()
        pace = self.rules.pace
        interval = pace.after_success(feed.interval, changed=changed)
        after = replace(
            self._succeeded(feed, now),
            title=document.title or feed.title,
            # What could not be had is asked for again, so the feed must come whole once more.
            etag=fetched.headers.get("etag") if whole else None,
            last_modified=fetched.headers.get("last-modified") if whole else None,
            digest=digest if whole else None,
            url=await self._address(corpus, feed, fetched),
            initialized=True,
            interval=interval,
            next_at=pace.next_at(now, interval, _wanted(fetched, document)),
            changed_at=now if changed else feed.changed_at,
        )
        await self._feeds.keep(after)
        self._remembered.pop(feed.id, None)
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

        indexer = await self._library.indexer(corpus.name)
        arriving = batched(map_concurrently(taken, take, at_once=_PAGES_AT_ONCE))
        async for outcomes in ingest_batches(
            indexer,
            arriving,
            actor=f"feed {feed.id}",
            origin=feed.url,
            data_dir=self._library.data_dir,
            settle=settle,
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
        turned_out = [_as_it_turned_out(each, turned_down) for each in judged]
        return (
            [
                replace(each, reason=kept_back[each.item.key])
                if each.is_taken and each.item.key in kept_back
                else each
                for each in turned_out
            ],
            counts,
            whole,
        )

    async def _judged(
        self, corpus: Corpus | None, feed: Feed | None, document: FeedDocument
    ) -> list[FilteredItem]:
        identities = await asyncio.to_thread(_identities, document.items)
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

    async def _looked_into(
        self, judged: list[FilteredItem], report: Report | None
    ) -> list[FilteredItem]:
        async def look(index: int) -> tuple[int, IngestItem]:
            return index, await load_item("", judged[index].item, self._pages)

        announced = [i for i, each in enumerate(judged) if each.is_taken and not each.item.is_full]
        progress = IngestProgress(found=len(announced))
        async for index, incoming in map_concurrently(announced, look, at_once=_PAGES_AT_ONCE):
            progress.came(incoming)
            if report is not None:
                report(progress)
            if incoming.article is None:
                fate: ItemOutcome = incoming.ticket
                judged[index] = _as_it_turned_out(
                    judged[index], {fate.item.key: (fate.verdict, incoming.reason)}
                )
        return judged

    async def _unchanged(self, feed: Feed, fetched: Fetched) -> Feed:
        now = self._library.clock()
        pace = self.rules.pace
        interval = pace.after_success(feed.interval, changed=False)
        after = replace(
            self._succeeded(feed, now),
            interval=interval,
            next_at=pace.next_at(now, interval, max_age(fetched.headers)),
        )
        noted = (await self._feeds.feed(await self._corpus(feed.corpus), str(feed.id))).checked_at
        if feed.failures or noted is None or now - noted >= _NOTED_EVERY:
            await self._feeds.keep(after)
            self._remembered.pop(feed.id, None)
        else:
            self._remembered[feed.id] = after
        return after

    async def _failed(self, feed: Feed, error: UnreadableSource) -> Feed:
        now = self._library.clock()
        pace = self.rules.pace
        since = feed.failing_since or now
        failures = feed.failures + 1
        retry_after = error.retry_after if isinstance(error, FetchRefused) else None
        after = replace(
            feed,
            failures=failures,
            failing_since=since,
            last_error=error.note,
            checked_at=now,
            next_at=pace.retry_at(now, failures, retry_after),
            retry_after=pace.retry_after_failure(now, retry_after),
        )
        if isinstance(error, FetchRefused) and error.status == _GONE:
            after = replace(after, state="paused", pause_reason=Note("feed-gone"))
        elif now - since >= pace.pause_after:
            reason = Note("failing-since", date=f"{since:%Y-%m-%d}", reason=error.note)
            after = replace(after, state="paused", pause_reason=reason)
        await self._feeds.keep(after)
        self._remembered.pop(feed.id, None)
        return after

    def _succeeded(self, feed: Feed, now: datetime) -> Feed:
        return replace(
            feed,
            failures=0,
            failing_since=None,
            last_error=None,
            checked_at=now,
            retry_after=None,
        )

    def _as_remembered(self, row: Feed) -> Feed:
        """A feed as it is kept, with what the last visit said of its time."""
        last = self._remembered.get(row.id)
        if last is None or row.state != "active":
            return row
        return replace(
            row, interval=last.interval, next_at=last.next_at, checked_at=last.checked_at
        )

    async def _named(self, reference: str, corpus: str) -> tuple[Corpus, Feed]:
        found = await self._corpus(corpus)
        return found, await self._feeds.feed(found, reference)

    async def _corpus(self, name: str) -> Corpus:
        found = await self._library.catalogue.corpora.by_name(name)
        if found is None:
            raise NotFound("feed-corpus-not-found", corpus=name)
        return found


def _identities(items: Sequence[FeedItem]) -> dict[str, str]:
    """By what each item is the same by, its key. Asks for all that is made of their words."""
    identities = {}
    for item in items:
        try:
            identities[item.identity] = item.key
        except ValueError:
            continue
        _ = item.fingerprint
    return identities


def _as_it_turned_out(
    each: FilteredItem, turned_down: dict[str, tuple[str, Note | None]]
) -> FilteredItem:
    if not each.is_taken or each.item.key not in turned_down:
        return each
    fate, reason = turned_down[each.item.key]
    if fate == "failed":
        return replace(each, reason=Note("retried-later", reason=reason))
    # With an article that was turned down all the same, a moderator had removed it.
    verdict: Verdict = "not-an-article" if fate == "not-an-article" else "blocked"
    return replace(each, verdict=verdict, reason=reason, again=False)


def _wanted(fetched: Fetched, document: FeedDocument) -> float | None:
    asked = [s for s in (max_age(fetched.headers), document.every) if s is not None]
    return max(asked, default=None)


async def _digest(content: bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
