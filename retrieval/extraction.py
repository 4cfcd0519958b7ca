"""Web pages to articles, through trafilatura."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from retrieval.articles import Article
from retrieval.errors import UnreadableSource
from retrieval.moments import Span, parse_span
from retrieval.urls import host_name

# Below this, what was found is a teaser, a cookie notice or an error message.
MIN_PAGE_CHARS = 200

_PUBLISHED_META = (
    '//meta[@property="article:published_time" or @name="article:published_time" '
    'or @itemprop="datePublished"]/@content'
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])", re.IGNORECASE)


def extract_article(html: str, url: str | None) -> Article:
    """Find the article in a page.

    ``url`` is where the page came from; without it the page's own canonical link is taken.
    Raises ``UnreadableSource`` if there is no article in it.
    """
    # The two libraries take half a second to import; who asks a question does not need them.
    import trafilatura
    from lxml.etree import LxmlError

    try:
        tree = trafilatura.load_html(html)
        if tree is None:
            raise UnreadableSource("it is not an HTML page")
        published = _published_meta(tree)
        language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        # fast: one extractor instead of three; on public pages it is also the more exact one.
        found: Any = trafilatura.bare_extraction(
            tree, url=url, fast=True, include_comments=False, with_metadata=True
        )
    except (LxmlError, RecursionError, ValueError, AssertionError) as error:
        raise UnreadableSource("the page can't be read as HTML") from error
    if found is None or len((found.text or "").strip()) < MIN_PAGE_CHARS:
        raise UnreadableSource("no article text was found in the page")
    text = found.text.strip()
    address = url or (found.url if found.url and _host(found.url) else None)
    return Article(
        title=" ".join((found.title or "").split()) or _first_line(text),
        text=text,
        url=address,
        source=found.sitename or (_host(address) if address else None),
        authors=tuple(part.strip() for part in (found.author or "").split(";") if part.strip()),
        published=published or _day(found.date),
        language=match[0].lower() if language and (match := _LANGUAGE.match(language)) else None,
    )


def html_to_text(fragment: str) -> str:
    """The text of a piece of HTML, such as a feed item's content, a blank line between blocks."""
    from lxml import html
    from lxml.etree import ParserError

    try:
        root = html.fragment_fromstring(fragment, create_parent="div")
    except ParserError:
        return ""
    for unseen in root.xpath("//script|//style|//noscript|//template|//comment()"):
        unseen.drop_tree()
    for block in root.iter("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote",
                           "tr", "ul", "ol", "table", "figure", "section", "article", "pre"):  # fmt: skip
        block.tail = "\n\n" + (block.tail or "")
        block.text = "\n\n" + (block.text or "")
    for line_break in root.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    paragraphs = (
        "\n".join(" ".join(line.split()) for line in part.split("\n") if line.strip())
        for part in re.split(r"\n\s*\n", root.text_content())
    )
    return "\n\n".join(part for part in paragraphs if part)


def _published_meta(tree: Any) -> Span | None:
    """The moment of publication where the page gives one; htmldate knows only the day."""
    for value in tree.xpath(_PUBLISHED_META):
        try:
            return parse_span(str(value))
        except ValueError:
            continue
    return None


def _day(date: str | None) -> Span | None:
    if not date:
        return None
    try:
        return parse_span(datetime.fromisoformat(date).date().isoformat())
    except ValueError:
        return None


def _host(url: str) -> str | None:
    try:
        return host_name(url)
    except ValueError:
        return None


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= 120 else line[:119].rstrip() + "…"
