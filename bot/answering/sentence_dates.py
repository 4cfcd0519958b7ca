"""Which quoted sentences need their article's date beside them.

"Yesterday" or "on Tuesday" means a day that only the article's date tells; and what a newer report
of the same story may have overtaken isn't presented as if it were so now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from retrieval.models import Reference, SearchResult
from retrieval.timestamps import parse_span

# A report this much newer may have overtaken another of its story.
_OVERTAKEN = timedelta(hours=20)


def date_beside(text: str, article: Reference, results: Sequence[SearchResult]) -> str | None:
    """Return the date of ``article`` (ISO 8601) if its sentence ``text`` shouldn't be shown without
    it; None otherwise.

    Newer reports of the same story are looked for among ``results``.
    """
    if article.published_at is None:
        return None
    if speaks_of_its_day(text) or _overtaken(article, results):
        return parse_span(article.published_at).start.date().isoformat()
    return None


def speaks_of_its_day(text: str) -> bool:
    """Return whether a sentence has words for time relative to the day when it was written."""
    return bool(_relative().search(text))


def same_story(first: SearchResult, second: SearchResult) -> bool:
    """Return whether two results are different articles of one story, by ``also`` of either."""
    one, other = first.passage.article.article_id, second.passage.article.article_id
    return one != other and (
        any(each.article_id == other for each in first.also)
        or any(each.article_id == one for each in second.also)
    )


def _overtaken(article: Reference, results: Sequence[SearchResult]) -> bool:
    own = next(
        (each for each in results if each.passage.article.article_id == article.article_id), None
    )
    if own is None or article.published_at is None:
        return False
    published = parse_span(article.published_at).end
    return any(
        parse_span(each.passage.article.published_at).start - published >= _OVERTAKEN
        for each in results
        if each.passage.article.published_at and same_story(own, each)
    )


@cache
def _relative() -> re.Pattern[str]:
    words = json.loads(Path(__file__).with_name("relative_times.json").read_text(encoding="utf-8"))
    spaced = [w for language, listed in words.items() if language != "zh" for w in listed]
    return re.compile(rf"\b(?:{'|'.join(spaced)})\b|{'|'.join(words['zh'])}", re.IGNORECASE)
