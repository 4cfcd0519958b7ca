"""An address: a page's or a PDF's article, a feed's items or a plain text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from retrieval.errors import UnreadableSource
from retrieval.extraction.page_classifier import is_front
from retrieval.extraction.process_pool import Extractor
from retrieval.ingestion.readers import feed, pasted
from retrieval.ingestion.readers.page import read_fetched
from retrieval.models import IngestItem
from retrieval.web import Fetched, Fetcher
from retrieval.web.urls import without_credentials

Kind = Literal["page", "pdf", "feed", "text"]

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json"})  # fmt: skip
_PDFS = frozenset({"application/pdf", "application/x-pdf"})
_FEED_ROOTS = (b"<rss", b"<feed", b"<rdf:rdf")


async def read_address(
    url: str, fetcher: Fetcher, extractor: Extractor, *, respect_noai: bool = True
) -> list[IngestItem]:
    """Fetch ``url`` and read what it holds; what can't be had comes with the reason."""
    shown = without_credentials(url)
    try:
        fetched = await fetcher.get(url)
        if kind_of(fetched) == "feed":
            document = await extractor.read_feed(fetched.content, fetched.url)
            return await asyncio.to_thread(lambda: list(feed.read_items(shown, document)))
        return [await read_answer(url, fetched, extractor, respect_noai=respect_noai)]
    except UnreadableSource as error:
        return [IngestItem(shown, reason=error.message, url=shown)]


async def read_answer(
    url: str, fetched: Fetched, extractor: Extractor, *, respect_noai: bool = True
) -> IngestItem:
    """The article in what ``url`` answered, or the reason why there is none.

    Raises ``UnreadableSource`` if it is nothing that holds one, a feed for instance.
    """
    shown = without_credentials(url)
    kind = kind_of(fetched)
    if kind == "feed":
        raise UnreadableSource("it is a feed, not an article")
    if kind == "text":
        return await asyncio.to_thread(_read_text, shown, fetched)
    if _leads_to_front(url, fetched.url):
        raise UnreadableSource("the address leads to the site's front page; the article is gone")
    return await read_fetched(shown, fetched, extractor, kind=kind, respect_noai=respect_noai)


def kind_of(fetched: Fetched) -> Kind:
    """What was fetched, by its own first bytes where its declared kind leaves room.

    Raises ``UnreadableSource`` for anything else.
    """
    declared = fetched.content_type
    head = fetched.content[:2_048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf-") or declared in _PDFS:
        return "pdf"
    if head.startswith((b"<?xml", *_FEED_ROOTS)) and any(root in head for root in _FEED_ROOTS):
        return "feed"
    if declared in _FEEDS:
        return "feed"
    if declared in _PAGES or head.startswith((b"<!doctype html", b"<html")):
        return "page"
    if declared in {"text/plain", "text/markdown"}:
        return "text"
    if declared.endswith("xml"):
        return "feed"
    if not declared and head.startswith(b"<"):
        return "page"
    raise UnreadableSource(f"it is {declared or 'of no known kind'}, not a page, a feed or a PDF")


def _read_text(label: str, fetched: Fetched) -> IngestItem:
    read = pasted.read_text(label, fetched.content)
    return replace(read, article=replace(read.article, url=fetched.url)) if read.article else read


def _leads_to_front(asked: str, final: str) -> bool:
    return is_front(urlsplit(final).path) and not is_front(urlsplit(asked).path)
