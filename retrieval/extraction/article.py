"""Extract one article from one page, with trafilatura and what measurements added to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from html import unescape
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.extraction import metadata
from retrieval.extraction.authors import authors
from retrieval.extraction.boilerplate import (
    PROSE,
    hidden_elements,
    keep_inline_times,
    prose_in,
    prune,
)
from retrieval.extraction.dates import DateHints, territory_of
from retrieval.extraction.fragments import html_to_text
from retrieval.extraction.page_classifier import classify_non_article, is_teaser
from retrieval.extraction.page_dates import published, updated
from retrieval.extraction.structured import StructuredData, read_structured
from retrieval.extraction.tdm_reservation import reservation
from retrieval.extraction.text_cleanup import trim
from retrieval.extraction.wording import size, tidy
from retrieval.models import Article
from retrieval.text.language import detect_language
from retrieval.web.outlets import agency, clean_name, known_outlet, publisher_of, syndicated
from retrieval.web.urls import host_name

# Shorter texts are teasers, cookie notices or error messages.
MIN_PAGE_CHARS = 200
# The least for a page that declares itself an article.
MIN_BRIEF_CHARS = 100
# If a page shows less than this and hides more, the article is what it hides.
_MOST_BESIDE_HIDDEN = 1_500
# Two sentences that lost the line break between them.
_GLUED = re.compile(
    r"(?<=[^\W\d_][.!?…。！？।»”])(?=[^\W\d_a-zà-ÿ])(?=\w{2,})|(?<=[a-zа-яё][.!?…])(?=[\"“«„][^\W\d_])"
)

# If pruning or extraction left less than this share of the text, it went wrong.
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
    """Return the article in a page.

    ``url`` is where the page came from; without it the page's own canonical link is used.
    ``teasers`` accepts the beginning of an article whose rest is behind a paywall. ``headers`` are
    those of the response, by lower-case name; with ``respect_noai`` a publisher's reservation
    against machines, in them or in the page, is obeyed.

    Raises ``UnreadableSource`` if there is no article; its code says what the page is instead.
    """
    # The libraries take half a second to import; questions don't need them.
    from lxml.etree import LxmlError

    try:
        page = _ParsedPage(html, url)
        if respect_noai and (code := reservation(page.said, headers or {})):
            raise UnreadableSource(code)
        return page.article(teasers)
    except (LxmlError, RecursionError, ValueError, AssertionError) as error:
        raise UnreadableSource("html-unreadable") from error


class _ParsedPage:
    """A page on its way to an article."""

    def __init__(self, html: str, url: str | None) -> None:
        self.url = url
        self.tree = _parsed(html)
        # While they are referenced, lxml needn't create the elements anew on each walk.
        self._elements = list(self.tree.iter())
        self.said = read_structured(self.tree, url)

    def article(self, teasers: bool) -> Article:
        from lxml.etree import Comment, strip_elements

        tree, said = self.tree, self.said
        address = metadata.canonical(tree, said, self.url) or self.url
        source = self._publisher(address)
        title, headlines = metadata.titles(tree, said, source)
        tag = metadata.language_tag(tree, said)
        declared = metadata.declared_language(tag)
        hints = DateHints(declared, territory_of(_host(address) if address else None, tag))
        hidden = hidden_elements(tree)
        strip_elements(tree, "script", "style", "template", Comment, with_tail=False)
        names = authors(tree, said, source)
        when = published(tree, said, address, hints)
        keep_inline_times(tree)
        whole = deepcopy(tree)
        concealed = self._conceal(hidden)
        text = tidy(self._text(whole, headlines, names))
        found = text if self._is_enough(text) else ""
        if code := classify_non_article(whole, said, self.url or address, title or "", found):
            raise UnreadableSource(code)
        if not teasers and is_teaser(whole, said, text):
            raise UnreadableSource("paywall")
        if not teasers and concealed > size(text) and size(text) < _MOST_BESIDE_HIDDEN:
            raise UnreadableSource("article-hidden")
        if not found:
            raise UnreadableSource("no-article-text")
        language = metadata.language(declared, detect_language(text))
        return Article(
            title=tidy(title or _first_line(text)),
            text=text,
            url=address,
            source=syndicated(source, self._origin(address, names)),
            authors=tuple(name for name in names if agency(name) is None) or names,
            published=when,
            updated=updated(said, when, hints),
            language=language,
            picture_url=metadata.picture(said, self.url or address),
        )

    def _publisher(self, address: str | None) -> str | None:
        said = self.said
        claims = (
            said.first("og:site_name"),
            *said.names("publisher"),
            said.first("application-name"),
        )
        claimed = next((name for name in claims if name and clean_name(name)), None)
        return publisher_of(self.url or address, claimed)

    def _origin(self, address: str | None, names: tuple[str, ...]) -> str | None:
        """Return the outlet whose text this page carries, if it is another's: that of the canonical
        URL, or an agency that signs it."""
        if self.url is None and address is None:
            return None
        mine = known_outlet(_host(self.url or address or "") or "")
        for value in self.tree.xpath("//link[@rel='canonical']/@href"):
            theirs = known_outlet(_host(str(value)) or "")
            if theirs and theirs != mine:
                return theirs
        return next((found for name in names if (found := agency(name))), None)

    def _conceal(self, hidden: list[Any]) -> int:
        """Remove what the page hides from the tree; return how much text that was."""
        concealed = 0
        for element in hidden:
            if element.getparent() is not None:
                concealed += prose_in(element)
                element.drop_tree()
        return concealed

    def _is_enough(self, text: str) -> bool:
        """Return whether a text is long enough; a brief is if the page declares itself an
        article."""
        least = MIN_PAGE_CHARS
        if (
            self.said.article
            or (self.said.first("og:type") or "").lower() == "article"
            or self.tree.find(".//article") is not None
        ):
            least = MIN_BRIEF_CHARS
        return size(text) >= least

    def _text(self, whole: Any, headlines: list[str], names: tuple[str, ...]) -> str:
        there = prose_in(self.tree)
        prune(self.tree, headlines)
        text = trim(_main_text(self.tree, self.url), headlines, names)
        if _prose(text) < max(MIN_PAGE_CHARS, _LEAST_KEPT * there):
            unpruned = trim(_main_text(whole, self.url), headlines, names)
            if _prose(text) < max(MIN_PAGE_CHARS, _LEAST_KEPT * _prose(unpruned)):
                text = max(text, unpruned, key=_prose)
        if size(text) < MIN_PAGE_CHARS:
            every = _main_text(self.tree, self.url, recall=True)
            text = max(text, trim(every, headlines, names), key=size)
        if size(text) < MIN_PAGE_CHARS:
            text = max(text, trim(_paragraphs(self.tree), headlines, names), key=size)
        body = trim(_structured_body(self.said), headlines, names)
        return (
            body
            if size(body) >= MIN_BRIEF_CHARS and size(text) < _LEAST_KEPT * size(body)
            else text
        )


def _prose(text: str) -> int:
    """Count the characters in lines that are long enough to be paragraphs; menus have none."""
    return sum(each for line in text.split("\n") if (each := size(line)) >= PROSE)


def _parsed(html: str) -> Any:
    import trafilatura

    tree = trafilatura.load_html(html)
    if tree is None:
        raise UnreadableSource("not-html")
    return tree


def _main_text(tree: Any, url: str | None, *, recall: bool = False) -> str:
    import trafilatura

    # fast: one extractor instead of three; on public pages it is also the more exact one.
    found: Any = trafilatura.bare_extraction(
        tree, url=url, fast=True, include_comments=False, with_metadata=False, favor_recall=recall
    )
    return (found.text or "").strip() if found is not None else ""


def _paragraphs(tree: Any) -> str:
    """Return the paragraphs of the article's element, for pages too small to be measured."""
    article = tree.find(".//article")
    root = article if article is not None else tree.find(".//main")
    if root is None:
        return ""
    lines = (" ".join(p.text_content().split()) for p in root.iter("p"))
    return "\n".join(line for line in lines if line)


def _structured_body(said: StructuredData) -> str:
    """Return the text in the page's JSON-LD, with markup resolved, even if it is escaped."""
    body = said.text("articleBody") or ""
    if "&lt;" in body:
        body = unescape(body)
    if _TAG.search(body):
        body = html_to_text(body)
    elif "&" in body:
        body = unescape(body)
    if "\n" not in body:
        body = _GLUED.sub("\n", body)
    return body.strip()


def _host(url: str) -> str | None:
    try:
        return host_name(url)
    except ValueError:
        return None


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= 120 else line[:119].rstrip() + "…"
