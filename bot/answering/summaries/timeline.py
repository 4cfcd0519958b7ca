"""What happened when: one line for each event of a topic, in order, and how much it was covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from bot.answering.models import QUOTATIONS, AnswerSentence, Citation, Usage
from bot.answering.summaries.digest import DigestEntry
from retrieval.catalogue.coverage import Report
from retrieval.errors import Note
from retrieval.models import Passage
from retrieval.text.time_expressions.mentions import DayMention, day_mentions, day_of_sentence
from retrieval.timestamps import parse_span

# Characters from the beginning of an article in which it says when what it tells of was.
_NEAR_THE_TOP = 800
# A day farther from the publication is that of something told beside the event.
_NEWS = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """``day`` is the one that the text says, else that of the first report; None if neither is known.
    ``citations`` of the one sentence are numbered from 1."""

    day: date | None
    title: str
    sentence: AnswerSentence
    citations: tuple[Citation, ...]
    outlets: tuple[str, ...]
    story_id: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, oldest first; ``coverage`` counts articles by day and outlet. ``total`` counts events
    that are not shown too."""

    topic: str
    events: tuple[TimelineEvent, ...]
    coverage: dict[date, dict[str, int]]
    total: int
    model: str = QUOTATIONS
    notes: tuple[Note, ...] = ()
    usage: Usage | None = None


def events_of(entries: Sequence[DigestEntry], zone: tzinfo) -> list[TimelineEvent]:
    """Events in order, those without a day last."""
    found = [
        TimelineEvent(
            event_day(entry, zone),
            entry.title,
            entry.sentences[0],
            entry.citations,
            entry.story.outlets,
            entry.story.story_id,
        )
        for entry in entries
    ]
    return sorted(found, key=lambda event: (event.day or date.max, event.title))


def event_day(entry: DigestEntry, zone: tzinfo) -> date | None:
    """The day of the event that an entry's first sentence tells: as the text says it, else the day
    of the first report that has a date."""
    passage = entry.passage
    if passage is not None and entry.citations:
        published = _published(passage.article.published_at, zone)
        quote = entry.citations[0].quote
        start = passage.text.find(quote)
        if start < 0:
            start, quote = 0, passage.text
        lead: Sequence[DayMention] = ()
        if passage.start + start < _NEAR_THE_TOP:
            lead = day_mentions(entry.lead[:_NEAR_THE_TOP], published)
        day = day_of_sentence(passage.text, start, start + len(quote), published, lead)
        if day is not None:
            return day
    return next(filter(None, (day_of(report, zone) for report in entry.story.reports)), None)


def names_its_day(sentence: str, passage: Passage, zone: tzinfo) -> bool:
    """Whether a sentence says on which day it was, or will be, what its article reports."""
    published = _published(passage.article.published_at, zone)
    days = (m.day for m in day_mentions(sentence, published) if not m.bounds)
    return any(published is None or abs(day - published) <= _NEWS for day in days)


def coverage_of(reports: Sequence[Report], zone: tzinfo) -> dict[date, dict[str, int]]:
    """Articles by day and outlet, without days that have none and articles without a date."""
    days: dict[date, Counter[str]] = {}
    for report in reports:
        day = day_of(report, zone)
        if day is not None:
            days.setdefault(day, Counter())[report.article.source or "unknown"] += 1
    return {day: dict(days[day]) for day in sorted(days)}


def day_of(report: Report, zone: tzinfo) -> date | None:
    """The day of a report; a bare date is that day everywhere. None for one without a date."""
    return _published(report.article.published_at, zone)


def _published(written: str | None, zone: tzinfo) -> date | None:
    if written is None:
        return None
    if len(written) == len("2023-11-03"):
        return date.fromisoformat(written)
    return parse_span(written).start.astimezone(zone).date()
