"""A feed saved to a file: RSS or Atom, an article an item."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from retrieval.articles import Article, Incoming
from retrieval.errors import UnreadableSource
from retrieval.extraction import html_to_text
from retrieval.moments import Span
from retrieval.urls import host_name


def read_feed(label: str, data: bytes) -> Iterator[Incoming]:
    """Yield the items of a feed, labelled ``name:number``.

    Raises ``UnreadableSource`` if it is no feed.
    """
    import feedparser

    # A stream: a string or bytes that look like an address would be fetched.
    parsed = feedparser.parse(io.BytesIO(data))
    if not parsed.version and not parsed.entries:
        raise UnreadableSource("it is not an RSS or Atom feed")
    if not parsed.entries:
        raise UnreadableSource("the feed has no items")
    publisher = _text(parsed.feed.get("title"))
    language = _text(parsed.feed.get("language"))
    for number, entry in enumerate(parsed.entries, 1):
        yield _read_entry(f"{label}:{number}", entry, publisher, language)


def _read_entry(place: str, entry: Any, publisher: str | None, language: str | None) -> Incoming:
    url = _text(entry.get("link"))
    title = _text(entry.get("title"))
    bodies = [part.get("value", "") for part in entry.get("content", [])]
    text = max((html_to_text(body) for body in [*bodies, entry.get("summary", "")] if body),
               key=len, default="")  # fmt: skip
    reason = None
    if title is None:
        reason = "the item has no title"
    elif not text:
        reason = "the item has no text"
    elif url is not None:
        try:
            host_name(url)
        except ValueError as error:
            reason = str(error)
    if reason is not None or title is None:
        return Incoming(place, reason=reason, url=url, title=title)
    return Incoming(
        place,
        article=Article(
            title=title,
            text=text,
            url=url,
            source=publisher or (host_name(url) if url else None),
            authors=tuple(
                name for author in entry.get("authors", []) if (name := _text(author.get("name")))
            ),
            published=_moment(entry.get("published_parsed") or entry.get("updated_parsed")),
            language=language.split("-")[0].lower() if language else None,
        ),
    )


def _text(value: str | None) -> str | None:
    return " ".join(html_to_text(value).split()) or None if value else None


def _moment(parsed: Any) -> Span | None:
    if parsed is None:
        return None
    moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    return Span(moment, moment)
