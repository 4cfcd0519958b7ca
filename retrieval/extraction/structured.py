"""Read what a page says about itself, in JSON-LD and in its head."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.extraction.wording import words

_ARTICLE_TYPES = re.compile(
    r"(?:\w*(?:News|Scholarly|Tech|Opinion|Analysis|Review|Report\w*)Article|Article|BlogPosting|LiveBlogPosting|Report|Review|SocialMediaPosting)$"
)
_DEEPEST = 12
_MOST_OBJECTS = 2_000
_LONGEST_SCRIPT = 1_000_000
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
# Comments that hide scripts from old browsers.
_WRAPPING = re.compile(
    r"^\s*(?:(?://|/\*)?\s*(?:<!--|<!\[CDATA\[)\s*(?:\*/)?\s*)+|\s*(?:(?://|/\*)?\s*(?:-->|\]\]>)\s*(?:\*/)?\s*)+$"
)
_BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])")
_BETWEEN_OBJECTS = re.compile(r"\s*[,;]*\s*")


@dataclass(frozen=True, slots=True)
class StructuredData:
    """What a page says about itself. ``article`` is the JSON-LD object of the article that the page
    shows (empty if there is none), ``types`` are all declared types, and ``meta`` holds the values
    of meta elements by lower-case name."""

    article: dict[str, Any] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    meta: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *names: str) -> str | None:
        """Return the first value of these meta elements that isn't empty; None if there is none."""
        for name in names:
            for value in self.meta.get(name, ()):
                if text := " ".join(value.split()):
                    return text
        return None

    def text(self, key: str) -> str | None:
        """Return a string of the article's JSON-LD; None if there is none."""
        value = self.article.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        return value.strip() or None if isinstance(value, str) else None

    def names(self, key: str) -> list[str]:
        """Return the names of people or organizations under ``key`` of the article's JSON-LD."""
        value = self.article.get(key)
        found = []
        for entry in value if isinstance(value, list) else [value]:
            name = entry.get("name") if isinstance(entry, dict) else entry
            for each in name if isinstance(name, list) else [name]:
                if isinstance(each, str) and each.strip():
                    found.append(" ".join(each.split()))
        return found


def read_structured(tree: Any, url: str | None = None) -> StructuredData:
    """Read a parsed page that came from ``url``. Broken JSON-LD is repaired or skipped."""
    objects = [found for script in tree.iter("script") for found in _objects(script)]
    types = {kind for found in objects for kind in _types(found)}
    articles = [
        found for found in objects if any(_ARTICLE_TYPES.match(kind) for kind in _types(found))
    ]
    meta: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = element.get("content")
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if content and name:
            meta.setdefault(name.strip().lower(), []).append(content)
    article = _resolved(_own(articles, tree, meta, url), objects)
    return StructuredData(article, frozenset(types), meta)


def _resolved(article: dict[str, Any], objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the article with the people and organizations that it only refers to by ``@id``."""
    known = {
        each["@id"]: each for each in objects if isinstance(each.get("@id"), str) and "name" in each
    }

    def found(value: Any) -> Any:
        if isinstance(value, list):
            return [found(each) for each in value]
        if isinstance(value, dict) and "name" not in value:
            return known.get(str(value.get("@id")), value)
        return value

    return article | {key: found(article[key]) for key in ("author", "publisher") if key in article}


def _own(
    articles: list[dict[str, Any]], tree: Any, meta: dict[str, list[str]], url: str | None
) -> dict[str, Any]:
    """Return the described article that the page shows, by URL or headline; an empty object if
    there is none.

    A single article is taken unless both say otherwise; of several, none is taken without a sign.
    """
    addresses = {
        _address(each, url)
        for each in (url, *meta.get("og:url", ()), *tree.xpath("//link[@rel='canonical']/@href"))
    }
    heads = [
        *meta.get("og:title", ()),
        tree.findtext(".//title") or "",
        *(h.text_content() for h in tree.iter("h1")),
    ]
    known = [set(words(head)) for head in heads if head]

    def marks(article: dict[str, Any]) -> tuple[int, int]:
        at = [_address(each, url) for each in _places(article)]
        same_place = (1 if any(a in addresses for a in at if a) else -1) if any(at) else 0
        headline = article.get("headline") or article.get("name")
        told = set(words(headline)) if isinstance(headline, str) else set()
        if len(told) < 3 or not any(known):
            return same_place, 0
        like = any(len(told & each) >= 0.6 * min(len(told), len(each)) for each in known if each)
        return same_place, 1 if like else -1

    marked = [(marks(article), article) for article in articles]
    fitting = [
        article for (place, head), article in marked if place + head > 0 or (place, head) == (-1, 1)
    ]
    if fitting:
        return max(fitting, key=_weight)
    unsure = [article for (place, head), article in marked if place + head == 0]
    return unsure[0] if len(unsure) == 1 == len(articles) else {}


def _places(article: dict[str, Any]) -> list[Any]:
    main = article.get("mainEntityOfPage")
    return [article.get("url"), main.get("@id") if isinstance(main, dict) else main]


def _address(value: Any, base: str | None) -> str | None:
    """Return the host and path of a URL, as far as they distinguish pages."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        parts = urlsplit(urljoin(base or "", value.strip()))
    except ValueError:
        return None
    path = parts.path.rstrip("/").removesuffix(".html")
    return f"{(parts.hostname or '').removeprefix('www.')}{path}" if path else None


def _objects(script: Any) -> Iterator[dict[str, Any]]:
    if not (script.get("type") or "").strip().lower().startswith("application/ld+json"):
        return
    text = _WRAPPING.sub("", script.text or "").strip().rstrip(";")
    if not text or len(text) > _LONGEST_SCRIPT:
        return
    waiting: list[tuple[Any, int]] = [(loaded, 0) for loaded in _loaded(text)]
    count = 0
    while waiting and count < _MOST_OBJECTS:
        value, depth = waiting.pop(0)
        count += 1
        if isinstance(value, dict):
            yield value
        if depth < _DEEPEST:
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _loaded(text: str) -> list[Any]:
    """Load JSON, repaired where templates break it: trailing commas, raw line breaks, bad escapes,
    several objects in a row, a missing end."""
    for attempt in (text, _BAD_ESCAPE.sub("", _TRAILING_COMMA.sub("", text))):
        try:
            return _in_a_row(attempt)
        except (ValueError, RecursionError):
            continue
    try:
        return _in_a_row(_closed(_BAD_ESCAPE.sub("", _TRAILING_COMMA.sub("", text))))
    except (ValueError, RecursionError):
        return []


def _in_a_row(text: str) -> list[Any]:
    decoder = json.JSONDecoder(strict=False)
    found = []
    place = 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        gap = _BETWEEN_OBJECTS.match(text, place)
        place = gap.end() if gap else place
        if place < len(text) and text[place] not in "{[":
            break
    return [value for value in found if isinstance(value, dict | list)]


def _closed(text: str) -> str:
    """Return ``text`` up to its last complete member, with the missing brackets."""
    stack: list[str] = []
    inside = escaped = False
    whole = ("", "")
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif inside:
            escaped, inside = char == "\\", char != '"'
        elif char == '"':
            inside = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and stack:
            stack.pop()
        elif char == ",":
            whole = (text[:place], "".join(reversed(stack)))
    return whole[0] + whole[1]


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
