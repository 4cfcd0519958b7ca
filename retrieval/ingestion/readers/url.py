"""An address: a page's or a PDF's article, a feed's items or a plain text."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from retrieval.errors import UnreadableSource
from retrieval.extraction.page_classifier import is_front, meta_refresh
from retrieval.extraction.process_pool import Extractor
from retrieval.ingestion.readers import feed, pasted
from retrieval.ingestion.readers.page import read_fetched
from retrieval.models import IngestItem
from retrieval.text.encoding import decode_page
from retrieval.web import Fetched
from retrieval.web.fetcher import Fetcher
from retrieval.web.urls import without_credentials

Kind = Literal["page", "pdf", "feed", "text"]

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_FEEDS = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
    }
)
_PDFS = frozenset({"application/pdf", "application/x-pdf"})
_MOST_REFRESHES = 3
_LARGEST_REFRESH = 50_000
_BEFORE_ROOT = re.compile(rb"<!--.*?-->", re.DOTALL)
_REFRESH = re.compile(rb"<meta[^>]+http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_FEED_ROOTS = (b"<rss", b"<feed", b"<rdf:rdf", b"<urlset", b"<sitemapindex")


async def read_address(
    url: str, fetcher: Fetcher, extractor: Extractor, *, respect_noai: bool = True
) -> list[IngestItem]:
    """Fetch ``url`` and read what it holds; what can't be had comes with the reason."""
    shown = without_credentials(url)
    try:
        fetched = await fetcher.get(url)
        for _ in range(_MOST_REFRESHES):
            if not (target := refresh_target(fetched)):
                break
            fetched = await fetcher.get(target)
        if kind_of(fetched) == "feed":
            document = await extractor.read_feed(fetched.content, fetched.url, fetched.charset)
            return await asyncio.to_thread(lambda: list(feed.read_items(shown, document)))
        return [await read_answer(url, fetched, extractor, respect_noai=respect_noai)]
    except UnreadableSource as error:
        return [IngestItem(shown, reason=error.note, url=shown)]


def refresh_target(fetched: Fetched) -> str | None:
    """The address that a page does nothing but send its readers to."""
    if len(fetched.content) > _LARGEST_REFRESH or not _REFRESH.search(fetched.content):
        return None
    from lxml import html
    from lxml.etree import LxmlError

    try:
        tree = html.document_fromstring(decode_page(fetched.content, fetched.charset))
        return meta_refresh(tree, fetched.url)
    except (LxmlError, UnreadableSource, ValueError):
        return None


async def read_answer(
    url: str, fetched: Fetched, extractor: Extractor, *, respect_noai: bool = True
) -> IngestItem:
    """The article in what ``url`` answered, or the reason why there is none.

    Raises ``UnreadableSource`` if it is nothing that holds one, a feed for instance.
    """
    shown = without_credentials(url)
    kind = kind_of(fetched)
    if kind == "feed":
        raise UnreadableSource("feed-not-an-article")
    if kind == "text":
        return await asyncio.to_thread(_read_text, shown, fetched)
    if _leads_to_front(url, fetched.url):
        raise UnreadableSource("redirects-to-front-page")
    return await read_fetched(shown, fetched, extractor, kind=kind, respect_noai=respect_noai)


def kind_of(fetched: Fetched) -> Kind:
    """What was fetched, by its own first bytes where its declared kind leaves room.

    Raises ``UnreadableSource`` for anything else.
    """
    declared = fetched.content_type
    if fetched.content.startswith(b"\x1f\x8b"):
        # Nothing else is published packed under its own name.
        return "feed"
    head = _BEFORE_ROOT.sub(b"", fetched.content[:65_536]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    head = head[:2_048]
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
    if not declared:
        raise UnreadableSource("content-type-missing")
    raise UnreadableSource("content-type-unsupported", type=declared)


def _read_text(label: str, fetched: Fetched) -> IngestItem:
    read = pasted.read_text(label, fetched.content)
    return replace(read, article=replace(read.article, url=fetched.url)) if read.article else read


def _leads_to_front(asked: str, final: str) -> bool:
    return is_front(urlsplit(final).path) and not is_front(urlsplit(asked).path)
