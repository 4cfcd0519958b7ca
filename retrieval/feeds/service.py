"""What moderators do with feeds: preview, add, filter, pause, check."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from retrieval.catalogue import Corpus
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.feeds import Feed
from retrieval.errors import Note, NotFound, Refused, UnreadableSource
from retrieval.extraction.feeds.discovery import FEED_BYTES, find_feed, read_document
from retrieval.feeds.item_filter import (
    FeedFilters,
    FilteredItem,
    ItemHistory,
    filter_items,
)
from retrieval.feeds.item_loader import ItemOutcome, load_item
from retrieval.feeds.opml import ListedFeed
from retrieval.feeds.visitor import FeedVisitor
from retrieval.feeds.visits import (
    FeedImport,
    FeedPreview,
    FeedVisit,
    as_it_turned_out,
)
from retrieval.ingestion.progress import IngestProgress, Report
from retrieval.models import IngestItem
from retrieval.runtime.concurrency import map_concurrently
from retrieval.text.encoding import read_bounded
from retrieval.web.urls import canonical_url

_PAGES_AT_ONCE = 4
_FEEDS_AT_ONCE = 8
# How many feeds of a list are tried side by side, and how long one may take.
_IMPORTS_AT_ONCE = 16
_IMPORT_SECONDS = 30.0


class FeedService(FeedVisitor):
    """All operations on feeds. A writing process has one."""

    async def preview(
        self, address: str | Path, corpus: str, report: Report | None = None
    ) -> FeedPreview:
        """Return verdicts for the items of a feed, site or file, as if it were checked now. Nothing
        is ingested.

        New items without full text are fetched to see whether there is an article, except for
        files. Raise ``UnreadableSource`` if it isn't a feed.
        """
        found = await self._library.catalogue.corpora.by_name(corpus)
        if isinstance(address, Path):
            data = await asyncio.to_thread(read_bounded, address, FEED_BYTES)
            document = await self._pages.extractor.read_feed(data)
            if document.children:
                raise UnreadableSource("sitemap-index")
            judged = await self.judged(found, None, document)
            return FeedPreview(None, document, tuple(judged))
        url, _, document = await find_feed(address, self._web, self._read_feed)
        feed = None
        if found is not None:
            try:
                feed = await self._feeds.feed(found, url)
            except NotFound:
                feed = None
        judged = await self.judged(found, feed, document)
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

        Raise ``UnreadableSource`` if there is none, and ``Refused`` if the corpus already has it.
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
        """Try each feed of a list and add it if it works; yield each result as it is known.

        Feeds that the corpus already has, and further addresses of one feed, are reported and not
        added twice.
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
        """Replace the filters of a feed."""
        found, feed = await self._named(reference, corpus)
        include, exclude = filters.as_lists()
        await self._feeds.set_filters(
            found, feed, actor, self._library.clock(), include=include, exclude=exclude
        )
        return await self._feeds.feed(found, str(feed.id))

    async def move(self, reference: str, corpus: str, actor: Actor, address: str) -> Feed:
        """Use another address for a feed from now on, its own or its site's. Items already seen
        stay known.

        Raise ``UnreadableSource`` if there is no feed, and ``Refused`` if another feed has this
        address.
        """
        found, feed = await self._named(reference, corpus)
        url, _, document = await find_feed(address, self._web, self._read_feed)
        now = self._library.clock()
        await self._feeds.move(found, feed, actor, now, url=url, kind=document.kind)
        self._remembered.pop(feed.id, None)
        return await self._feeds.feed(found, str(feed.id))

    async def preview_filters(
        self, reference: str, corpus: str, filters: FeedFilters
    ) -> tuple[Feed, list[FilteredItem]]:
        """Return which items of a feed other filters would accept now, as if all were new.

        Raise ``UnreadableSource`` if the feed can't be fetched.
        """
        _, feed = await self._named(reference, corpus)
        fetched = await self._web.feed(feed.url, max_bytes=FEED_BYTES)
        document = await read_document(fetched, self._web, self._read_feed)
        history = ItemHistory({}, {})
        return feed, await asyncio.to_thread(filter_items, document.items, history, filters)

    async def feeds(self, corpus: str) -> list[Feed]:
        """Return the feeds of a corpus."""
        found = await self._library.catalogue.corpora.by_name(corpus)
        if found is None:
            return []
        return [self.as_remembered(feed) for feed in await self._feeds.of(found)]

    async def feed(self, reference: str, corpus: str) -> Feed:
        """Return a feed by its number or its address. Raise ``NotFound``."""
        return self.as_remembered(await self._feeds.feed(await self.corpus(corpus), reference))

    async def visit_now(
        self, corpus: str, references: Sequence[str], report: Report | None = None
    ) -> AsyncIterator[FeedVisit]:
        """Check feeds of a corpus, whether due or not; all active ones if none is named."""
        found = await self.corpus(corpus)
        if references:
            wanted = [await self._feeds.feed(found, each) for each in references]
        else:
            wanted = [feed for feed in await self._feeds.of(found) if feed.state == "active"]
        visits = map_concurrently(wanted, lambda f: self.visit(f, report), at_once=_FEEDS_AT_ONCE)
        async for visit in visits:
            yield visit

    async def pause(self, reference: str, corpus: str, actor: Actor) -> Feed:
        """Stop checking a feed."""
        found, feed = await self._named(reference, corpus)
        await self._feeds.pause(found, feed, actor, self._library.clock())
        return await self._feeds.feed(found, str(feed.id))

    async def resume(self, reference: str, corpus: str, actor: Actor) -> Feed:
        """Check a paused feed again, at once, with its failures forgotten."""
        found, feed = await self._named(reference, corpus)
        await self._feeds.resume(found, feed, actor, self._library.clock())
        self._remembered.pop(feed.id, None)
        return await self._feeds.feed(found, str(feed.id))

    async def remove(self, reference: str, corpus: str, actor: Actor) -> Feed:
        """Remove a feed. Its articles stay."""
        found, feed = await self._named(reference, corpus)
        await self._feeds.remove(found, feed, actor, self._library.clock())
        self._remembered.pop(feed.id, None)
        return feed

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
                judged[index] = as_it_turned_out(
                    judged[index], {fate.item.key: (fate.verdict, incoming.reason)}
                )
        return judged

    async def _named(self, reference: str, corpus: str) -> tuple[Corpus, Feed]:
        found = await self.corpus(corpus)
        return found, await self._feeds.feed(found, reference)
