"""Summaries, digests and timelines of a library's corpora."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from bot.answering.summaries.digest import Entry, Story, entry, ranked, reports_to_read
from bot.answering.summaries.timeline import Timeline, coverage_of, events_of
from retrieval.articles import Passage
from retrieval.catalogue import Corpus
from retrieval.catalogue.coverage import Report, passages_of, reports
from retrieval.errors import NewsdeskError
from retrieval.library import Library
from retrieval.moments import TimeRange, to_micros
from retrieval.sources import SourceFilter

_READ_PASSAGES = 4  # of each report of a story in a digest: news has its news first
_TOPIC_HITS = 100
_TOPIC_CLOSE = 0.15  # of the best hit's score


class NothingThere(NewsdeskError):
    """There is nothing to sum up: no such article, an empty range, a topic nobody wrote about."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The main stories of a range, best first; ``total`` counts those that are not shown too."""

    since: datetime
    until: datetime
    topic: str | None
    entries: tuple[Entry, ...]
    total: int
    articles: int


class SummaryDesk:
    """``zone``: where those who ask are; it decides which day a report belongs to."""

    def __init__(self, library: Library, zone: tzinfo = UTC) -> None:
        self._library = library
        self._zone = zone

    async def digest(
        self,
        corpus_name: str,
        within: TimeRange,
        *,
        topic: str | None = None,
        source: str | None = None,
        limit: int = 10,
        already_told: frozenset[int] = frozenset(),
    ) -> Digest:
        """The main stories of a range, without those ``already_told``. Raises ``NothingThere``."""
        corpus, stories, told = await self._stories(corpus_name, within, topic, source)
        fresh = [story for story in stories if story.story_id not in already_told]
        entries = await self._entries(corpus, fresh[:limit])
        return Digest(
            within.since or _first(told), within.last, topic, tuple(entries), len(fresh), len(told)
        )

    async def timeline(
        self,
        corpus_name: str,
        within: TimeRange,
        topic: str,
        *,
        source: str | None = None,
        limit: int = 20,
    ) -> Timeline:
        """What happened on a topic, in order: its ``limit`` main events. Raises ``NothingThere``."""
        corpus, stories, _ = await self._stories(corpus_name, within, topic, source)
        entries = await self._entries(corpus, stories[:limit], lines=1)
        told = [report for story in stories for report in story.reports]
        return Timeline(topic, tuple(events_of(entries, self._zone)), coverage_of(told, self._zone))

    async def _stories(
        self, corpus_name: str, within: TimeRange, topic: str | None, source: str | None
    ) -> tuple[Corpus, list[Story], list[Report]]:
        corpus = await self._library.catalogue.corpus(corpus_name)
        if corpus is None:
            raise NothingThere(f"There is nothing in {corpus_name} yet; bring articles in first.")
        only = await self._only(corpus, source)
        told = await reports(self._library.catalogue, corpus, within, only)
        if not told:
            raise NothingThere(await self._why_empty(corpus, within, source))
        closeness = await self._close(corpus_name, within, topic, source, told) if topic else None
        if closeness is not None and not closeness:
            raise NothingThere(f"Nobody here wrote about “{topic}” in that time.")
        stories = ranked(told, to_micros(within.last), closeness)
        return corpus, stories, told

    async def _close(
        self,
        corpus_name: str,
        within: TimeRange,
        topic: str,
        source: str | None,
        told: Sequence[Report],
    ) -> dict[int, float]:
        """By story, how close it comes to a topic; only those that do."""
        found = await self._library.search(
            topic, within, corpus=corpus_name, source=source, limit=_TOPIC_HITS
        )
        story_of = {report.article.article_id: report.story_id for report in told}
        words = found.weights
        close: dict[int, float] = {}
        for hit in found.hits:
            story = story_of.get(hit.passage.article.article_id)
            if story is None or not _is_about(hit.passage, words):
                continue
            if hit.score >= _TOPIC_CLOSE * found.hits[0].score:
                close[story] = max(close.get(story, 0.0), hit.score)
        return close

    async def _entries(
        self, corpus: Corpus, stories: Sequence[Story], lines: int = 2
    ) -> list[Entry]:
        catalogue = self._library.catalogue
        wanted = [report.version_id for story in stories for report in reports_to_read(story)]
        passages = await passages_of(catalogue, wanted, _READ_PASSAGES)

        def made() -> list[Entry]:
            found = []
            for story in stories:
                articles = [
                    passages.get(r.version_id, []) for r in reversed(reports_to_read(story))
                ]
                if (one := entry(story, articles, lines)) is not None:
                    found.append(one)
            return found

        return await asyncio.to_thread(made)

    async def _only(self, corpus: Corpus, source: str | None) -> SourceFilter | None:
        if not source:
            return None
        publishers = await self._library.searcher.publishers(corpus)
        return SourceFilter.of(source, publishers.find(source))

    async def _why_empty(self, corpus: Corpus, within: TimeRange, source: str | None) -> str:
        of = f" of {source}" if source else ""
        newest = await self._library.catalogue.newest(corpus, within.as_of, 1)
        hint = (
            f"; the newest article is of {newest[0].published_at or 'an unknown date'}"
            if newest
            else ""
        )
        return f"Nothing{of} was published in that time{hint}."


def _is_about(passage: Passage, words: dict[str, float]) -> bool:
    """Whether a passage with its title holds most of a topic's weight."""
    from retrieval.indexes.keywords import stems

    held = set(stems(f"{passage.article.title}\n{passage.text}"))
    total = sum(words.values())
    return bool(total) and sum(w for word, w in words.items() if word in held) >= 0.6 * total


def _first(told: Sequence[Report]) -> datetime:
    from retrieval.moments import from_micros

    return from_micros(min(report.at for report in told))


def last_days(as_of: datetime, days: float) -> TimeRange:
    return TimeRange(as_of, as_of - timedelta(days=days), None)
