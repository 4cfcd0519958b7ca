"""Decide which of the articles that came in are news for a post, once publishers have stopped
editing them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from uuid import uuid4

from bot.answering.summaries.topic import DigestTopic
from bot.storage.feed_posts import FeedPost, PostedArticle, note_articles, noted_articles
from retrieval.catalogue import Corpus
from retrieval.catalogue.arrivals import (
    Arrival,
    ArrivalLog,
    ListedItem,
    ShownArticle,
    listed_items,
    shown_articles,
)
from retrieval.catalogue.feeds import Feed
from retrieval.extraction.feeds.items import FeedItem, key_of
from retrieval.feeds.item_filter import FeedFilters
from retrieval.library import Library
from retrieval.timestamps import TimeRange, clock_went_back

# How far back arrivals are considered, and how old an article may be to count as news on arrival.
WINDOW = timedelta(days=2)
_OLDEST = timedelta(days=3)
# For how many settling times an article waits for a visit to its feed that shows no edit, and for
# how many at most if it is edited again and again.
_UNSEEN, _RESTLESS = 3, 12
_READ = 20_000  # characters, for filters
_BEGINS = 500  # characters that show what an article is about
_AT_ONCE = 500

FeedLookup = Callable[[str], Awaitable[Sequence[Feed]]]


class PostCollector:
    """Records which articles are to be posted, and which aren't and why."""

    def __init__(self, library: Library, feeds: FeedLookup) -> None:
        self._library = library
        self._database = library.database
        self._feeds = feeds
        self._log = ArrivalLog(library.database)

    async def collect(self, posts: Sequence[FeedPost], now: datetime) -> None:
        """Judge what has come into the corpora of ``posts`` lately and record it for each post.

        Raises ``StorageError``.
        """
        for name in dict.fromkeys(post.corpus for post in posts):
            corpus = await self._library.catalogue.corpora.by_name(name)
            if corpus is None:
                continue
            arrivals = await self._log.since(corpus, now - WINDOW)
            feeds = {f"feed {feed.id}": feed for feed in await self._feeds(name)}
            for post in posts:
                if post.corpus == name:
                    await self._collect(post, corpus, arrivals, feeds, now)

    async def _collect(
        self,
        post: FeedPost,
        corpus: Corpus,
        arrivals: Sequence[Arrival],
        feeds: Mapping[str, Feed],
        now: datetime,
    ) -> None:
        since = now - WINDOW
        noted = await noted_articles(self._database, post.id, since)
        listed = None
        if post.feed_id is not None:
            listed = await listed_items(self._database, post.feed_id, since)
        ready = await asyncio.to_thread(_ready, post, arrivals, noted, listed, feeds, now)
        topic = await self._topic(post, corpus, now) if ready and post.topic else None
        for first in range(0, len(ready), _AT_ONCE):
            part = ready[first : first + _AT_ONCE]
            shown = await shown_articles(self._database, [a.article_id for a in part], _READ)
            rows = await asyncio.to_thread(_judge, post, part, shown, topic, now)
            await note_articles(self._database, rows)

    async def _topic(self, post: FeedPost, corpus: Corpus, now: datetime) -> DigestTopic:
        """Return the topic with its words' weights in the corpus, as digests use it."""
        words = post.topic or ""
        found = await self._library.search(words, TimeRange(now), corpus=corpus.name, limit=1)
        return DigestTopic(words, found.weights)


def _ready(
    post: FeedPost,
    arrivals: Sequence[Arrival],
    noted: Set[str],
    listed: Mapping[str, ListedItem] | None,
    feeds: Mapping[str, Feed],
    now: datetime,
) -> list[Arrival]:
    """Return the post's articles that are to be judged now."""
    settling = timedelta(minutes=post.settle_minutes)
    return [
        each
        for each in arrivals
        if each.article_id not in noted
        and _is_news(each, post, listed)
        and _is_settled(each, settling, feeds, now)
    ]


def _is_news(arrival: Arrival, post: FeedPost, listed: Mapping[str, ListedItem] | None) -> bool:
    """Return whether an article is the post's, and came in since the post was made or resumed."""
    is_new = arrival.at >= post.resumed_at
    if listed is not None:
        item = listed.get(key_of(arrival.canonical_url))
        if item is None:
            return False
        return is_new or (item.known_before and item.at >= post.resumed_at)
    return is_new and (post.topic is not None or arrival.actor.startswith("feed "))


def _is_settled(
    arrival: Arrival, settling: timedelta, feeds: Mapping[str, Feed], now: datetime
) -> bool:
    """Return whether the text has stayed the same for the settling time, as far as a visit to the
    feed since then could tell."""
    if clock_went_back(arrival.changed_at, now) or now >= arrival.at + _RESTLESS * settling:
        return True
    if now < arrival.changed_at + settling:
        return False
    feed = feeds.get(arrival.actor)
    if feed is None or feed.state != "active" or now >= arrival.changed_at + _UNSEEN * settling:
        return True
    return feed.checked_at is not None and feed.checked_at >= arrival.changed_at + settling


def _judge(
    post: FeedPost,
    arrivals: Sequence[Arrival],
    shown: Mapping[str, ShownArticle],
    topic: DigestTopic | None,
    now: datetime,
) -> list[PostedArticle]:
    """Return what is to become of the articles that are shown; those not shown yet are judged
    later."""
    filters = FeedFilters.of(post.include, post.exclude)
    rows = []
    for arrival in arrivals:
        article = shown.get(arrival.article_id)
        if article is None:
            continue
        reason = _why_not(article, arrival, filters, topic)
        rows.append(
            PostedArticle(
                id=uuid4().hex[:25],
                post_id=post.id,
                channel_id=post.channel_id,
                article_id=arrival.article_id,
                story_id=article.story_id,
                published_at=article.at,
                arrived_at=arrival.at,
                state="waiting" if reason is None else "skipped",
                reason=reason,
                at=now,
            )
        )
    return rows


def _why_not(
    article: ShownArticle, arrival: Arrival, filters: FeedFilters, topic: DigestTopic | None
) -> str | None:
    if article.at < arrival.at - _OLDEST:
        return "old"
    reference = article.article
    item = FeedItem(0, reference.url, reference.title, article.text, language=article.language)
    if filters.rejection(item) is not None:
        return "filtered"
    if topic is not None and not topic.named_in(f"{reference.title}\n{article.text[:_BEGINS]}"):
        return "off-topic"
    return None
