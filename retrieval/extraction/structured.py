"""What a page says of itself in JSON-LD and in its head."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_ARTICLE_TYPES = re.compile(
    r"(?:\w*(?:News|Scholarly|Tech|Opinion|Analysis|Review|Report\w*)Article|Article|BlogPosting|LiveBlogPosting|Report|Review|SocialMediaPosting)$"
)
_DEEPEST = 12
_MOST_OBJECTS = 2_000
_LONGEST_SCRIPT = 1_000_000


@dataclass(frozen=True, slots=True)
class StructuredData:
    """``article`` is the JSON-LD object of the page's article (empty if there is none), ``types``
    all types that are declared, ``meta`` the values of the head's meta elements by lower-case name."""

    article: dict[str, Any] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    meta: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *names: str) -> str | None:
        """The first meta element of these names that says something."""
        for name in names:
            for value in self.meta.get(name, ()):
                if text := " ".join(value.split()):
                    return text
        return None

    def text(self, key: str) -> str | None:
        """A string of the article's JSON-LD."""
        value = self.article.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        return value.strip() or None if isinstance(value, str) else None

    def names(self, key: str) -> list[str]:
        """The names of people or organisations under ``key`` of the article's JSON-LD."""
        value = self.article.get(key)
        found = []
        for entry in value if isinstance(value, list) else [value]:
            name = entry.get("name") if isinstance(entry, dict) else entry
            for each in name if isinstance(name, list) else [name]:
                if isinstance(each, str) and each.strip():
                    found.append(" ".join(each.split()))
        return found


def read_structured(tree: Any) -> StructuredData:
    """Read a parsed page. What is broken in it is passed over."""
    objects = [found for script in tree.iter("script") for found in _objects(script)]
    types = {kind for found in objects for kind in _types(found)}
    articles = [
        found for found in objects if any(_ARTICLE_TYPES.match(kind) for kind in _types(found))
    ]
    # A page lists other articles too, with less said of them.
    article = max(articles, key=_weight, default={})
    meta: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = element.get("content")
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if content and name:
            meta.setdefault(name.strip().lower(), []).append(content)
    return StructuredData(article, frozenset(types), meta)


def _objects(script: Any) -> Iterator[dict[str, Any]]:
    if not (script.get("type") or "").strip().lower().startswith("application/ld+json"):
        return
    text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    if not text or len(text) > _LONGEST_SCRIPT:
        return
    try:
        loaded = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    waiting = [(loaded, 0)]
    count = 0
    while waiting and count < _MOST_OBJECTS:
        value, depth = waiting.pop(0)
        count += 1
        if isinstance(value, dict):
            yield value
        if depth < _DEEPEST:
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _types(found: dict[str, Any]) -> list[str]:
    kinds = found.get("@type")
    return [
        kind.rpartition("/")[2]
        for kind in (kinds if isinstance(kinds, list) else [kinds])
        if isinstance(kind, str)
    ]


def _weight(article: dict[str, Any]) -> int:
    body = article.get("articleBody")
    told = ("headline", "datePublished", "author", "publisher", "mainEntityOfPage")
    return sum(key in article for key in told) + (
        3 if isinstance(body, str) and len(body) > 200 else 0
    )
