"""Find the feed of a site."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin, urlsplit

from retrieval.errors import FetchRefused, UnreadableSource
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.extraction.feeds.parser import MOST_ITEMS
from retrieval.text.encoding import decode_page
from retrieval.web import Fetched
from retrieval.web.crawler import Crawler, RobotsRefused

FEED_BYTES = 20_000_000

# Reads a feed, given its bytes, its URL and the charset of its header. Raises ``UnreadableSource``.
ReadFeed = Callable[[bytes, str | None, str | None], Awaitable[FeedDocument]]

_KINDS = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/json",
    "application/xml",
    "text/xml",
)
_COMMON = (
    "feed",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feed.json",
    "news-sitemap.xml",
)
_MOST_TRIED = 16


async def find_feed(url: str, web: Crawler, read: ReadFeed) -> tuple[str, Fetched, FeedDocument]:
    """Return the feed at ``url``, or else that of the site there, as its URL, the response and its
    content.

    Raises ``UnreadableSource`` (``feed-not-found``, or why the page can't be read).
    """
    fetched = await web.feed(url, max_bytes=FEED_BYTES)
    try:
        return url, fetched, await read_document(fetched, web, read)
    except UnreadableSource as error:
        if not _is_page(fetched):
            raise
        not_a_feed = error
    named = await asyncio.to_thread(_named, fetched)
    usual: list[str] = []
    if not urlsplit(fetched.url).path.strip("/"):
        # A site's front page: a feed that it doesn't name may be where others have theirs.
        usual = [urljoin(fetched.url, f"/{path}") for path in _COMMON]
        usual += await _sitemaps(fetched.url, web)
    tried: set[str] = {url, fetched.url}
    for address in [*named, *usual]:
        if address in tried or len(tried) > _MOST_TRIED:
            continue
        tried.add(address)
        try:
            answer = await web.feed(address, max_bytes=FEED_BYTES)
            document = await read_document(answer, web, read)
        except UnreadableSource:
            continue
        if document.items or address in named:
            return address, answer, document
    raise UnreadableSource("feed-not-found") from not_a_feed


async def read_document(fetched: Fetched, web: Crawler, read: ReadFeed) -> FeedDocument:
    """Return the feed in a response; for an index of sitemaps, the items of those that hold news.
    Raises ``UnreadableSource``."""
    document = await read(fetched.content, fetched.url, fetched.charset)
    if document.kind != "sitemap-index":
        return document
    items: list[FeedItem] = []
    title = None
    reason: UnreadableSource | None = None
    for address in document.children:
        try:
            answer = await web.feed(_joined(fetched.url, address), max_bytes=FEED_BYTES)
            inner = await read(answer.content, answer.url, answer.charset)
        except UnreadableSource as error:
            if error.retry:
                raise
            reason = error
            continue
        title = title or inner.title
        items += inner.items
    if not items:
        raise reason or UnreadableSource("sitemap-index-without-news")
    return FeedDocument("sitemap-index", title, tuple(items[:MOST_ITEMS]), document.children)


def _is_page(fetched: Fetched) -> bool:
    return "html" in fetched.content_type or b"<html" in fetched.content[:2_000].lower()


def _named(fetched: Fetched) -> list[str]:
    """Return the feeds that a page names in its head, those of comments last."""
    from lxml import html
    from lxml.etree import LxmlError

    try:
        text = decode_page(fetched.content, fetched.charset)
        root = html.document_fromstring(
            text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8")
        )
    except (UnreadableSource, LxmlError, ValueError):
        return []
    base = urljoin(fetched.url, root.xpath("string(//base/@href)"))
    found = []
    for link in root.iter("link"):
        relation = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        address = (link.get("href") or "").strip()
        if address and (("alternate" in relation and kind in _KINDS) or "feed" in relation):
            comments = "comment" in (link.get("title") or "").lower() or "/comments/" in address
            try:
                found.append((comments, urljoin(base, address)))
            except ValueError:
                continue
    return [address for _, address in sorted(found, key=lambda entry: entry[0])]


async def _sitemaps(url: str, web: Crawler) -> list[str]:
    try:
        listed = await web.sitemaps(url)
    except (FetchRefused, RobotsRefused):
        return []
    return sorted(listed, key=lambda address: "news" not in address.lower())[:4]


def _joined(base: str, address: str) -> str:
    """Join two URLs. Raises ``UnreadableSource`` (``not-an-address``)."""
    try:
        return urljoin(base, address)
    except ValueError as error:
        raise UnreadableSource("not-an-address", address=address[:100]) from error
