"""What happened when: one line for each event of a topic, in order, and how much it was covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from bot.answering.models import QUOTATIONS, AnswerSentence, Citation, Usage
from bot.answering.summaries.digest import DigestEntry
from retrieval.catalogue.coverage import Report
from retrieval.timestamps import from_micros


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """``day`` is that of the first report; ``citations`` of the one sentence are numbered from 1."""

    day: date
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
    notes: tuple[str, ...] = ()
    usage: Usage | None = None


def events_of(entries: Sequence[DigestEntry], zone: tzinfo) -> list[TimelineEvent]:
    found = [
        TimelineEvent(
            day_of(entry.story.reports[0], zone),
            entry.title,
            entry.sentences[0],
            entry.citations,
            entry.story.outlets,
            entry.story.story_id,
        )
        for entry in entries
    ]
    return sorted(found, key=lambda event: (event.day, event.title))


def coverage_of(reports: Sequence[Report], zone: tzinfo) -> dict[date, dict[str, int]]:
    """Articles by day and outlet, without days that have none."""
    days: dict[date, Counter[str]] = {}
    for report in reports:
        day = days.setdefault(day_of(report, zone), Counter())
        day[report.article.source or "unknown"] += 1
    return {day: dict(days[day]) for day in sorted(days)}


def day_of(report: Report, zone: tzinfo) -> date:
    """The day of a report; a bare date is that day everywhere."""
    published = report.article.published_at
    if published is not None and len(published) == len("2023-11-03"):
        return date.fromisoformat(published)
    return from_micros(report.at).astimezone(zone).date()
