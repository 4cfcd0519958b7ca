"""What happened when: one line per event of a topic, in order, and how much each day was
covered."""

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

# In its first characters an article says when the event was.
_NEAR_THE_TOP = 800
# A day further from the publication is that of something else.
_NEWS = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """An event. ``day`` is the one that the text gives, else that of the first report; None if
    neither is known. The ``citations`` of its one sentence are numbered from 1."""

    day: date | None
    title: str
    sentence: AnswerSentence
    citations: tuple[Citation, ...]
    outlets: tuple[str, ...]
    story_id: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, oldest first; ``coverage`` counts articles by day and outlet. ``total`` includes
    events that aren't shown."""

    topic: str
    events: tuple[TimelineEvent, ...]
    coverage: dict[date, dict[str, int]]
    total: int
    model: str = QUOTATIONS
    notes: tuple[Note, ...] = ()
    usage: Usage | None = None


def events_of(entries: Sequence[DigestEntry], zone: tzinfo) -> list[TimelineEvent]:
    """Return the events of entries in order, those without a day last."""
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
    """Return the day of the event in an entry's first sentence: the one that the text gives, else
    that of the first report with a date; None if there is none."""
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
    """Return whether a sentence says on which day the event of its article was or will be."""
    published = _published(passage.article.published_at, zone)
    days = (m.day for m in day_mentions(sentence, published) if not m.bounds)
    return any(published is None or abs(day - published) <= _NEWS for day in days)


def coverage_of(reports: Sequence[Report], zone: tzinfo) -> dict[date, dict[str, int]]:
    """Return the number of articles by day and outlet, without empty days and articles without a
    date."""
    days: dict[date, Counter[str]] = {}
    for report in reports:
        day = day_of(report, zone)
        if day is not None:
            days.setdefault(day, Counter())[report.article.source or "unknown"] += 1
    return {day: dict(days[day]) for day in sorted(days)}


def day_of(report: Report, zone: tzinfo) -> date | None:
    """Return the day of a report, which for a bare date is the same in every zone; None without a
    date."""
    return _published(report.article.published_at, zone)


def _published(written: str | None, zone: tzinfo) -> date | None:
    if written is None:
        return None
    if len(written) == len("2023-11-03"):
        return date.fromisoformat(written)
    return parse_span(written).start.astimezone(zone).date()
