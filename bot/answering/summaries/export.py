"""Export a digest as Markdown or as an RSS feed, for other programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree

from bot.answering.models import Citation, grouped, text_with_citations
from bot.answering.summaries.digest import DigestEntry
from bot.answering.summaries.service import Digest
from bot.i18n import describe
from retrieval.search.query import day
from retrieval.timestamps import from_micros, iso

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")
# Characters that XML 1.0 can't hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def heading(digest: Digest) -> str:
    """Return the title of a digest: ``The news on bridges, 28 October to 3 November 2023``."""
    first, last = digest.since, digest.until
    subject = f"The news on {digest.topic}" if digest.topic else "The news"
    if first.date() == last.date():
        return f"{subject}, {day(iso(last))}"
    return f"{subject}, {day(iso(first))} to {day(iso(last))}"


def as_markdown(digest: Digest) -> str:
    """Return a digest as Markdown. Text from articles is escaped: it can't make headings, links or
    images."""
    parts = [f"# {_escaped(heading(digest))}"]
    for n, entry in enumerate(digest.entries, 1):
        sources = []
        for article, cited in grouped(entry.citations).items():
            title = _escaped(article.title)
            linked = f"[{title}](<{_address(article.url)}>)" if article.url else title
            by = ", ".join(filter(None, (article.source, article.published_at)))
            sources.append(f"{_escaped(_marks(cited))} {linked}, {_escaped(by)}")
        parts.append(
            f"## {n}. {_escaped(entry.title)}\n\n{_escaped(text_with_citations(entry.sentences))}\n\n"
            + f"{_escaped(outlets(entry))}\n\n"
            + "  \n".join(sources)
        )
    return "\n\n".join([*parts, *(f"*{_escaped(describe(note))}*" for note in digest.notes)]) + "\n"


def as_rss(digest: Digest, made_at: datetime) -> str:
    """Return a digest as RSS 2.0; a story keeps its ``guid`` from digest to digest."""
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    _add(channel, "title", heading(digest))
    _add(
        channel,
        "link",
        next(
            (c.article.url for e in digest.entries for c in e.citations if c.article.url),
            "about:blank",
        ),
    )
    _add(
        channel,
        "description",
        f"The {len(digest.entries)} main stories of {digest.articles} articles.",
    )
    _add(channel, "lastBuildDate", format_datetime(made_at))
    for entry in digest.entries:
        item = ElementTree.SubElement(channel, "item")
        _add(item, "title", entry.title)
        url = next((c.article.url for c in entry.citations if c.article.url), None)
        if url:
            _add(item, "link", url)
        sources = "\n".join(
            f"{_marks(cited)} {a.title}, {a.source or 'unknown'}, {a.url or 'no link'}"
            for a, cited in grouped(entry.citations).items()
        )
        _add(
            item,
            "description",
            f"{text_with_citations(entry.sentences)}\n\n{outlets(entry)}\n\n{sources}",
        )
        guid = _add(item, "guid", f"newsdesk-story-{entry.story.story_id}")
        guid.set("isPermaLink", "false")
        _add(item, "pubDate", format_datetime(from_micros(entry.story.latest.at)))
    ElementTree.indent(rss)
    return ElementTree.tostring(rss, encoding="unicode", xml_declaration=False)


def outlets(entry: DigestEntry, most: int = 6) -> str:
    """Return ``Reported by BBC News, CNN and 3 more (9 articles).``"""
    names, articles = entry.story.outlets, len(entry.story.reports)
    count = "1 article" if articles == 1 else f"{articles} articles"
    if not names:
        return f"{count}."
    shown, more = names[:most], len(names) - most
    last = f" and {more} more" if more > 0 else ""
    return f"Reported by {', '.join(shown)}{last} ({count})."


def _marks(citations: Iterable[Citation]) -> str:
    return "".join(f"[{citation.n}]" for citation in citations)


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = _NOT_XML.sub("", text)
    return element


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _address(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E").replace("\n", "")
