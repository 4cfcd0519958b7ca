"""One page to one article, through trafilatura and what measurement adds to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from html import unescape
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.extraction import metadata
from retrieval.extraction.boilerplate import PROSE, prose_in, prune
from retrieval.extraction.fragments import html_to_text
from retrieval.extraction.page_classifier import classify_non_article, is_teaser
from retrieval.extraction.structured import StructuredData, read_structured
from retrieval.extraction.tdm_reservation import reservation
from retrieval.extraction.text_cleanup import trim
from retrieval.models import Article
from retrieval.text.language import detect_language
from retrieval.web.urls import host_name

# Below this, what was found is a teaser, a cookie notice or an error message.
MIN_PAGE_CHARS = 200

# If pruning or looking for the text left less than this of what there was, it went wrong.
_LEAST_KEPT = 0.5

_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


def extract_article(
    html: str,
    url: str | None,
    *,
    teasers: bool = False,
    respect_noai: bool = True,
    headers: Mapping[str, str] | None = None,
) -> Article:
    """Find the article in a page.

    ``url`` is where the page came from; without it the page's own canonical link is taken.
    ``teasers`` takes the beginning of an article, where the rest is behind a paywall. ``headers``
    are those of the answer, by lower-case name; with ``respect_noai`` a publisher's word in them or
    in the page that machines shall not read it is obeyed.
    Raises ``UnreadableSource``, saying what the page is, if there is no article in it.
    """
    # The libraries take half a second to import; who asks a question does not need them.
    from lxml.etree import LxmlError

    try:
        page = _ParsedPage(html, url)
        if respect_noai and (reason := reservation(page.said, headers or {})):
            raise UnreadableSource(reason)
        return page.article(teasers)
    except (LxmlError, RecursionError, ValueError, AssertionError) as error:
        raise UnreadableSource("the page can't be read as HTML") from error


class _ParsedPage:
    """A page on its way to an article."""

    def __init__(self, html: str, url: str | None) -> None:
        self.url = url
        self.tree = _parsed(html)
        self.said = read_structured(self.tree)

    def article(self, teasers: bool) -> Article:
        from lxml.etree import Comment, strip_elements

        tree, said = self.tree, self.said
        title, headlines = metadata.titles(tree, said)
        names = metadata.authors(tree, said)
        address = metadata.canonical(tree, said, self.url) or self.url
        published = metadata.published(tree, said, address)
        declared = metadata.declared_language(tree, said)
        strip_elements(tree, "script", "style", "template", Comment, with_tail=False)
        whole = deepcopy(tree)
        text = self._text(whole, headlines, names)
        found = text if len(text) >= MIN_PAGE_CHARS else ""
        if other := classify_non_article(whole, said, self.url or address, title or "", found):
            raise UnreadableSource(other)
        if not teasers and is_teaser(whole, said, text):
            raise UnreadableSource("it is only the beginning; the article is behind a paywall")
        if not found:
            raise UnreadableSource("no article text was found in the page")
        return Article(
            title=title or _first_line(text),
            text=text,
            url=address,
            source=metadata.publisher(said) or (_host(address) if address else None),
            authors=names,
            published=published,
            updated=metadata.updated(said, published),
            language=metadata.language(declared, detect_language(text)),
        )

    def _text(self, whole: Any, headlines: list[str], names: tuple[str, ...]) -> str:
        there = prose_in(self.tree)
        prune(self.tree, headlines)
        text = trim(_main_text(self.tree, self.url), headlines, names)
        if _prose(text) < max(MIN_PAGE_CHARS, _LEAST_KEPT * there):
            unpruned = trim(_main_text(whole, self.url), headlines, names)
            if _prose(text) < max(MIN_PAGE_CHARS, _LEAST_KEPT * _prose(unpruned)):
                text = max(text, unpruned, key=_prose)
        if len(text) < MIN_PAGE_CHARS:
            every = _main_text(self.tree, self.url, recall=True)
            text = max(text, trim(every, headlines, names), key=len)
        body = trim(_structured_body(self.said), headlines, names)
        return body if len(body) >= MIN_PAGE_CHARS and len(text) < _LEAST_KEPT * len(body) else text


def _prose(text: str) -> int:
    """Characters in lines that are long enough to be paragraphs; menus have none."""
    return sum(len(line) for line in text.split("\n") if len(line) >= PROSE)


def _parsed(html: str) -> Any:
    import trafilatura

    tree = trafilatura.load_html(html)
    if tree is None:
        raise UnreadableSource("it is not an HTML page")
    return tree


def _main_text(tree: Any, url: str | None, *, recall: bool = False) -> str:
    import trafilatura

    # fast: one extractor instead of three; on public pages it is also the more exact one.
    found: Any = trafilatura.bare_extraction(
        tree, url=url, fast=True, include_comments=False, with_metadata=False, favor_recall=recall
    )
    return (found.text or "").strip() if found is not None else ""


def _structured_body(said: StructuredData) -> str:
    body = said.text("articleBody") or ""
    return unescape(html_to_text(body) if _TAG.search(body) or "&" in body else body).strip()


def _host(url: str) -> str | None:
    try:
        return host_name(url)
    except ValueError:
        return None


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= 120 else line[:119].rstrip() + "…"
