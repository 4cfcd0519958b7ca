"""A feed saved to a file, an article an item; and one item as an article."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.errors import InvalidURL, Note, UnreadableSource
from retrieval.extraction.dates import not_to_come
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.models import Article, IngestItem
from retrieval.web.urls import host_name


def read_items(label: str, document: FeedDocument) -> Iterator[IngestItem]:
    """Yield the items of a feed with what it says of each, labelled ``name:number``.

    Raises ``UnreadableSource`` if it holds none.
    """
    if document.children:
        raise UnreadableSource("sitemap-index-file")
    if not document.items:
        raise UnreadableSource("feed-without-items")
    for item in document.items:
        yield read_item(f"{label}:{item.number}", item)


def read_item(label: str, item: FeedItem) -> IngestItem:
    """What the feed itself says of an item, as an article; or why that makes none."""
    reason = None
    host = None
    if item.title is None:
        reason = Note("item-without-title")
    elif not item.text:
        reason = Note("item-without-text")
    elif item.url is not None:
        try:
            host = host_name(item.url)
        except InvalidURL as error:
            reason = error.note
    if reason is not None or item.title is None:
        return IngestItem(label, reason=reason, url=item.url, title=item.title)
    return IngestItem(
        label,
        fetched=True,
        anchor=item.anchor,
        article=Article(
            title=item.title,
            text=item.text,
            url=item.url,
            source=item.source or host,
            authors=item.authors,
            published=not_to_come(item.published),
            language=item.language,
            picture_url=item.picture_url,
        ),
    )
