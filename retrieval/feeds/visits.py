"""What a look at a feed, or a visit, came to, and what it changes of the feed."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from retrieval.catalogue.feeds import Feed
from retrieval.errors import FetchRefused, Note, UnreadableSource
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.feeds.item_filter import FilteredItem, Verdict
from retrieval.feeds.opml import ListedFeed
from retrieval.feeds.schedule import PollIntervals, max_age
from retrieval.web import Fetched

_GONE = 410


@dataclass(frozen=True, slots=True)
class FeedPreview:
    """What a feed would bring. ``url`` is where it was found, None for a file."""

    url: str | None
    document: FeedDocument
    judged: tuple[FilteredItem, ...]


@dataclass(frozen=True, slots=True)
class FeedVisit:
    """What came of a visit: the feed as it is now, a verdict for each item if there was something to
    read, what became of the articles, by status, and for a failure the reason."""

    feed: Feed
    result: Literal["taken", "unchanged", "failed"]
    judged: tuple[FilteredItem, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class FeedImport:
    """What became of a feed of a list: ``feed`` where it is one of the corpus now or was before."""

    listed: ListedFeed
    status: Literal["added", "known", "failed"]
    feed: Feed | None = None
    reason: Note | None = None


def after_success(feed: Feed, now: datetime) -> Feed:
    """The feed once it was read: nothing that went wrong before counts any more."""
    return replace(
        feed, failures=0, failing_since=None, last_error=None, checked_at=now, retry_after=None
    )


def after_failure(feed: Feed, error: UnreadableSource, pace: PollIntervals, now: datetime) -> Feed:
    """The feed once it could not be read: asked again later and later, and paused after days."""
    since = feed.failing_since or now
    failures = feed.failures + 1
    retry_after = error.retry_after if isinstance(error, FetchRefused) else None
    after = replace(
        feed,
        failures=failures,
        failing_since=since,
        last_error=error.note,
        checked_at=now,
        next_at=pace.retry_at(now, failures, retry_after),
        retry_after=pace.retry_after_failure(now, retry_after),
    )
    if isinstance(error, FetchRefused) and error.status == _GONE:
        return replace(after, state="paused", pause_reason=Note("feed-gone"))
    if pace.is_to_be_paused(now - since, failures):
        reason = Note("failing-since", date=f"{since:%Y-%m-%d}", reason=error.note)
        return replace(after, state="paused", pause_reason=reason)
    return after


def identities_of(items: Sequence[FeedItem]) -> dict[str, str]:
    """By what each item is the same by, its key. Asks for all that is made of their words."""
    identities = {}
    for item in items:
        try:
            identities[item.identity] = item.key
        except ValueError:
            continue
        _ = item.fingerprint
    return identities


def as_it_turned_out(
    each: FilteredItem,
    turned_down: dict[str, tuple[str, Note | None]],
    kept_back: Mapping[str, Note] = MappingProxyType({}),
) -> FilteredItem:
    """An item after its article was asked for: by key, the outcome and the reason of those that
    were turned down, and why the new text of others was not taken."""
    if not each.is_taken:
        return each
    if each.item.key not in turned_down:
        kept = kept_back.get(each.item.key)
        return replace(each, reason=kept) if kept is not None else each
    fate, reason = turned_down[each.item.key]
    if fate == "failed":
        return replace(each, reason=Note("retried-later", reason=reason))
    # With an article that was turned down all the same, a moderator had removed it.
    verdict: Verdict = "not-an-article" if fate == "not-an-article" else "blocked"
    return replace(each, verdict=verdict, reason=reason, again=False)


def wanted_interval(fetched: Fetched, document: FeedDocument) -> float | None:
    """Return the seconds between visits that a publisher asks for, in the headers or the feed; None
    if it doesn't."""
    asked = [s for s in (max_age(fetched.headers), document.every) if s is not None]
    return max(asked, default=None)


async def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a feed's content, in hexadecimal digits."""
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
