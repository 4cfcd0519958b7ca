"""Documents of feeds: RSS 0.9x, 1 and 2, Atom, JSON Feed, news sitemaps and their indexes."""

from __future__ import annotations

import calendar
import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from retrieval.errors import UnreadableSource
from retrieval.extraction import html_to_text
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.text.encoding import decode_text
from retrieval.timestamps import Span, parse_span

# More than any feed lists; a sitemap may list 50,000, the newest of which are kept.
MOST_ITEMS = 5_000
_LONGEST_TTL = 30 * 86_400  # seconds
_MOST_CHILDREN = 5
# Below this, what a feed gives is taken for a teaser even where it calls it the content.
_FULL_CHARS = 600
# A description this long is no teaser, unless it breaks off.
_LONG_SUMMARY_CHARS = 1_500
_BREAKS_OFF = re.compile(
    r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|(?:read more|continue reading|more)\W*|the post .* appeared first on .*)$",
    re.IGNORECASE,
)
_SITEMAP = re.compile(rb"<(?:\w+:)?(urlset|sitemapindex)\b")
# Entities that a document declares for itself: nobody needs them, and they can grow without end.
_ENTITY = re.compile(rb"<!ENTITY\b[^>]{0,100000}>")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#[0-9xa-fA-F]{1,8};?")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}  # fmt: skip
_HEADLINE_CHARS = 120


def parse_feed(data: bytes, *, url: str | None = None) -> FeedDocument:
    """Read a feed of any kind; ``url`` is where it came from, for relative links.

    Takes what can be read of a damaged one. Raises ``UnreadableSource`` if it is no feed.
    """
    head = data[:8_192].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return _json_feed(data, url)
    if found := _SITEMAP.search(head):
        return _sitemap(data, index=found[1] == b"sitemapindex")
    return _syndicated(data, url)


def _syndicated(data: bytes, url: str | None) -> FeedDocument:
    import feedparser

    try:
        # A stream: a string or bytes that look like an address would be fetched. Everything is made
        # plain text below, which is the better cleaning and twenty times as fast.
        parsed = feedparser.parse(
            io.BytesIO(_ENTITY.sub(b"", data)), sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:
        raise UnreadableSource(f"the feed is damaged ({type(error).__name__})") from error
    if not parsed.get("version") and not parsed.entries:
        raise UnreadableSource("it is not a feed (RSS, Atom, JSON Feed or news sitemap)")
    channel = parsed.feed
    base = _joined(url, _string(channel.get("link"))) or url
    language = _language(channel.get("language"))
    title = _plain(channel.get("title"))
    items = tuple(
        _entry(number, entry, base, title, language)
        for number, entry in enumerate(parsed.entries[:MOST_ITEMS], 1)
    )
    kind = "atom" if str(parsed.get("version")).startswith("atom") else "rss"
    return FeedDocument(kind, title, items, every=_every(channel))


def _entry(
    number: int, entry: Any, base: str | None, publisher: str | None, language: str | None
) -> FeedItem:
    contents = [_string(part.get("value")) or "" for part in entry.get("content", [])]
    content = max((_from_html(body) for body in contents if body), key=len, default="")
    summary = _from_html(_string(entry.get("summary")) or "")
    text = max(content, summary, key=len)
    enough = _FULL_CHARS if content and text == content else _LONG_SUMMARY_CHARS
    names = [_plain(author.get("name")) for author in entry.get("authors", []) if author]
    source = entry.get("source")
    # Not `entry.get`: that gives the date of publication where there is no other.
    updated = _string(dict.get(entry, "updated"))
    return FeedItem(
        number=number,
        url=_joined(base, _string(entry.get("link"))),
        title=_plain(entry.get("title")) or _headline(text),
        text=text,
        is_full=_is_whole(text, enough),
        published=_span(entry.get("published"), entry.get("published_parsed"))
        or _span(updated, dict.get(entry, "updated_parsed")),
        updated=updated if dict.get(entry, "published") else None,
        authors=tuple(name for name in names if name),
        source=(_plain(source.get("title")) if isinstance(source, dict) else None) or publisher,
        language=_language(entry.get("language")) or language,
    )


def _json_feed(data: bytes, url: str | None) -> FeedDocument:
    try:
        record = json.loads(decode_text(data))
    except (ValueError, RecursionError) as error:
        raise UnreadableSource("it is not a feed: its JSON is damaged") from error
    listed = record.get("items") if isinstance(record, dict) else None
    if not isinstance(listed, list) or "jsonfeed.org" not in str(record.get("version")):
        raise UnreadableSource("it is JSON, but not a JSON Feed")
    title, language = _plain(record.get("title")), _language(record.get("language"))
    base = _joined(url, _string(record.get("home_page_url"))) or url
    items = [
        _json_item(number, item, base, title, language)
        for number, item in enumerate(listed[:MOST_ITEMS], 1)
        if isinstance(item, dict)
    ]
    return FeedDocument("json", title, tuple(items))


def _json_item(
    number: int, item: dict[str, Any], base: str | None, publisher: str | None, language: str | None
) -> FeedItem:
    identity = _string(item.get("id"))
    link = _string(item.get("url")) or _string(item.get("external_url"))
    if link is None and identity and identity.startswith(("http://", "https://")):
        link = identity
    content = _from_html(_string(item.get("content_html")) or "")
    content = content or (_string(item.get("content_text")) or "").strip()
    text = content or _from_html(_string(item.get("summary")) or "")
    authors = item.get("authors") or [item.get("author")]
    names = [_plain(author.get("name")) for author in _listed(authors) if isinstance(author, dict)]
    updated = _string(item.get("date_modified"))
    return FeedItem(
        number=number,
        url=_joined(base, link),
        title=_plain(item.get("title")) or _headline(text),
        text=text,
        is_full=bool(content) and _is_whole(content, _FULL_CHARS),
        published=_span(item.get("date_published"), None) or _span(updated, None),
        updated=updated,
        authors=tuple(name for name in names if name),
        source=publisher,
        language=_language(item.get("language")) or language,
    )


def _sitemap(data: bytes, *, index: bool) -> FeedDocument:
    from lxml import etree

    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableSource("the sitemap is damaged") from error
    if root is None:
        raise UnreadableSource("the sitemap is damaged")
    if index:
        return FeedDocument("sitemap-index", None, (), tuple(_children(root)))
    entries = [_leaves(each) for each in root if _tag(each) == "url"]
    if entries and not any("title" in entry for entry in entries):
        raise UnreadableSource("it is a sitemap without news")
    items = [_sitemap_item(number, entry) for number, entry in enumerate(entries, 1)]
    if len(items) > MOST_ITEMS:
        oldest = datetime.min.replace(tzinfo=UTC)
        items.sort(key=lambda i: i.published.start if i.published else oldest, reverse=True)
    names = {item.source for item in items if item.source}
    title = names.pop() if len(names) == 1 else None
    return FeedDocument("sitemap", title, tuple(items[:MOST_ITEMS]))


def _sitemap_item(number: int, entry: dict[str, str]) -> FeedItem:
    return FeedItem(
        number=number,
        url=_joined(None, _string(entry.get("loc"))),
        title=_plain(entry.get("title")),
        text="",
        published=_span(entry.get("publication_date"), None) or _span(entry.get("lastmod"), None),
        updated=entry.get("lastmod"),
        source=_plain(entry.get("name")),
        language=_language(entry.get("language")),
    )


def _children(root: Any) -> list[str]:
    """The sitemaps of an index most likely to hold news: named so, else the last changed."""
    found = [_leaves(each) for each in root if _tag(each) == "sitemap"]
    listed = [(entry["loc"], entry.get("lastmod", "")) for entry in found if "loc" in entry]
    named = [entry for entry in listed if "news" in entry[0].lower()]
    newest = sorted(named or listed, key=lambda entry: entry[1], reverse=True)
    return [address for address, _ in newest[:_MOST_CHILDREN]]


def _leaves(element: Any) -> dict[str, str]:
    """By name without its namespace, the text of each element inside; of images nothing."""
    found: dict[str, str] = {}
    for each in element.iter():
        try:
            if isinstance(each.tag, str) and not len(each) and "image" not in each.tag:
                text = " ".join((each.text or "").split())
                if text:
                    found.setdefault(_tag(each), text)
        except UnicodeDecodeError:  # what the parser let pass
            continue
    return found


def _tag(element: Any) -> str:
    try:
        return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    except UnicodeDecodeError:
        return ""


def _is_whole(text: str, enough: int) -> bool:
    return len(text) >= enough and not _BREAKS_OFF.search(text[-200:])


def _every(channel: Any) -> int | None:
    """What ``ttl`` (minutes) or the syndication module say, in seconds."""
    try:
        if ttl := _string(channel.get("ttl")):
            return min(max(0, int(ttl) * 60), _LONGEST_TTL)
        period = _PERIODS.get((_string(channel.get("sy_updateperiod")) or "").strip().lower())
        frequency = int(_string(channel.get("sy_updatefrequency")) or 1)
        return period // max(1, frequency) if period else None
    except ValueError:
        return None


def _span(value: Any, parsed: Any) -> Span | None:
    text = _string(value)
    if text:
        try:
            return parse_span(text)
        except (ValueError, OverflowError):
            pass
    if not parsed:
        return None
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=calendar.timegm(parsed))
    except (ValueError, OverflowError, TypeError):
        return None
    return Span(moment, moment)


def _joined(base: str | None, link: str | None) -> str | None:
    if not link or not (link := "".join(link.split())):
        return None
    try:
        return urljoin(base, link) if base else link
    except ValueError:
        return link


def _language(value: Any) -> str | None:
    text = (_string(value) or "").strip().split("-")[0].split("_")[0].lower()
    return text if 2 <= len(text) <= 3 and text.isalpha() else None


def _headline(text: str) -> str | None:
    line = text.split("\n", 1)[0].strip()
    if len(line) > _HEADLINE_CHARS:
        line = line[: _HEADLINE_CHARS - 1].rstrip() + "…"
    return line or None


def _plain(value: Any) -> str | None:
    text = _string(value)
    return " ".join(_from_html(text).split()) or None if text else None


def _from_html(fragment: str) -> str:
    try:
        return html_to_text(fragment)
    except ValueError:
        # A reference to a character that is none (&#1;).
        return " ".join(html_to_text(_REFERENCE.sub(" ", fragment)).split())


def _string(value: Any) -> str | None:
    """A string without what a text can't hold."""
    if not isinstance(value, str):
        return None
    return _NO_TEXT.sub("", value) or None


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
