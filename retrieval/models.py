"""The nouns of the house: what comes in, what is kept, what search returns."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from retrieval.errors import Note
from retrieval.timestamps import Span, parse_span

# What commands a terminal, to colour, to move, to open an address, instead of being read.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

Status = Literal["indexed", "unchanged", "updated", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Article:
    """An article as a reader of sources hands it over.

    ``url`` is as given, ``text`` is final: offsets of passages count its characters. ``updated`` is
    when its publisher says it was changed after ``published``, ``picture_url`` where the picture is
    that the publisher gives it. No control character stays but tabs and line ends.
    """

    title: str
    text: str
    url: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    published: Span | None = None
    language: str | None = None
    updated: Span | None = None
    picture_url: str | None = None

    def __post_init__(self) -> None:
        for name in ("title", "text", "source"):
            if (value := getattr(self, name)) and _CONTROL.search(value):
                object.__setattr__(self, name, _CONTROL.sub(" ", value))
        if any(map(_CONTROL.search, self.authors)):
            object.__setattr__(self, "authors", tuple(_CONTROL.sub(" ", a) for a in self.authors))


@dataclass(frozen=True, slots=True)
class IngestItem:
    """One thing read from a source: an article, or the reason why there is none.

    ``label`` names the place, such as ``articles.jsonl:17``; ``ticket`` is whatever its sender wants
    to know it by. ``fetched`` is set for what a feed or a page gave, which may come back cut;
    ``anchor`` tells an article from others at the same address, such as the entries of a live page.
    ``corpus`` is the one that a line names, for an operator's terminal alone: what comes in through
    Discord goes where its sender may write.
    """

    label: str
    article: Article | None = None
    reason: Note | None = None
    url: str | None = None
    title: str | None = None
    ticket: Any = None
    fetched: bool = False
    anchor: str | None = None
    corpus: str | None = None


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one incoming article."""

    source: str
    status: Status
    article_id: str | None
    url: str | None
    title: str | None
    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a reader is shown of an article beside its words."""

    article_id: str
    url: str | None
    title: str
    source: str | None
    published_at: str | None


@dataclass(frozen=True, slots=True)
class RelatedArticle:
    """Another article that tells the same story: the same text elsewhere, or a report of its own."""

    article_id: str
    source: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters ``start`` to ``end`` of an article's text; ``text`` is exactly these.

    ``correction`` is the notice in which the publisher says that the article was corrected.
    """

    passage_id: int
    article: Reference
    start: int
    end: int
    text: str
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage that search found; ``score`` falls from one to the next, 1.0 at most."""

    rank: int
    score: float
    passage: Passage
    also: tuple[RelatedArticle, ...] = ()
    # What keyword, dense and recency evidence add to the logarithm of the score.
    shares: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimePreference:
    """When the event was that is asked for, as far as the question's words say: reports from
    ``since`` to ``until`` are preferred, and none is shut out. None is open.

    ``articles`` is how many of the corpus lie in it; with none, nothing is preferred.
    """

    phrase: str
    since: datetime | None
    until: datetime | None
    articles: int = 0

    def covers(self, published_at: str | None) -> bool:
        """Whether what was published then lies in it."""
        if published_at is None:
            return False
        span = parse_span(published_at)
        return not (
            (self.since is not None and span.end < self.since)
            or (self.until is not None and span.start > self.until)
        )


@dataclass(frozen=True, slots=True)
class Respelling:
    """A word of the question that the corpus does not know, and the words looked for instead."""

    word: str
    instead: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What one search found, best first, and remarks for the person who asked."""

    question: str
    since: datetime | None
    until: datetime
    hits: tuple[SearchResult, ...]
    notes: tuple[Note, ...] = ()
    # How telling each content word of the question is in this corpus (its inverse document
    # frequency), by stem. The answering layer weighs sentences with it.
    weights: dict[str, float] = field(default_factory=dict)
    # How the question was read: the publisher that it is limited to, the words for its exact range,
    # the time that is preferred, and what was looked for in place of unknown words.
    source: str | None = None
    phrase: str | None = None
    preferred: TimePreference | None = None
    respellings: tuple[Respelling, ...] = ()
    # What near-copies of the hits say in other words, best first.
    copies: tuple[SearchResult, ...] = ()
    # The ISO 639-1 code of the question's language, and of the one by which its words became the
    # stems of ``weights``: another one where no article is in the question's.
    language: str = "en"
    stemming: str = "en"
    # Whether an index had to be done without.
    impaired: bool = False


def normalize_whitespace(text: str) -> str:
    """White space folded to single spaces, Unicode composed: the form in which texts compare."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def content_hash(text: str) -> str:
    """The same for two texts that differ in nothing but white space and Unicode form."""
    return hashlib.sha256(normalize_whitespace(text).encode("utf-8", "surrogatepass")).hexdigest()
