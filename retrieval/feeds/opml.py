"""Lists of feeds as OPML 1 and 2, as feed readers export and import them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from retrieval.catalogue.feeds import Feed
from retrieval.errors import UnreadableSource
from retrieval.text.encoding import decode_page
from retrieval.web.urls import canonical_url, split_http_url

# More than any reader holds.
MOST_FEEDS = 5_000
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed in an OPML file, with its folder."""

    url: str
    title: str | None = None
    folder: str | None = None


def read_opml(data: bytes) -> list[ListedFeed]:
    """Return the feeds of an OPML file in order, each address once.

    Raise ``UnreadableSource`` if it isn't OPML or lists no feeds.
    """
    from lxml import etree

    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    text = decode_page(data)
    if "<opml" not in text[:10_000].lower():
        raise UnreadableSource("not-an-opml-file")
    _, declaration, rest = text.lstrip("\ufeff \t\n").partition("?>")
    try:
        root = etree.fromstring((rest if declaration else text).strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableSource("opml-damaged") from error
    found: dict[str, ListedFeed] = {}
    if root is not None:
        _collect(root, None, found, 0)
    if not found:
        raise UnreadableSource("opml-without-feeds")
    return list(found.values())


def write_opml(feeds: Iterable[Feed], title: str, now: datetime) -> bytes:
    """Return an OPML 2 file of feeds."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        name = feed.title or feed.url
        etree.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=feed.url)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return written


def _collect(element: Any, folder: str | None, found: dict[str, ListedFeed], depth: int) -> None:
    if depth > _DEEPEST or len(found) >= MOST_FEEDS:
        return
    for child in element:
        if not isinstance(child.tag, str):
            continue
        said = {name.lower(): " ".join(value.split()) for name, value in child.attrib.items()}
        title = said.get("title") or said.get("text") or None
        url = said.get("xmlurl")
        if url and url not in found and len(found) < MOST_FEEDS:
            found.setdefault(_key(url), ListedFeed(url, title, folder))
        is_folder = child.tag.lower().endswith("outline") and not url
        _collect(child, (title or folder) if is_folder else folder, found, depth + 1)


def _key(url: str) -> str:
    address = "https://" + url.removeprefix("feed://") if url.startswith("feed://") else url
    try:
        split_http_url(address)
        return canonical_url(address)
    except ValueError:
        return url
