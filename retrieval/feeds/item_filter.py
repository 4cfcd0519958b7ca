"""Decide which items of a feed are new, and why the others are skipped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from retrieval.catalogue.feeds import KnownFeedItem
from retrieval.errors import InvalidURL, Note
from retrieval.extraction.feeds.items import FeedItem
from retrieval.text.tokens import stands_whole

Verdict = Literal["new", "seen", "old", "filtered", "blocked", "not-an-article"]

_NO_PAGE = re.compile(
    r"\.(?:mp[34]|m4[av]|ogg|wav|webm|mov|avi|jpe?g|png|gif|webp|svg|zip|gz|exe|docx?|xlsx?|pptx?|ics)$",
    re.IGNORECASE,
)
MOST_TRIES = 3
_LANGUAGE, _CATEGORY = "language:", "category:"


@dataclass(frozen=True, slots=True)
class FilteredItem:
    """An item and its verdict. ``again`` is True for a seen item that has changed."""

    item: FeedItem
    verdict: Verdict
    reason: Note | None = None
    again: bool = False

    @property
    def is_taken(self) -> bool:
        """Return whether the item is to be loaded."""
        return self.verdict == "new" or self.again


@dataclass(frozen=True, slots=True)
class FeedFilters:
    """What a feed's items must have: one word of ``include``, one of ``languages`` (ISO 639) and
    one of ``categories``, if these are set; and no excluded word or category.

    A category is one that the feed files an item under, or a folder in its URL. An item of unknown
    language passes.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> FeedFilters:
        """Parse the lists that a feed stores, which also contain entries such as ``language:de``
        and ``category:sport``."""
        return cls(
            tuple(word for word in include if not word.startswith((_LANGUAGE, _CATEGORY))),
            tuple(word for word in exclude if not word.startswith(_CATEGORY)),
            tuple(word.removeprefix(_LANGUAGE) for word in include if word.startswith(_LANGUAGE)),
            tuple(word.removeprefix(_CATEGORY) for word in include if word.startswith(_CATEGORY)),
            tuple(word.removeprefix(_CATEGORY) for word in exclude if word.startswith(_CATEGORY)),
        )

    def as_lists(self) -> tuple[list[str], list[str]]:
        """Return the lists that a feed stores; ``of`` parses them."""
        return (
            [
                *self.include,
                *(_LANGUAGE + each.lower() for each in self.languages),
                *(_CATEGORY + each for each in self.categories),
            ],
            [*self.exclude, *(_CATEGORY + each for each in self.without_categories)],
        )

    def rejection(self, item: FeedItem) -> Note | None:
        """Return why the filters reject an item; None if they don't."""
        words = f"{item.title}\n{item.text}"
        for word in self.exclude:
            if stands_whole(word, words):
                return Note("word-excluded", word=word)
        if self.include and not any(stands_whole(word, words) for word in self.include):
            return Note("words-missing", words=", ".join(self.include))
        if self.languages and item.language and item.language not in self.languages:
            return Note(
                "language-not-wanted", language=item.language, wanted=", ".join(self.languages)
            )
        filed = _filed_under(item)
        for category in self.without_categories:
            if category.casefold() in filed:
                return Note("category-excluded", category=category)
        if self.categories and not any(each.casefold() in filed for each in self.categories):
            return Note("categories-missing", categories=", ".join(self.categories))
        return None


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What is known when a document is judged: by item key what became of it, by identity which are
    articles of the corpus (with a reason if a moderator removed one), and what counts as old:
    on a first run all but the newest ``first``, later what is dated before ``oldest``."""

    known: Mapping[str, KnownFeedItem]
    articles: Mapping[str, Note | None]
    first: int | None = None
    oldest: datetime | None = None


def filter_items(
    items: Sequence[FeedItem], past: ItemHistory, filters: FeedFilters
) -> list[FilteredItem]:
    """Return a verdict for each item, in order."""
    met: set[str] = set()
    judged = [_filter_item(item, past, filters, met) for item in items]
    if past.first is not None:
        _keep_newest(judged, past.first)
    return judged


def _filter_item(
    item: FeedItem, past: ItemHistory, filters: FeedFilters, met: set[str]
) -> FilteredItem:
    if item.url is None and not item.is_full:
        missing = Note("item-without-url" if item.text else "item-without-url-and-text")
        return FilteredItem(item, "not-an-article", missing)
    try:
        key = item.key
    except InvalidURL as error:
        return FilteredItem(item, "blocked", error.note)
    if key in met:
        return FilteredItem(item, "seen", Note("item-repeated"))
    met.add(key)
    known = past.known.get(key)
    is_article = item.identity in past.articles
    if removal := past.articles.get(item.identity):
        return FilteredItem(item, "blocked", removal)
    if rejection := filters.rejection(item):
        return FilteredItem(item, "filtered", rejection)
    if known is not None:
        return _filter_known_item(item, known)
    if is_article:
        return FilteredItem(item, "seen", Note("article-known"))
    if not item.is_full and (reason := _no_article(item.url or "")):
        return FilteredItem(item, "not-an-article", reason)
    if past.oldest is not None and item.published and item.published.end < past.oldest:
        return FilteredItem(item, "old", Note("before-date", date=f"{past.oldest:%Y-%m-%d}"))
    return FilteredItem(item, "new")


def _filter_known_item(item: FeedItem, known: KnownFeedItem) -> FilteredItem:
    changed = item.fingerprint != known.fingerprint
    if known.verdict == "seen" and is_listed_only(known.reason):
        return FilteredItem(item, "seen", known.reason)
    if known.verdict == "seen":
        reason = Note("changed-since" if changed else "taken-before")
        return FilteredItem(item, "seen", reason, again=changed)
    if known.verdict == "failed":
        if known.tries < MOST_TRIES or changed:
            return FilteredItem(item, "new", Note("not-fetched-yet", reason=known.reason))
        return FilteredItem(item, "not-an-article", known.reason)
    if known.verdict == "old":
        return FilteredItem(item, "old", known.reason)
    if changed:
        return FilteredItem(item, "new", Note("changed-since-rejection"))
    verdict: Verdict = "blocked" if known.verdict == "blocked" else "not-an-article"
    return FilteredItem(item, verdict, known.reason)


def is_listed_only(reason: Note | None) -> bool:
    """Return whether an item's article came from another source, which decides on its text."""
    return reason is not None and reason.code == "article-known"


def _keep_newest(judged: list[FilteredItem], first: int) -> None:
    """Of the new ones all but the newest are old. Undated ones count as the feed orders them."""
    new = [index for index, each in enumerate(judged) if each.verdict == "new"]
    dates = {i: p.end for i in new if (p := judged[i].item.published)}
    last = datetime.max.replace(tzinfo=UTC)
    new.sort(key=lambda i: dates.get(i, last), reverse=True)
    for index in new[first:]:
        judged[index] = replace(
            judged[index],
            verdict="old",
            reason=Note("not-among-newest", most=first),
        )


def _no_article(url: str) -> Note | None:
    path = urlsplit(url).path
    if not path.strip("/") and not urlsplit(url).query:
        return Note("home-page-url")
    if found := _NO_PAGE.search(path):
        return Note("file-url", kind=found[0][1:].lower())
    return None


def _filed_under(item: FeedItem) -> set[str]:
    """What an item is filed under: the feed's categories and the folders of its address."""
    folders = urlsplit(item.url).path.split("/")[:-1] if item.url else []
    return {each.casefold() for each in (*item.categories, *folders) if each}
