"""Find the title, publisher, URL and language of a page's article."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.extraction.structured import StructuredData
from retrieval.extraction.wording import size, words
from retrieval.web.picture_urls import picture_url
from retrieval.web.urls import host_name, split_http_url

# Separators between a headline and the names of a section and a site.
_BARS = re.compile(r"\s+(?:[|·•»›–—]|-|::|/)\s+|\s*[｜|]\s*|\s*_+\s*(?=\S)")
_TIGHT = re.compile(r"\s*[：:＿\-‐—–]\s*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])", re.IGNORECASE)
_SOFT = re.compile("[\u00ad\u200b\u2060\ufeff]")
_DENSE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
# A short last part after a longer headline is the site's name, or a section.
_SUFFIX_SIZE = 30
_HEADLINE_SIZE = 16
# So few words before a bar are a section or a kicker.
_KICKER = re.compile(r"([^\s|｜•»]+(?:\s[^\s|｜•»]+)?)\s*[|｜•»]\s*(?=\S)")
_KICKER_SIZE = 18
# Languages that detectors confuse: here the page's declaration counts.
_ALIKE = (
    {"no", "nb", "nn", "da"},
    {"hr", "sr", "bs", "sl", "mk"},
    {"id", "ms", "jv"},
    {"pt", "gl", "es", "ca", "an"},
    {"cs", "sk"},
    {"zh", "ja"},
    {"hi", "mr", "ne"},
    {"fa", "ar", "ur"},
    {"ru", "uk", "bg", "be", "mk"},
    {"nl", "af"},
)


def titles(tree: Any, said: StructuredData, site: str | None) -> tuple[str | None, list[str]]:
    """Return the headline, and every form of it in the page; ``site`` is the publisher's name.

    The first-level heading is the headline as readers see it, if the head has a similar one.
    """
    told = [
        _clean(unescape(text))
        for text in (said.text("headline"), said.first("og:title"), said.first("twitter:title"))
        if text
    ]
    head = _clean(tree.findtext(".//title") or "")
    told += [head] if head else []
    headings = [_clean(h.text_content()) for h in tree.iter("h1")]
    sites = [name for name in (said.first("og:site_name"), site) if name]
    stripped = [without_site(text, sites) for text in told]
    seen = [heading for heading in headings if any(_alike(heading, text) for text in stripped)]
    best: str | None = next(iter([*seen, *stripped, *headings]), None)
    return best or None, [*seen, *told, *stripped]


def without_site(title: str, sites: list[str]) -> str:
    """Return a title without the name of its site, at either end, and without the section beside
    it."""
    found = False
    for site in sorted(sites, key=len, reverse=True):
        shorter = _without_name(title, site)
        if shorter != title:
            title, found = shorter, True
    title = _without_kicker(title)
    parts = _BARS.split(title)
    marks = [match[0].strip() for match in _BARS.finditer(title)]
    # "Headline – Section – Site": a short part beside the site's name is a section.
    while len(parts) > 1 and _is_suffix(parts, known=found):
        if not found and len(marks) > 1 and marks[-1] != marks[-2]:
            found = True
        title = title[: title.rindex(parts[-1])]
        title = _trim_bars(title)
        parts, marks, found = parts[:-1], marks[:-1], True
    return title


def canonical(tree: Any, said: StructuredData, url: str | None) -> str | None:
    """Return the URL that the page gives itself, if it is on the same site and not its front page;
    None otherwise."""
    stated = [*tree.xpath("//link[@rel='canonical']/@href"), said.first("og:url")]
    for value in stated:
        try:
            address: str = urljoin(url or "", str(value or "").strip())
            path = split_http_url(address).path.strip("/")
            if path and (url is None or _is_same_page(address, url)):
                return address
        except ValueError:
            continue
    return None


def picture(said: StructuredData, url: str | None) -> str | None:
    """Return the URL of the picture that the page gives its article; None if there is none."""
    names = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image")
    given: list[object] = [value for name in names for value in said.meta.get(name, ())]
    images = said.article.get("image")
    for each in images if isinstance(images, list) else [images]:
        given.append(each.get("url") if isinstance(each, dict) else each)
    return picture_url(given, url)


def language_tag(tree: Any, said: StructuredData) -> str | None:
    """Return the language tag that the page declares, such as ``en-GB``; None if there is none."""
    xml = "{http://www.w3.org/XML/1998/namespace}lang"
    values = (
        tree.get("lang"),
        tree.get(xml),
        said.text("inLanguage"),
        said.first("og:locale"),
        said.first("content-language", "language"),
    )
    for value in values:
        if value and _LANGUAGE.match(value.strip()):
            return value.strip()
    return None


def declared_language(tag: str | None) -> str | None:
    """Return the ISO 639 code of a language tag; None if there is none."""
    match = _LANGUAGE.match(tag) if tag else None
    return match[0].lower() if match else None


def language(declared: str | None, detected: str | None) -> str | None:
    """Return the detected language, since pages often declare that of their template; the declared
    one if the two are easily confused."""
    if declared is None or detected is None or declared == detected:
        return declared or detected
    alike = any({declared, detected} <= group for group in _ALIKE)
    return declared if alike else detected


def _clean(text: str) -> str:
    return " ".join(_SOFT.sub("", text).split())


def _without_name(title: str, name: str) -> str:
    """Return ``title`` without a site's name at one of its ends, if a bar or a colon separates
    them."""
    plain = re.escape(name.strip())
    end = re.compile(rf"(?:{_BARS.pattern}|{_TIGHT.pattern}|\s+)\W*{plain}\W*$", re.IGNORECASE)
    start = re.compile(rf"^\W*{plain}\s*(?:{_BARS.pattern}|[|｜:：»›–—-])\s*", re.IGNORECASE)
    for pattern in (end, start):
        if (found := pattern.search(title)) and (found[0].strip(name) or not found[0].isalnum()):
            rest = _trim_bars(title[: found.start()] + title[found.end() :])
            if size(rest) >= 8 and (
                re.search(r"[^\w\s]", found[0].replace(name, "")) or pattern is start
            ):
                return rest
    return title


def _without_kicker(title: str) -> str:
    """Return the headline of ``NEWS | Headline``: a word or two, a bar, and a headline."""
    found = _KICKER.match(title)
    rest = title[found.end() :] if found else ""
    if (
        found
        and size(found[1]) <= _KICKER_SIZE
        and size(rest) >= _HEADLINE_SIZE
        and len(words(rest)) >= 4
    ):
        return rest
    return title


def _is_suffix(parts: list[str], *, known: bool) -> bool:
    """Return whether the last part of a title is a site or a section, not the end of the
    headline."""
    last, rest = parts[-1], "".join(parts[:-1])
    if not words(last):
        return True
    if _DENSE.search(last):
        short = len(last) <= 10 and len(rest) >= 6
        return short and len(rest) > len(last)
    few = 3 if known else 4
    return (
        len(last.split()) <= few
        and size(last) <= _SUFFIX_SIZE
        and len(words(rest)) - len(words(last)) >= (2 if known else 1)
        and size(rest) >= _HEADLINE_SIZE
        and (known or len(words(rest)) >= 4)
    )


def _trim_bars(text: str) -> str:
    return text.strip(" \t|｜·•»›–—-_:：/")


def _alike(heading: str, told: str) -> bool:
    mine, theirs = set(words(heading)), set(words(told))
    shared, sizes = len(mine & theirs), (len(mine), len(theirs))
    return len(mine) > 1 and shared >= 0.6 * min(sizes) and shared >= 0.35 * max(sizes)


def _is_same_page(address: str, url: str) -> bool:
    mine, theirs = (re.sub(r"^(?:m|amp|mobile)\.", "", host_name(each)) for each in (address, url))
    if mine != theirs:
        return False
    # A URL of another article is a template's mistake: the last part of the path must agree, or
    # the number of the article.
    slug = urlsplit(address).path.rstrip("/").rpartition("/")[2]
    if slug.removesuffix(".html") in url:
        return True
    numbers = set(re.findall(r"\d{5,}", urlsplit(address).path))
    return bool(numbers & set(re.findall(r"\d{5,}", url)))
