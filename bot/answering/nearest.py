"""The articles to list when there is no answer: those that are about the question."""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.models import Reference, SearchResults
from retrieval.text.stemming import stems

MOST = 3
# The share of the question's weight that an article has to tell of.
_ABOUT = 0.4
_NAME = re.compile(r"(?<!^)(?<![.?!:] )\b[A-Z][\w’'-]*")


def nearest_coverage(found: SearchResults) -> list[Reference]:
    """Return at most three articles that are about the question of ``found``, best first.

    An article qualifies if it contains enough of the question's words, weighted by how rare they
    are. If the question names somebody or something, the article must contain one of the names.
    """
    named = {
        stem
        for word in _NAME.findall(found.question)
        for stem in stems(re.sub(r"[’']s?$", "", word), found.stemming)
        if stem in found.weights
    }
    words: dict[str, set[str]] = {}
    articles: dict[str, Reference] = {}
    for hit in found.hits:
        article = hit.passage.article
        articles.setdefault(article.article_id, article)
        words.setdefault(article.article_id, set()).update(
            stems(f"{article.title}\n{hit.passage.text}", found.stemming)
        )
    about = [
        articles[each]
        for each, own in words.items()
        if _coverage(own, found.weights) >= _ABOUT and (not named or named & own)
    ]
    return about[:MOST]


def _coverage(words: set[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(w for stem, w in weights.items() if stem in words) / total if total else 0.0
