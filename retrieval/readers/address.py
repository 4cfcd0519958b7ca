"""An address: a page's article, a feed's items or a plain text."""

from __future__ import annotations

import asyncio

from retrieval.articles import Incoming
from retrieval.errors import UnreadableSource
from retrieval.fetching import Fetched, Fetcher
from retrieval.readers import feed, page
from retrieval.urls import without_credentials

_PAGES = frozenset({"text/html", "application/xhtml+xml", ""})
_FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/xml", "text/xml"})


async def read_address(url: str, fetcher: Fetcher) -> list[Incoming]:
    """Fetch ``url`` and read what it holds; what can't be had comes with the reason."""
    try:
        fetched = await fetcher.get(url)
        return await asyncio.to_thread(_read, url, fetched)
    except UnreadableSource as error:
        shown = without_credentials(url)
        return [Incoming(shown, reason=error.message, url=shown)]


def _read(label: str, fetched: Fetched) -> list[Incoming]:
    if fetched.content_type in _PAGES:
        return [page.read_page(label, fetched.content, url=fetched.url, charset=fetched.charset)]
    if fetched.content_type in _FEEDS:
        return list(feed.read_feed(label, fetched.content))
    raise UnreadableSource(f"it is {fetched.content_type}, not a page or a feed")
