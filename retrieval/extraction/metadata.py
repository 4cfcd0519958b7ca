"""Title, publisher, authors, dates, address and language of a page's article."""

from __future__ import annotations

import re
import warnings
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.extraction.structured import StructuredData
from retrieval.timestamps import Span, parse_span
from retrieval.web.urls import host_name, split_http_url

_WORD = re.compile(r"\w+")
_SITE_SUFFIX = re.compile(r"\s+(?:[|·•»–—]|-|::)\s+")
_PUBLISHED = (
    "article:published_time", "datepublished", "og:article:published_time", "article:published", "parsely-pub-date",
    "sailthru.date", "dc.date.issued", "dcterms.created", "dc.date", "date", "pubdate", "publish-date", "publishdate",
    "publication_date", "published_time", "cxenseparse:recs:publishtime", "article.published",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "datemodified", "og:updated_time", "article:updated_time", "lastmod", "last-modified",
    "dcterms.modified", "dc.date.modified", "article.updated",
)  # fmt: skip
_AUTHORS = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl")  # fmt: skip
_NO_AUTHOR = re.compile(
    r"https?:|www\.|@|\d|^(?:staff|admin|administrator|editor|newsroom|news desk|web ?desk|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|"
    r"september|october|november|december)s?$",
    re.IGNORECASE,
)
# What bylines put behind a name: a weekday, "Published", the agency that the writer works for.
_TRAILING = re.compile(
    r"\s+(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|published|updated|posted|(?:the )?associated press)$",
    re.IGNORECASE,
)
_BY = re.compile(r"^(?:(?:posted|written|reported|story)\s+)?by[:\s]+", re.IGNORECASE)
_ROLE = re.compile(
    r"\s*(?:\||,\s*(?=(?:[a-z ]*(?:staff|writer|editor|reporter|correspondent|associated press|usa today|reuters)))).*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s*(?:;|,|\band\b|\bund\b|&)\s*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])", re.IGNORECASE)
_EARLIEST = 1900
# Zones that American sites write; the rest of the world gives an offset.
_ZONES = {name: int(hours * 3600) for name, hours in
          {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "ET": -5, "CST": -6, "CDT": -5, "CT": -6, "MST": -7, "MDT": -6,
           "MT": -7, "PST": -8, "PDT": -7, "PT": -8, "BST": 1, "CET": 1, "CEST": 2, "IST": 5.5}.items()}  # fmt: skip
# Languages that are told apart badly: what the page says counts.
_ALIKE = (
    {"no", "nb", "nn", "da"}, {"hr", "sr", "bs", "sl", "mk"}, {"id", "ms", "jv"}, {"pt", "gl", "es", "ca", "an"},
    {"cs", "sk"}, {"zh", "ja"}, {"hi", "mr", "ne"}, {"fa", "ar", "ur"}, {"ru", "uk", "bg", "be", "mk"}, {"nl", "af"},
)  # fmt: skip


def words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def titles(tree: Any, said: StructuredData) -> tuple[str | None, list[str]]:
    """The headline, and every form of it that the page holds.

    The first-level heading is the headline as readers see it, if the head tells of the same.
    """
    told = [
        unescape(text)
        for text in (said.text("headline"), said.first("og:title"), said.first("twitter:title"))
        if text
    ]
    head = " ".join((tree.findtext(".//title") or "").split())
    told += [head] if head else []
    headings = [" ".join(h.text_content().split()) for h in tree.iter("h1")]
    stripped = [_without_site(text, said.first("og:site_name")) for text in told]
    seen = [heading for heading in headings if any(_alike(heading, text) for text in stripped)]
    best: str | None = next(iter([*seen, *stripped, *headings]), None)
    return best or None, [*seen, *told, *stripped]


def publisher(said: StructuredData) -> str | None:
    """The name of the site, else of the publisher; not its host."""
    for name in (said.first("og:site_name"), *said.names("publisher"), said.first("application-name")):  # fmt: skip
        if name and not name.startswith("http") and len(name) <= 80:
            return unescape(name).lstrip("@")
    return None


def authors(tree: Any, said: StructuredData) -> tuple[str, ...]:
    """The names of people; what the page says in JSON-LD first, then its head, then its byline."""
    sources = [said.names("author"), said.meta.get("author", [])]
    sources += [said.meta.get(name, []) for name in _AUTHORS[1:]]
    sources.append([e.text_content() for e in tree.xpath("//*[@rel='author' or @itemprop='author']")][:4])  # fmt: skip
    site = words(publisher(said) or "")
    for names in sources:
        found: dict[str, None] = {}
        for name in names:
            plain = _ROLE.sub("", _BY.sub("", " ".join(unescape(name).split())))
            for part in _SEVERAL.split(plain):
                each = _TRAILING.sub("", part)
                if _is_author(each) and words(each) != site:
                    found[each] = None
        if found:
            return tuple(found)[:12]
    from trafilatura.metadata import extract_author

    name = extract_author(tree) or ""
    parts = [_TRAILING.sub("", part.strip()) for part in name.split(";")]
    return tuple(part for part in parts if _is_author(part))


def published(tree: Any, said: StructuredData, url: str | None) -> Span | None:
    """JSON-LD, the head, a marked time, at last what htmldate finds (it knows only the day)."""
    times = tree.xpath("//*[@itemprop='datePublished' or @pubdate]/@datetime | //*[@itemprop='datePublished']/@content")  # fmt: skip
    values = [said.text("datePublished"), *(v for name in _PUBLISHED for v in said.meta.get(name, ())), *times]  # fmt: skip
    if found := _first_date(values):
        return found
    from htmldate import find_date

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        day = find_date(tree, url=url, original_date=True, extensive_search=True)
    return _date(day) if day else None


def updated(said: StructuredData, since: Span | None) -> Span | None:
    """When the page says it was changed, if that is after its publication."""
    values = [said.text("dateModified"), *(v for name in _UPDATED for v in said.meta.get(name, ()))]
    found = _first_date(values)
    return found if found and (since is None or found.start > since.end) else None


def canonical(tree: Any, said: StructuredData, url: str | None) -> str | None:
    """The address that the page gives itself, if it is a page of the same site and not its front."""
    for value in (*tree.xpath("//link[@rel='canonical']/@href"), said.first("og:url")):
        try:
            address: str = urljoin(url or "", str(value or "").strip())
            path = split_http_url(address).path.strip("/")
            if path and (url is None or _is_same_page(address, url)):
                return address
        except ValueError:
            continue
    return None


def declared_language(tree: Any, said: StructuredData) -> str | None:
    """ISO 639 code that the page declares."""
    xml = "{http://www.w3.org/XML/1998/namespace}lang"
    values = (tree.get("lang"), tree.get(xml), said.text("inLanguage"), said.first("og:locale"), said.first("content-language", "language"))  # fmt: skip
    for value in values:
        if value and (match := _LANGUAGE.match(value.strip())):
            return match[0].lower()
    return None


def language(declared: str | None, detected: str | None) -> str | None:
    """Pages declare the language of their template; the text tells, but for those that look alike."""
    if declared is None or detected is None or declared == detected:
        return declared or detected
    alike = any({declared, detected} <= group for group in _ALIKE)
    return declared if alike else detected


def _alike(heading: str, told: str) -> bool:
    mine, theirs = set(words(heading)), set(words(told))
    shared, sizes = len(mine & theirs), (len(mine), len(theirs))
    return len(mine) > 1 and shared >= 0.6 * min(sizes) and shared >= 0.35 * max(sizes)


def _without_site(title: str, site: str | None) -> str:
    parts = _SITE_SUFFIX.split(title)
    if len(parts) == 1:
        return title
    if site and words(parts[-1]) == words(site):
        return title[: title.rindex(parts[-1])].rstrip(" |·•»–—-:")
    # A short last part after a longer headline is the site's name.
    if len(words(parts[-1])) <= 4 and len(words(title)) - len(words(parts[-1])) >= 4:
        return title[: title.rindex(parts[-1])].rstrip(" |·•»–—-:")
    return title


def _is_author(name: str) -> bool:
    return 2 <= len(name) <= 60 and not _NO_AUTHOR.search(name) and not name.isdigit()


def _first_date(values: list[str | None]) -> Span | None:
    for value in values:
        if value and (found := _date(value)):
            return found
    return None


def _date(value: str) -> Span | None:
    value = value.strip()
    if not 4 < len(value) <= 60:
        return None
    span: Span | None
    try:
        span = parse_span(value)
    except ValueError:
        span = _written_date(value)
    return span if span and span.start.year >= _EARLIEST else None


def _written_date(value: str) -> Span | None:
    """``Nov 18, 2019 4:32 PM EST`` and the like."""
    from dateutil import parser

    if not re.search(r"\d{4}", value):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            moment: datetime = parser.parse(value, tzinfos=_ZONES)
        has_time = re.search(r"\d:\d\d|T\d\d", value)
        return parse_span(moment.isoformat() if has_time else moment.date().isoformat())
    except (ValueError, OverflowError, TypeError, AttributeError, parser.ParserError):
        return None


def _is_same_page(address: str, url: str) -> bool:
    mine, theirs = (re.sub(r"^(?:m|amp|mobile)\.", "", host_name(each)) for each in (address, url))
    if mine != theirs:
        return False
    # One that names another article is a template's mistake: the last word of the path must agree.
    slug = urlsplit(address).path.rstrip("/").rpartition("/")[2]
    return slug.removesuffix(".html") in url
