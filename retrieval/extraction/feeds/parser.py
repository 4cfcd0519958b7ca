"""Parse feeds: RSS 0.9x, 1 and 2, Atom, JSON Feed, news sitemaps and their indexes."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.extraction.dates import DateHints, territory_of
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.extraction.feeds.values import (
    body_text,
    every_seconds,
    headline_of,
    is_whole,
    joined,
    language_code,
    listed,
    names_of,
    pictures_of,
    plain,
    span_of,
    spoken_language,
    string,
    title_of,
    title_text,
)
from retrieval.extraction.fragments import cleaned
from retrieval.extraction.wording import size, tidy
from retrieval.text.encoding import decode_page
from retrieval.web.outlets import publisher_of, syndicated
from retrieval.web.picture_urls import picture_url
from retrieval.web.urls import canonical_url, host_name

# More than any feed lists; of the up to 50,000 entries of a sitemap the newest are kept.
MOST_ITEMS = 5_000
_MOST_CHILDREN = 5
# A shorter text is taken for a teaser even if the feed calls it the content.
_FULL_CHARS = 600
# A description of this length isn't a teaser, unless it breaks off.
_LONG_SUMMARY_CHARS = 1_500
_SITEMAP_ROOT = re.compile(r"(?:\w+:)?(urlset|sitemapindex)$")
# Entities that a document declares itself: they are never needed and can grow without limit.
_ENTITY = re.compile(r"<!ENTITY\b[^>]{0,100000}>")
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,300}\?>")
_ROOT = re.compile(r"<([A-Za-z_][\w:.-]*)")
_UNPACKED_BYTES = 100_000_000
_MOST_CATEGORIES = 20


def parse_feed(data: bytes, *, url: str | None = None, charset: str | None = None) -> FeedDocument:
    """Parse a feed of any kind, even one packed with gzip. ``url`` is where it came from, for
    relative links; ``charset`` is that of its HTTP header.

    Reads as much of a damaged feed as possible. Raises ``UnreadableSource`` (``not-a-feed``,
    ``feed-damaged`` and the like).
    """
    text = decode_page(_unpacked(data), charset)
    if text.lstrip("\ufeff \t\n").startswith("{"):
        document = _json_feed(text, url)
    elif found := _SITEMAP_ROOT.match(_root_of(text)):
        document = _sitemap(text, index=found[1] == "sitemapindex")
    else:
        document = _syndicated(text, url)
    return replace(document, items=_told_apart(document.items))


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unpack.decompress(data, _UNPACKED_BYTES)
    except zlib.error as error:
        raise UnreadableSource("gzip-damaged") from error
    if unpack.unconsumed_tail:
        raise UnreadableSource("too-large-to-read")
    return content


def _root_of(text: str) -> str:
    """Return the name of the first element, after comments, instructions and a document type."""
    place = 0
    while True:
        place = text.find("<", place)
        if place < 0:
            return ""
        if text.startswith("<!--", place):
            end = text.find("-->", place)
        elif text.startswith(("<?", "<!"), place):
            end = text.find(">", place)
        else:
            found = _ROOT.match(text, place)
            return found[1] if found else ""
        if end < 0:
            return ""
        place = end


def _told_apart(items: tuple[FeedItem, ...]) -> tuple[FeedItem, ...]:
    """Mark items that share a link with anchors if their links differ after ``#`` or their ids do,
    like the entries of a live page."""
    places = [_place(item) for item in items]
    count = Counter(place for place in places if place)
    marked = []
    for item, place in zip(items, places, strict=True):
        anchor = (item.url or "").partition("#")[2] or item.guid
        shared = place is not None and count[place] > 1 and bool(anchor)
        marked.append(replace(item, anchor=anchor) if shared else item)
    anchors = {
        (place, item.anchor) for place, item in zip(places, marked, strict=True) if item.anchor
    }
    several = Counter(place for place, _ in anchors)
    return tuple(
        item if item.anchor is None or several[place] > 1 else replace(item, anchor=None)
        for place, item in zip(places, marked, strict=True)
    )


def _place(item: FeedItem) -> str | None:
    try:
        return canonical_url(item.url) if item.url else None
    except ValueError:
        return None


def _syndicated(text: str, url: str | None) -> FeedDocument:
    import feedparser

    bare = _ENTITY.sub("", _XML_DECLARATION.sub("", text, count=1))
    try:
        # A stream, since feedparser would fetch a string that looks like a URL. Everything is turned
        # into plain text below, which cleans better and twenty times as fast.
        parsed = feedparser.parse(
            io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>' + bare.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise UnreadableSource("feed-damaged", detail=type(error).__name__) from error
    if not parsed.get("version") and not parsed.entries:
        raise UnreadableSource("not-a-feed")
    channel = parsed.feed
    base = joined(url, string(channel.get("link"))) or url
    title = plain(channel.get("title"))
    tag = string(channel.get("language")) or string(dict.get(channel, "xml_lang"))
    kind = "atom" if str(parsed.get("version")).startswith("atom") else "rss"
    context = _Context(base, title, language_code(tag), _hints(base, tag), literal=kind == "atom")
    items = tuple(
        _entry(number, entry, context)
        for number, entry in enumerate(parsed.entries[:MOST_ITEMS], 1)
    )
    return FeedDocument(kind, title, items, every=every_seconds(channel))


@dataclass(frozen=True, slots=True)
class _Context:
    """What a feed says about all its items: the base of relative links, its title, language and
    date format; ``literal`` if titles declare whether they hold markup."""

    base: str | None
    title: str | None
    language: str | None
    hints: DateHints
    literal: bool = False

    def publisher(self, url: str | None) -> str | None:
        """Return who publishes an item: the outlet at its URL, or else the feed's title."""
        return publisher_of(url or self.base, self.title)


def _hints(url: str | None, tag: str | None) -> DateHints:
    try:
        host = host_name(url) if url else None
    except ValueError:
        host = None
    return DateHints(language_code(tag), territory_of(host, tag))


def _entry(number: int, entry: Any, context: _Context) -> FeedItem:
    contents = [string(part.get("value")) or "" for part in entry.get("content", [])]
    content = max((body_text(body) for body in contents if body), key=size, default="")
    summary = body_text(string(entry.get("summary")) or "")
    text = max(content, summary, key=size)
    enough = _FULL_CHARS if content and text == content else _LONG_SUMMARY_CHARS
    names = names_of(_given_authors(entry))
    source = entry.get("source")
    origin = plain(source.get("title")) if isinstance(source, dict) else None
    # Not `entry.get`, which returns the date of publication if there is no other.
    updated = string(dict.get(entry, "updated"))
    # A redirecting counter gives the item's real URL here.
    link = string(entry.get("feedburner_origlink")) or string(entry.get("link"))
    url = joined(context.base, link)
    tags = [plain(tag.get("term") or tag.get("label")) for tag in entry.get("tags", []) if tag]
    return FeedItem(
        number=number,
        url=url,
        title=title_of(entry, literal=context.literal) or headline_of(text),
        text=text,
        is_full=is_whole(text, enough),
        published=span_of(entry.get("published"), context.hints) or span_of(updated, context.hints),
        updated=updated if dict.get(entry, "published") else None,
        authors=names,
        source=syndicated(context.publisher(url), origin),
        language=spoken_language(
            text or string(entry.get("title")) or "",
            language_code(entry.get("language")) or context.language,
        ),
        categories=tuple(tag for tag in tags if tag)[:_MOST_CATEGORIES],
        guid=string(entry.get("id")),
        picture_url=picture_url(pictures_of(entry), url or context.base),
    )


def _given_authors(entry: Any) -> list[Any]:
    """Return the author fields as written: feedparser doesn't parse addresses in them into
    names."""
    whole = string(entry.get("author")) or ""
    listed_names = [author.get("name") for author in entry.get("authors", []) if author]
    return [whole] if "@" in whole and len(listed_names) <= 1 else listed_names


def _json_feed(text: str, url: str | None) -> FeedDocument:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableSource("feed-json-damaged") from error
    listed = record.get("items") if isinstance(record, dict) else None
    if not isinstance(listed, list) or "jsonfeed.org" not in str(record.get("version")):
        raise UnreadableSource("not-a-json-feed")
    title, tag = plain(record.get("title")), string(record.get("language"))
    base = joined(url, string(record.get("home_page_url"))) or url
    context = _Context(base, title, language_code(tag), _hints(base, tag))
    items = [
        _json_item(number, item, context)
        for number, item in enumerate(listed[:MOST_ITEMS], 1)
        if isinstance(item, dict)
    ]
    return FeedDocument("json", title, tuple(items))


def _json_item(number: int, item: dict[str, Any], context: _Context) -> FeedItem:
    identity = string(item.get("id"))
    link = string(item.get("url")) or string(item.get("external_url"))
    if link is None and identity and identity.startswith(("http://", "https://")):
        link = identity
    content = body_text(string(item.get("content_html")) or "")
    content = content or tidy(cleaned((string(item.get("content_text")) or "").strip()))
    text = content or body_text(string(item.get("summary")) or "")
    authors = item.get("authors") or [item.get("author")]
    names = names_of(a.get("name") for a in listed(authors) if isinstance(a, dict))
    updated = string(item.get("date_modified"))
    url = joined(context.base, link)
    return FeedItem(
        number=number,
        url=url,
        # JSON Feed's titles are plain text.
        title=title_text(string(item.get("title")) or "", literal=True) or headline_of(text),
        text=text,
        is_full=bool(content) and is_whole(content, _FULL_CHARS),
        published=span_of(item.get("date_published"), context.hints)
        or span_of(updated, context.hints),
        updated=updated,
        authors=names,
        source=context.publisher(url),
        language=spoken_language(
            text or string(item.get("title")) or "",
            language_code(item.get("language")) or context.language,
        ),
        categories=tuple(tag for each in listed(item.get("tags")) if (tag := plain(each)))[
            :_MOST_CATEGORIES
        ],
        guid=identity,
        picture_url=picture_url((item.get("image"), item.get("banner_image")), url or context.base),
    )


def _sitemap(text: str, *, index: bool) -> FeedDocument:
    from lxml import etree

    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        plain = _XML_DECLARATION.sub("", text, count=1)
        root = etree.fromstring(plain.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableSource("sitemap-damaged") from error
    if root is None:
        raise UnreadableSource("sitemap-damaged")
    if index:
        return FeedDocument("sitemap-index", None, (), tuple(_children(root)))
    entries = [_leaves(each) for each in root if _tag(each) == "url"]
    if entries and not any("title" in entry for entry in entries):
        raise UnreadableSource("sitemap-without-news")
    items = [_sitemap_item(number, entry) for number, entry in enumerate(entries, 1)]
    if len(items) > MOST_ITEMS:
        oldest = datetime.min.replace(tzinfo=UTC)
        items.sort(key=lambda i: i.published.start if i.published else oldest, reverse=True)
    names = {item.source for item in items if item.source}
    title = names.pop() if len(names) == 1 else None
    return FeedDocument("sitemap", title, tuple(items[:MOST_ITEMS]))


def _sitemap_item(number: int, entry: dict[str, str]) -> FeedItem:
    url = joined(None, string(entry.get("loc")))
    hints = _hints(url, entry.get("language"))
    return FeedItem(
        number=number,
        url=url,
        title=title_text(entry.get("title") or "", literal=False),
        text="",
        published=span_of(entry.get("publication_date"), hints)
        or span_of(entry.get("lastmod"), hints),
        updated=entry.get("lastmod"),
        source=publisher_of(url, plain(entry.get("name"))),
        language=language_code(entry.get("language")),
        categories=tuple(
            word.strip() for word in entry.get("keywords", "").split(",") if word.strip()
        )[:_MOST_CATEGORIES],
    )


def _children(root: Any) -> list[str]:
    """Return the sitemaps of an index that most likely hold news: those named so, or else the last
    changed."""
    found = [_leaves(each) for each in root if _tag(each) == "sitemap"]
    listed = [(entry["loc"], entry.get("lastmod", "")) for entry in found if "loc" in entry]
    named = [entry for entry in listed if "news" in entry[0].lower()]
    newest = sorted(named or listed, key=lambda entry: entry[1], reverse=True)
    return [address for address, _ in newest[:_MOST_CHILDREN]]


def _leaves(element: Any) -> dict[str, str]:
    """Return by local name the text of each leaf element, except those of images."""
    found: dict[str, str] = {}
    for each in element.iter():
        try:
            if isinstance(each.tag, str) and not len(each) and "image" not in each.tag:
                text = " ".join((each.text or "").split())
                if text:
                    found.setdefault(_tag(each), text)
        except UnicodeDecodeError:  # the parser lets broken bytes pass
            continue
    return found


def _tag(element: Any) -> str:
    try:
        return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    except UnicodeDecodeError:
        return ""
