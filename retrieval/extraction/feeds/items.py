"""The content of a feed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retrieval.models import content_hash
from retrieval.timestamps import Span, parse_span, written
from retrieval.web.urls import canonical_url


@dataclass(frozen=True)
class FeedItem:
    """One entry of a feed. ``text`` is what the feed gives, ``is_full`` whether it is the whole
    article.

    Derived values are computed once, on first use.
    """

    number: int
    url: str | None
    title: str | None
    text: str
    is_full: bool = False
    published: Span | None = None
    # When the publisher says it was changed, as written.
    updated: str | None = None
    authors: tuple[str, ...] = ()
    source: str | None = None
    language: str | None = None
    # The feed's categories of it, as written.
    categories: tuple[str, ...] = ()
    guid: str | None = None
    # What distinguishes it from other items with the same link; None if there are none.
    anchor: str | None = None
    picture_url: str | None = None

    @cached_property
    def identity(self) -> str:
        """The canonical URL, or for an item without one its text: two items with the same identity
        are the same. Items that share a link add their anchor.

        Raises ``ValueError`` with a code for an invalid URL.
        """
        if not self.url:
            return f"text:{content_hash(self.text)}"
        place = canonical_url(self.url)
        return f"{place}#{self.anchor}" if self.anchor else place

    @cached_property
    def key(self) -> str:
        """The key by which the catalogue knows the item: 32 hexadecimal digits."""
        return key_of(self.identity)

    @cached_property
    def fingerprint(self) -> str:
        """A hash that changes when the feed gives other words or says that the article was
        updated."""
        return _digest(f"{self.title}\n{self.text}\n{self.updated}")

    def to_record(self) -> dict[str, Any]:
        """Return the item for JSON; ``from_record`` reads it back."""
        return {
            "number": self.number,
            "url": self.url,
            "title": self.title,
            "text": self.text,
            "is_full": self.is_full,
            "published": written(self.published) if self.published else None,
            "updated": self.updated,
            "authors": list(self.authors),
            "source": self.source,
            "language": self.language,
            "categories": list(self.categories),
            "guid": self.guid,
            "anchor": self.anchor,
            "picture_url": self.picture_url,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> FeedItem:
        """Restore an item from its record. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for
        anything else."""
        published = record["published"]
        return cls(
            **{
                **record,
                "published": parse_span(published) if published else None,
                "authors": tuple(record["authors"]),
                "categories": tuple(record["categories"]),
            }
        )


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as it was read. ``kind`` is ``rss``, ``atom``, ``json``, ``sitemap`` or
    ``sitemap-index``; only the last has ``children``, the URLs of sitemaps. ``every`` is how many
    seconds the feed asks to be left alone after each visit."""

    kind: str
    title: str | None
    items: tuple[FeedItem, ...]
    children: tuple[str, ...] = ()
    every: int | None = None


def key_of(identity: str) -> str:
    """Return the key of the item with this identity."""
    return _digest(identity)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
