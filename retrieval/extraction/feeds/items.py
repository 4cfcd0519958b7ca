"""What a feed's document holds."""

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
    """One entry. ``text`` is what the feed gives, ``is_full`` whether it is the whole article.

    What is made of its words is made once, where it is first asked for.
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
    # What the feed files it under, as written.
    categories: tuple[str, ...] = ()
    guid: str | None = None
    # What tells it from other items of the same link, None where nothing needs to.
    anchor: str | None = None
    picture_url: str | None = None

    @cached_property
    def identity(self) -> str:
        """The canonical URL, or for an item without one its text: what it is the same item by. Items
        that share a link have their anchor beside it.

        Raises ``ValueError`` with a reason to show for a URL that is none.
        """
        if not self.url:
            return f"text:{content_hash(self.text)}"
        place = canonical_url(self.url)
        return f"{place}#{self.anchor}" if self.anchor else place

    @cached_property
    def key(self) -> str:
        return key_of(self.identity)

    @cached_property
    def fingerprint(self) -> str:
        """Another one when the feed gives other words or says that the article was updated."""
        return _digest(f"{self.title}\n{self.text}\n{self.updated}")

    def to_record(self) -> dict[str, Any]:
        """For JSON; ``from_record`` reads it back."""
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
    ``sitemap-index``; only the last has ``children``, the addresses of sitemaps. ``every`` is how
    many seconds the feed asks to be left alone after each visit."""

    kind: str
    title: str | None
    items: tuple[FeedItem, ...]
    children: tuple[str, ...] = ()
    every: int | None = None


def key_of(identity: str) -> str:
    """The key of the item that has this identity, which is the canonical URL of its article too."""
    return _digest(identity)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
