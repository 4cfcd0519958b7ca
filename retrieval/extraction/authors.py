"""Find who wrote an article: the names in JSON-LD, in the head, or else in the byline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import unescape
from itertools import islice
from typing import Any

from retrieval.extraction.boilerplate import following
from retrieval.extraction.structured import StructuredData
from retrieval.extraction.wording import fold, phrases_of, words
from retrieval.text.calendar_names import MONTH, WEEKDAY

_META = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
)
_MOST = 12
_LONGEST_NAME = 60
_LONGEST_BYLINE = 200
_BARS = re.compile(r"\s*(?:[|•·\n]|\s[–—-]\s)\s*")
_SEPARATORS = re.compile(r"\s*(?:[;,،、，；/&]|\s\+\s)\s*")
_NO_NAME = re.compile(
    rf"https?:|www\.|@|\d|[{{}}<>=]|^(?:{WEEKDAY}|{MONTH})$",
    re.IGNORECASE,
)
_COMMA_ROLE = re.compile(
    r"\s*,\s*(?=(?:[a-z ]*(?:staff|writer|editor|reporter|correspondent|associated press|usa today|reuters))).*$",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?<![a-z])(?:by-?lines?|authors?(?:-?names?)?|writers?|autor(?:es|en|e)?|auteurs?|autore|yazar|signature|contributor)(?![a-z])"
)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_LINES = frozenset({"p", "div", "span", "address", "li"})
# How many elements after the headline are searched for a byline.
_NEAR = 40
_WHOLE = frozenset({"html", "body", "article", "main"})
_ELSEWHERE = frozenset({"aside", "footer", "nav", "figure", "figcaption", "form"})
_OTHER_BOX = re.compile(
    r"(?<![a-z])(?:related|comments?|recommend|sidebar|teaser|more|bio|about|caption|credit)"
)
# In scripts without capitals, a byline shows in the words before or after the name.
_CAPITAL = re.compile(r"[A-ZÀ-ÞĀ-ŽА-ЯЁЄІЇҐΑ-Ω]")
_UNSPACED_NAME = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{2,8}|[\uac00-\ud7af]{2,5}")


def authors(tree: Any, said: StructuredData, site: str | None) -> tuple[str, ...]:
    """Return the names of up to 12 people: those in JSON-LD, or else in the head, or else in the
    byline. ``site`` is the publisher's name, which isn't an author."""
    marked = [
        " ".join(e.itertext())
        for e in tree.xpath("//*[@rel='author' or @itemprop='author']")
        if not _is_elsewhere(e)
    ][:4]
    sources: list[Iterable[str]] = [said.names("author")]
    sources += [said.meta.get(name, []) for name in _META]
    sources.append(marked)
    for given in sources:
        if found := names_in(given, site):
            return found
    if found := _from_byline(tree, site):
        return found
    from trafilatura.metadata import extract_author

    return names_in((extract_author(tree) or "").split(";"), site)


def names_in(given: Iterable[str], site: str | None = None) -> tuple[str, ...]:
    """Return the names of people in bylines or author fields."""
    found: dict[str, None] = {}
    for text in given:
        if "://" in text:
            continue
        for name in _names(" ".join(unescape(text).split())):
            if _is_name(name) and words(name) != words(site or ""):
                found[name] = None
    return tuple(found)[:_MOST]


def byline_names(line: str) -> tuple[str, ...]:
    """Return the names in a line that is only a byline; none for any other line."""
    plain = " ".join(_MAIL.sub("", line).split())
    if not 3 <= len(plain) <= _LONGEST_BYLINE:
        return ()
    first = _BARS.split(plain)[0]
    bare = _without_intro(first)
    if bare == first:
        bare = _without_ending(first)
        if bare == first or not _UNSPACED_NAME.fullmatch(bare):
            return ()
    elif not _CAPITAL.match(bare) and bare.isascii():
        return ()
    names = tuple(name for name in _names(first) if _is_name(name))
    return names if all(len(name.split()) <= 5 for name in names) else ()


def _names(text: str) -> list[str]:
    names: list[str] = []
    for segment in _BARS.split(text):
        bare = _COMMA_ROLE.sub("", _without_intro(segment))
        if inverted := _inverted(bare):
            names.append(inverted)
            continue
        for part in _SEPARATORS.split(_joined_by_and().sub(" ; ", bare)):
            names.append(_without_ending(_without_intro(part)))
    return names


def _inverted(text: str) -> str | None:
    """Return ``Krog, Ilse`` in natural order: one word, a comma, one or two words; None for other
    texts."""
    parts = [part.strip() for part in re.split(r"[,，]", text)]
    if len(parts) != 2 or not all(parts):
        return None
    last, first = parts
    if (
        len(last.split()) != 1
        or len(first.split()) not in {1, 2}
        or fold(first) in phrases_of("nobody")
    ):
        return None
    if not (_CAPITAL.match(last) and _CAPITAL.match(first)) or _joined_by_and().search(first):
        return None
    return f"{first} {last}"


def _without_intro(text: str) -> str:
    """Remove ``By``, ``Par``, ``Von`` and the like before a name."""
    folded = fold(text)
    for phrase in phrases_of("by"):
        if not folded.startswith(phrase):
            continue
        rest = text[len(phrase) :]
        if re.match(r"[\s:：/／]", rest) or (
            _UNSPACED_NAME.match(phrase) and _UNSPACED_NAME.fullmatch(rest)
        ):
            return rest.lstrip(" :：/／")
    return text


def _without_ending(text: str) -> str:
    """Remove roles, agencies, dates and ``Updated`` after a name."""
    name = re.sub(r"\s*[(（\[].*$", "", text).strip()
    changed = True
    while changed:
        changed = False
        folded = fold(name)
        for phrase in phrases_of("behind"):
            if folded.endswith(phrase) and len(folded) > len(phrase):
                before = name[: len(name) - len(phrase)]
                if before[-1:].isspace() or (
                    not phrase.isascii()
                    and not phrase[0].isspace()
                    and _UNSPACED_NAME.match(phrase)
                ):
                    name, changed = before.strip(" ,:-"), True
                    break
    return re.sub(r"\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day$", "", name, flags=re.IGNORECASE)


def _is_name(name: str) -> bool:
    if not 2 <= len(name) <= _LONGEST_NAME or _NO_NAME.search(name):
        return False
    folded = fold(name)
    return folded not in phrases_of("nobody") and folded not in phrases_of("by")


@cache
def _joined_by_and() -> re.Pattern[str]:
    every = "|".join(re.escape(word) for word in phrases_of("and"))
    return re.compile(rf"\s+(?:{every})\s+", re.IGNORECASE)


def _from_byline(tree: Any, site: str | None) -> tuple[str, ...]:
    """Search the elements that are named like a byline, then lines near the headline that begin
    like one."""
    for element in tree.iter("p", "div", "span", "a", "address", "li", "strong", "em", "b"):
        name = _named(element)
        if not _BYLINE.search(name) or _OTHER_BOX.search(name) or _is_elsewhere(element):
            continue
        text = " ".join(" ".join(element.itertext()).split())
        if not 3 <= len(text) <= _LONGEST_BYLINE:
            continue
        linked = [
            a.text_content()
            for a in element.iter("a")
            if a is not element and "author" in (a.get("href") or "")
        ]
        if found := names_in(linked, site) or names_in([re.split(r"\d", text)[0]], site):
            return found
    heading = next(tree.iter("h1"), None)
    if heading is None:
        return ()
    for element in islice(following(heading), _NEAR):
        if element.tag not in _LINES:
            continue
        text = element.text_content()
        if len(text) > _LONGEST_BYLINE:
            if element.tag == "p":
                break
            continue
        if found := byline_names(text):
            return found
    return ()


def _is_elsewhere(element: Any) -> bool:
    for above in element.iterancestors():
        if above.tag in _ELSEWHERE:
            return True
        if above.tag not in _WHOLE and _OTHER_BOX.search(_named(above)):
            return True
    return False


def _named(element: Any) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower().replace("_", "-")
