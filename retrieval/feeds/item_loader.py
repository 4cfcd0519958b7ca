"""Turn a feed item into an article: from the feed if it has the whole text, otherwise from its
page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from retrieval.errors import FetchRefused, Note, UnreadableSource
from retrieval.extraction.feeds.items import FeedItem
from retrieval.ingestion.page_loader import PageLoader
from retrieval.ingestion.readers.feed import read_item
from retrieval.models import IngestItem
from retrieval.web.crawler import RobotsRefused

# Answers that say: not for you.
_BLOCKED = frozenset({401, 402, 403, 451})
# Reasons by which a page keeps itself from machines.
_KEPT_BACK = frozenset({"noai", "tdm-reservation"})


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of an item on the way to its article, as the ticket of what comes in.

    ``verdict`` is ``seen`` when there is an article, else ``blocked``, ``not-an-article`` or, where
    it may be tried again, ``failed``.
    """

    item: FeedItem
    verdict: str


async def load_item(label: str, item: FeedItem, pages: PageLoader) -> IngestItem:
    """Return the article of an item, with title, publisher, authors and date from the feed.

    If there is no article, return the reason.
    """
    if item.is_full:
        incoming = await asyncio.to_thread(read_item, label, item)
        return _with_fate(incoming, item, "seen" if incoming.article else "not-an-article")
    if item.url is None:
        return _with_fate(
            IngestItem(label, reason=Note("item-without-url"), title=item.title),
            item,
            "not-an-article",
        )
    try:
        incoming = _with_words(await pages.article(item.url), label, item)
    except UnreadableSource as error:
        refused = IngestItem(label, reason=error.note, url=item.url, title=item.title)
        return _with_fate(refused, item, _verdict_of(error))
    if incoming.article is not None:
        return _with_fate(incoming, item, "seen")
    kept_back = incoming.reason is not None and incoming.reason.code in _KEPT_BACK
    return _with_fate(incoming, item, "blocked" if kept_back else "not-an-article")


def _verdict_of(error: UnreadableSource) -> str:
    if error.retry:
        return "failed"
    if isinstance(error, RobotsRefused):
        return "blocked"
    if isinstance(error, FetchRefused) and (error.status is None or error.status in _BLOCKED):
        return "blocked"
    return "not-an-article"


def _with_words(incoming: IngestItem, label: str, item: FeedItem) -> IngestItem:
    article = incoming.article
    if article is None:
        return replace(incoming, label=label, url=item.url, title=item.title)
    return replace(
        incoming,
        label=label,
        article=replace(
            article,
            title=item.title or article.title,
            source=item.source or article.source,
            authors=item.authors or article.authors,
            published=item.published or article.published,
            language=article.language or item.language,
            # The page's own is made to be shown; a feed's is often a stamp.
            picture_url=article.picture_url or item.picture_url,
        ),
    )


def _with_fate(incoming: IngestItem, item: FeedItem, verdict: str) -> IngestItem:
    return replace(incoming, ticket=ItemOutcome(item, verdict))
