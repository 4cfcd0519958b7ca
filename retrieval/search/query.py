"""A parsed question: its terms, its time range and its publisher."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from retrieval.catalogue import VersionCandidate
from retrieval.catalogue.publishers import SourceFilter
from retrieval.errors import Note
from retrieval.models import TimePreference
from retrieval.search.ranking import Recency, Span
from retrieval.text.answer_counts import Kind
from retrieval.text.question_language import question_language
from retrieval.text.question_words import question_words
from retrieval.text.stop_words import stop_words
from retrieval.text.words import surface_words
from retrieval.timestamps import TimeRange, parse_span, to_micros

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*", re.UNICODE)
# Where "name" asks for one: "what is the name of", "what was the ship's name", "name the".
_ASKS_FOR_A_NAME = re.compile(
    r"(^\W*|\bwhat(?:['’]s| is| was| are| were) (?:(?:the|his|her|its|their|this|that) )?"
    r"(?:[\w-]+ ){0,2}?(?:[\w-]+['’]s? )?)names?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed question. ``words`` are its terms; ``within`` and ``source`` limit what may answer
    it.

    ``phrase`` is the words for time that gave the range, if any did; ``preferred`` is the time of
    the event that words name. ``kind`` is the kind of thing that is asked for, and ``names`` are
    the words of names.
    """

    text: str
    words: list[str]
    within: TimeRange
    source: SourceFilter | None
    phrase: str | None
    recency: Recency
    kind: Kind | None = None
    names: tuple[str, ...] = ()
    preferred: TimePreference | None = None
    # Of the question, and of what is searched as far as words become stems.
    language: str = "en"
    stemming: str = "en"

    @property
    def limits_time(self) -> bool:
        """Return whether the query has a time range."""
        return self.within.since is not None or self.within.until is not None

    @property
    def range_note(self) -> Note:
        """Return the range as a note, with its ends as ISO 8601 dates."""
        since, until = self.within.since, self.within.last
        last = f"{until:%Y-%m-%d}"
        if since is None:
            return Note("range-until", until=last)
        first = f"{since:%Y-%m-%d}"
        if self.within.until is None:
            return Note("range-since", since=first)
        if first == last:
            return Note("range-day", date=first)
        return Note("range-between", since=first, until=last)

    def around(self, margin: timedelta | None) -> Query:
        """Return the query with its range widened by ``margin`` on both sides, or without a range
        if None."""
        within = self.within
        if margin is None:
            return replace(self, within=TimeRange(within.as_of))
        since = within.since - margin if within.since else None
        until = within.until + margin if within.until else None
        return replace(self, within=TimeRange(within.as_of, since, until))

    def widened(self) -> Query:
        """Return the query without range, preferred time and publisher."""
        return replace(self.around(None), source=None, preferred=None)

    def admits(self, candidate: VersionCandidate) -> bool:
        """Return whether a passage passes the filters of the search. The check is exact."""
        within = self.within
        if candidate.visible_from > to_micros(within.as_of):
            return False
        if within.since is not None and (
            candidate.published_to is None or candidate.published_to < to_micros(within.since)
        ):
            return False
        if within.until is not None and (
            candidate.published_from is None or candidate.published_from > to_micros(within.until)
        ):
            return False
        return self.source is None or self.source.admits(candidate.source_key, candidate.host)

    def distance(self, published_at: str) -> float:
        """Return the seconds between a publication time and the range."""
        span = parse_span(published_at)
        if self.within.since is not None and span.end < self.within.since:
            return (self.within.since - span.end).total_seconds()
        if self.within.until is not None and span.start > self.within.until:
            return (span.start - self.within.until).total_seconds()
        return 0.0


def day(moment: datetime | str) -> str:
    """Format a date like ``3 May 2023``."""
    if isinstance(moment, str):
        moment = parse_span(moment).start
    return f"{moment.day} {moment:%B %Y}"


def content_words(question: str, language: str | None = None) -> list[str]:
    """Return the words of a question without question words and stop words, or all of them if none
    is left.

    ``language`` is the language of the question, if known.
    """
    language = language or question_language(question)
    listed = question_words(language)
    if listed is not None and language != "en":
        return surface_words(listed.without(question)) or surface_words(question)
    words = _WORD.findall(_ASKS_FOR_A_NAME.sub(r"\1", question))
    telling = [word for word in words if _plain(word) not in stop_words()]
    return telling or _WORD.findall(question)


def names(question: str) -> tuple[str, ...]:
    """Return the words of names: those with a capital letter, except the question's first word."""
    return tuple(word for word in _WORD.findall(question)[1:] if word[0].isupper())


def _plain(word: str) -> str:
    return re.sub(r"['’]s?$", "", word.lower())


def preferred_span(read: Query) -> Span | None:
    """Return the preferred time in microseconds; None if there is none. An open range ends now."""
    preferred = read.preferred
    if preferred is None or not preferred.articles or preferred.since is None:
        return None
    until = min(preferred.until or read.within.as_of, read.within.as_of)
    return to_micros(preferred.since), to_micros(until)
