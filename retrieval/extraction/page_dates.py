"""Find when a page's article was published: from what is said about this page, not from any date on
it.

Dates in the story itself, in lists of other articles, in comments, scripts and copyright lines
don't count; without another one the article is undated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from retrieval.extraction.boilerplate import PROSE, following
from retrieval.extraction.dates import DateHints, parse_date
from retrieval.extraction.structured import StructuredData
from retrieval.extraction.wording import size
from retrieval.timestamps import Span

_PUBLISHED = tuple(
    (
        "article:published_time datepublished og:article:published_time article:published "
        "parsely-pub-date sailthru.date dc.date.issued dcterms.issued dcterms.created "
        "dc.date.created dc.date dcterms.date date pubdate publish-date publishdate "
        "publish_date publication_date publication-date published_time published-date "
        "cxenseparse:recs:publishtime article.published article_date_original og:pubdate "
        "og:published_time weibo:article:create_at mediator_published_time"
    ).split()
)
_UPDATED = tuple(
    (
        "article:modified_time datemodified og:updated_time article:updated_time lastmod "
        "last-modified dcterms.modified dc.date.modified article.updated"
    ).split()
)
_DATE_NAME = re.compile(
    r"(?<![a-z])(?:(?:\w+-)?(?:date|datum|fecha|data|tarih|pub-?date|time-?stamp|timestamp|published|publish(?:ed)?-?(?:date|time|on|at)?|post-?(?:date|meta|time)|entry-?(?:date|meta)|article-?(?:date|meta|time|info)|story-?(?:date|meta)|meta-?(?:date|info)?|by-?line|datetime|time|dateline|posted-?on))(?![a-z])"
)
_OTHER_BOX = re.compile(
    r"(?<![a-z])(?:related|comments?|respond|recommend\w*|sidebar|teasers?|more|latest|popular|trending|list|rail|widget|copyright|footer|promo|next|weather|event)(?![a-z])"
)
_ELSEWHERE = frozenset(
    {"aside", "footer", "nav", "figure", "figcaption", "form", "li", "blockquote"}
)
_WHOLE = frozenset({"html", "body", "article", "main"})
_IN_PATH = re.compile(
    r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/-]|$)|/((?:19|20)\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?=[/_-])"
)
_NEAR = 60
_LONGEST_LINE = 140
# How many words a line may have besides a date: a byline, a place, a label.
_MOST_OTHER_WORDS = 9


def published(tree: Any, said: StructuredData, url: str | None, hints: DateHints) -> Span | None:
    """Return the date of publication from JSON-LD, the head, a marked element, a line beside the
    headline, an element named like a date or the URL; None if there is none."""
    marked = tree.xpath(
        "//*[@itemprop='datePublished' or @pubdate]/@datetime | //*[@itemprop='datePublished']/@content"
        " | //time[@itemprop='datePublished']/text()"
    )
    stated = [
        said.text("datePublished"),
        *(v for name in _PUBLISHED for v in said.meta.get(name, ())),
        *marked,
    ]
    for value in (*stated, said.text("dateCreated"), said.text("uploadDate")):
        if value and (found := parse_date(value, hints)):
            return found
    return _beside_headline(tree, hints) or _named_so(tree, hints) or _in_path(url, hints)


def updated(said: StructuredData, since: Span | None, hints: DateHints) -> Span | None:
    """Return when the page says it was changed, if that is after ``since``, its publication; None
    otherwise."""
    values = [said.text("dateModified"), *(v for name in _UPDATED for v in said.meta.get(name, ()))]
    found = next((span for value in values if value and (span := parse_date(value, hints))), None)
    return found if found and (since is None or found.start > since.end) else None


def date_in_line(line: str, hints: DateHints) -> Span | None:
    """Return the date of a line that holds little else: a label, a byline, a place. None for a
    sentence."""
    text = " ".join(line.split())
    if not 4 <= len(text) <= _LONGEST_LINE or not any(c.isdigit() for c in text):
        return None
    found = parse_date(text, hints)
    if found is None:
        return None
    others = re.findall(r"[^\W\d]{2,}", text)
    is_sentence = re.search(r"[.!?。！？।]$", text) and len(others) > 4
    if is_sentence or len(others) > _MOST_OTHER_WORDS or size(text) > 110:
        return None
    return found


def _beside_headline(tree: Any, hints: DateHints) -> Span | None:
    """Search between the headline and the first paragraph, and just above the headline."""
    heading = next(tree.iter("h1"), None)
    if heading is None:
        return None
    near = [*_until_prose(heading)]
    above = heading.getparent()
    near += [
        e
        for e in (above.iter() if above is not None and above.tag not in {"body", "html"} else ())
        if isinstance(e.tag, str) and size(e.text_content()) < _LONGEST_LINE
    ][:_NEAR]
    before = [e for e in heading.itersiblings(preceding=True) if isinstance(e.tag, str)][:4]
    for element in (*near, *before):
        if found := _of_element(element, hints):
            return found
    return None


def _until_prose(heading: Any) -> Iterator[Any]:
    for element in islice(following(heading), _NEAR):
        if not isinstance(element.tag, str):
            continue
        if element.tag == "p" and size(element.text_content()) >= 1.5 * PROSE:
            return
        yield element


def _of_element(element: Any, hints: DateHints) -> Span | None:
    if element.tag in _ELSEWHERE or _is_elsewhere(element):
        return None
    if (
        element.tag == "time"
        and (stated := element.get("datetime"))
        and (found := parse_date(stated, hints))
    ):
        return found
    if element.tag in {"script", "style"} or len(text := element.text_content()) > _LONGEST_LINE:
        return None
    return date_in_line(text, hints)


def _named_so(tree: Any, hints: DateHints) -> Span | None:
    """Search the elements that are named like a date and aren't part of another box."""
    for element in tree.iter("time", "span", "div", "p", "b", "em", "i", "strong", "small"):
        name = f"{element.get('class') or ''} {element.get('id') or ''}".lower().replace("_", "-")
        if element.tag != "time" and not _DATE_NAME.search(name):
            continue
        if element.tag == "time" and _in_prose(element):
            continue
        if found := _of_element(element, hints):
            return found
    return None


def _in_prose(element: Any) -> bool:
    """Return whether a time is part of a sentence."""
    block = next(element.iterancestors("p", "li", "blockquote", "td"), None)
    return block is not None and size(block.text_content()) > size(element.text_content()) + 60


def _is_elsewhere(element: Any) -> bool:
    for above in (element, *element.iterancestors()):
        if above.tag in _WHOLE:
            continue
        if above.tag in _ELSEWHERE:
            return True
        name = f"{above.get('class') or ''} {above.get('id') or ''}".lower().replace("_", "-")
        if _OTHER_BOX.search(name):
            return True
    return False


def _in_path(url: str | None, hints: DateHints) -> Span | None:
    found = _IN_PATH.search(urlsplit(url).path + "/") if url else None
    if not found:
        return None
    year, month, day = (group for group in found.groups() if group)
    return parse_date(f"{year}-{int(month):02}-{int(day):02}", hints)
