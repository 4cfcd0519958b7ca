"""Filters as moderators type them: words separated by commas."""

from __future__ import annotations

from typing import Any

from bot.errors import UserError
from bot.storage.feed_posts import FeedPost
from retrieval.feeds.item_filter import FeedFilters

_MOST = 20


def words_of(given: str | None) -> tuple[str, ...]:
    """Return the words between commas. Raises ``UserError`` (``feed-too-many-words``)."""
    words = [" ".join(word.split()) for word in (given or "").split(",")]
    words = [word for word in words if word]
    if len(words) > _MOST:
        raise UserError("feed-too-many-words", most=_MOST)
    return tuple(words)


def filter_words(before: FeedPost | None, **given: str | None) -> dict[str, Any]:
    """Return the columns with a post's filters, if any of ``include``, ``exclude`` and
    ``languages`` is given; the others keep their values. Raises ``UserError``."""
    words = {name: words_of(text) for name, text in given.items() if text}
    if not words:
        return {}
    kept = FeedFilters.of(before.include, before.exclude) if before else FeedFilters()
    values = {name: getattr(kept, name) for name in FeedFilters.__dataclass_fields__}
    include, exclude = FeedFilters(**{**values, **words}).as_lists()
    return {"include": tuple(include), "exclude": tuple(exclude)}
