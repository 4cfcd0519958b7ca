"""Invented pages and feeds, built from the texts in fifteen languages."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path
from typing import Any

from retrieval.extraction import extract_article
from retrieval.extraction.feeds.items import FeedItem
from retrieval.extraction.feeds.parser import parse_feed
from retrieval.models import Article
from retrieval.text.encoding import decode_page
from retrieval.timestamps import Span, written

LANGUAGES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "languages.toml").read_text(encoding="utf-8")
)
URL = "https://varsundpost.example/news/mill"


def paragraphs(tag: str) -> list[str]:
    found: list[str] = LANGUAGES[tag]["paragraphs"]
    return found


def page(
    tag: str = "en",
    *,
    head: str = '<meta charset="utf-8">',
    above: str = "",
    below: str = "",
    title: str | None = None,
    h1: bool = True,
    lang: str | None = None,
    body: str | None = None,
) -> str:
    """A page of the mill's story: ``head`` goes into the head, ``above`` between headline and text,
    ``below`` behind the article."""
    name = LANGUAGES[tag]["title"] if title is None else title
    heading = f"<h1>{escape(LANGUAGES[tag]['title'])}</h1>" if h1 else ""
    text = "".join(f"<p>{escape(line)}</p>" for line in paragraphs(tag)) if body is None else body
    return (
        f'<!DOCTYPE html><html lang="{lang or tag}"><head>{head}<title>{escape(name)}</title></head><body>'
        '<header><nav><a href="/">Home</a> <a href="/news">News</a></nav></header>'
        f"<main><article>{heading}{above}{text}</article></main>{below}<footer><p>Imprint</p></footer></body></html>"
    )


def read(html: str | bytes, url: str | None = URL, charset: str | None = None) -> Article:
    return extract_article(decode_page(html, charset) if isinstance(html, bytes) else html, url)


def rss(
    *items: str, declaration: str = '<?xml version="1.0" encoding="utf-8"?>', channel: str = ""
) -> str:
    return (
        f'{declaration}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Varsund Post</title>'
        f"<link>https://varsundpost.example/</link>{channel}{''.join(items)}</channel></rss>"
    )


def item(
    title: str = "Mill becomes a library",
    *,
    link: str = "https://varsundpost.example/n/1",
    date: str = "Tue, 24 Nov 2026 08:00:00 +0000",
    more: str = "",
) -> str:
    """An RSS item; ``title`` is put in as it is."""
    return f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate><description>Short.</description>{more}</item>"


def items(feed: str | bytes, charset: str | None = None) -> tuple[FeedItem, ...]:
    data = feed.encode() if isinstance(feed, str) else feed
    return parse_feed(data, url="https://varsundpost.example/feed", charset=charset).items


def shown(span: Span | None) -> str | None:
    return written(span) if span else None
