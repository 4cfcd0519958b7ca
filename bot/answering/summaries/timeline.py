"""What happened when: one line for each event of a topic, in order, and how much it was covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from bot.answering.answers import Citation
from bot.answering.summaries.digest import Entry
from retrieval.catalogue.coverage import Report
from retrieval.moments import from_micros


@dataclass(frozen=True, slots=True)
class Event:
    """``day`` is that of the first report; ``line`` the sentence that tells it best."""

    day: date
    title: str
    line: Citation
    outlets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, oldest first; ``coverage`` counts articles by day and outlet."""

    topic: str
    events: tuple[Event, ...]
    coverage: dict[date, dict[str, int]]


def events_of(entries: Sequence[Entry], zone: tzinfo) -> list[Event]:
    found = [
        Event(day_of(entry.story.reports[0], zone), entry.title, line, entry.story.outlets)
        for entry in entries
        for line in entry.lines[:1]
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
