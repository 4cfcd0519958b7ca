"""Summaries, digests and timelines of a library's corpora."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from bot.answering.composer import Composer
from bot.answering.models import QUOTATIONS, Usage
from bot.answering.summaries.digest import DigestEntry, DigestStory, entry, ranked, reports_to_read
from bot.answering.summaries.extractive import LoadedReport
from bot.answering.summaries.generative import LINE, GenerativeWriter
from bot.answering.summaries.models import (
    EmptyCorpus,
    NothingOnTopic,
    NothingToSummarize,
    NotIngested,
    Progress,
    Summary,
    no_progress,
)
from bot.answering.summaries.no_report import telling
from bot.answering.summaries.prominence import Prominence, ReportLead, prominence
from bot.answering.summaries.summarize import sum_up_article, sum_up_story
from bot.answering.summaries.timeline import Timeline, coverage_of, events_of, names_its_day
from bot.answering.summaries.topic import DigestTopic
from bot.answering.summaries.updates import developments
from retrieval.catalogue import Corpus
from retrieval.catalogue.coverage import (
    Report,
    passages_of,
    reports,
    reports_named,
    reports_of_stories,
)
from retrieval.catalogue.publishers import SourceFilter
from retrieval.errors import Note
from retrieval.library import Library
from retrieval.models import Passage, Reference
from retrieval.runtime.executors import ASKING
from retrieval.timestamps import TimeRange, from_micros, to_micros

_READ_PASSAGES = 4  # per report of a story in a digest: the news comes first
_STORY_PASSAGES = 12
_STORY_REPORTS = 12
_MOST_WRITTEN = 12  # lines of a digest or timeline that a model is asked for
_TOPIC_HITS = 100
_TOPIC_CLOSE = 0.15  # least share of the best result's score
_BEGINS = 500  # characters of a report
_MOST_COMPARED, _ROUNDUPS = 600, 20  # reports


@dataclass(frozen=True, slots=True)
class Digest:
    """The main stories of a range, best first; ``total`` includes those that aren't shown."""

    since: datetime
    until: datetime
    topic: str | None
    entries: tuple[DigestEntry, ...]
    total: int
    articles: int
    model: str = QUOTATIONS
    notes: tuple[Note, ...] = ()
    usage: Usage | None = None


class SummaryService:
    """Summarizes with a model if there is a ``composer``, else by quoting. ``zone`` is that of the
    readers and decides to which day a report belongs. All methods raise ``StorageError``."""

    def __init__(
        self, library: Library, composer: Composer | None = None, zone: tzinfo = UTC
    ) -> None:
        self._library = library
        self._composer = composer
        self._zone = zone

    async def article(
        self, corpus_name: str, name: str, as_of: datetime, progress: Progress = no_progress
    ) -> Summary:
        """Summarize the article that ``name`` means: by its link, its id or the beginning of it, or
        its title.

        Raises ``NothingToSummarize``, or ``NotIngested`` for a link that isn't in the corpus.
        """
        corpus = await self._corpus(corpus_name, name)
        report = await self._named(corpus, name, as_of)
        passages = await passages_of(self._library.catalogue, [report.version_id])
        read = LoadedReport(report, passages.get(report.version_id, []))
        return await sum_up_article(read, self._writer(corpus_name, as_of, progress))

    async def story(
        self, corpus_name: str, name: str, as_of: datetime, progress: Progress = no_progress
    ) -> Summary:
        """Summarize a story across its outlets, by its number or any of its articles. Raises as
        ``article``."""
        corpus = await self._corpus(corpus_name, name)
        told = await self._story(corpus, name, as_of)
        # Near-copies say the same; of many reports only the first and the newest are read.
        newest = list({report.copy_id: report for report in telling(told)}.values())
        newest.sort(key=lambda report: (report.at, report.version_id))
        kept = (
            newest[: _STORY_REPORTS // 3]
            + newest[_STORY_REPORTS // 3 :][-2 * _STORY_REPORTS // 3 :]
        )
        passages = await passages_of(
            self._library.catalogue, [report.version_id for report in kept], _STORY_PASSAGES
        )
        reads = [LoadedReport(report, passages.get(report.version_id, [])) for report in kept]
        return await sum_up_story(reads, self._writer(corpus_name, as_of, progress), told)

    async def digest(
        self,
        corpus_name: str,
        within: TimeRange,
        *,
        topic: str | None = None,
        source: str | None = None,
        limit: int = 10,
        told: Mapping[int, datetime] | None = None,
        progress: Progress = no_progress,
    ) -> Digest:
        """Return the main stories of a range. Of stories ``told`` before, with the time of that,
        only new developments are included. Raises ``NothingToSummarize``."""
        told = told or {}
        stories, read, words = await self._stories(corpus_name, within, topic, source, begins=True)
        new = await developments(
            self._library.catalogue, await self._corpus(corpus_name), stories, told, within.as_of
        )
        fresh = [
            new[story.story_id].story if story.story_id in new else story
            for story in stories
            if story.story_id in new or story.story_id not in told
        ]
        writer = self._writer(corpus_name, within.as_of, progress)
        known = {story_id: one.known for story_id, one in new.items()}
        entries = await self._entries(fresh[:limit], 2, words, writer, known)
        return Digest(
            within.since or from_micros(min(report.at for report in read)),
            within.last,
            topic,
            tuple(entries),
            len(fresh),
            len(read),
            *_made(writer, "digest"),
        )

    async def timeline(
        self,
        corpus_name: str,
        within: TimeRange,
        topic: str,
        *,
        source: str | None = None,
        limit: int = 20,
        progress: Progress = no_progress,
    ) -> Timeline:
        """Return the ``limit`` main events of a topic, in order. Raises ``NothingToSummarize``."""
        if not topic.strip():
            raise NothingToSummarize("nothing-topic-empty")
        # A single line of a report may be an event of the topic.
        stories, _, words = await self._stories(corpus_name, within, topic, source, begins=False)
        writer = self._writer(corpus_name, within.as_of, progress)
        entries = await self._entries(stories[:limit], 1, words, writer, prefers=self._says_when)
        told = [report for story in stories for report in story.reports]
        return Timeline(
            topic,
            tuple(events_of(entries, self._zone)),
            coverage_of(told, self._zone),
            len(stories),
            *_made(writer, "timeline"),
        )

    async def suggestions(self, corpus_name: str, typed: str, most: int) -> list[Reference]:
        """Return articles whose title contains what was typed, newest first; the newest if that is
        empty."""
        corpus = await self._library.catalogue.corpora.by_name(corpus_name)
        if corpus is None:
            return []
        now = self._library.clock()
        if not typed.strip():
            return await self._library.catalogue.articles.newest(corpus, now, most)
        found = await reports_named(self._library.catalogue, corpus, typed, now)
        return [report.article for report in found[:most]]

    def _says_when(self, sentence: str, passage: Passage) -> bool:
        return names_its_day(sentence, passage, self._zone)

    def _writer(self, corpus: str, as_of: datetime, progress: Progress) -> GenerativeWriter | None:
        return GenerativeWriter(self._composer, corpus, as_of, progress) if self._composer else None

    async def _corpus(self, name: str, wanted: str = "") -> Corpus:
        """Return a corpus in which an article is ``wanted``, or all articles."""
        corpus = await self._library.catalogue.corpora.by_name(name)
        if corpus is None and "://" in wanted:
            raise NotIngested(wanted.strip())
        if corpus is None:
            raise EmptyCorpus(name)
        return corpus

    async def _named(self, corpus: Corpus, name: str, as_of: datetime) -> Report:
        if not name.strip():
            raise NothingToSummarize("nothing-named")
        found = await reports_named(self._library.catalogue, corpus, name, as_of)
        if len(found) == 1 or (found and len({report.copy_id for report in found}) == 1):
            return found[0]
        if found:
            some = "; ".join(f"{r.article.article_id} “{r.article.title}”" for r in found[:5])
            raise NothingToSummarize("nothing-several", name=name, some=some)
        if "://" in name:
            raise NotIngested(name.strip())
        nearest = await self._library.nearest(name, as_of, corpus=corpus.name)
        some = "; ".join(f"{a.article_id} “{a.title}”" for a in nearest[:3])
        if not some:
            raise NothingToSummarize("nothing-so-called", name=name)
        raise NothingToSummarize("nothing-so-called-but", name=name, some=some)

    async def _story(self, corpus: Corpus, name: str, as_of: datetime) -> list[Report]:
        """Return all visible reports of a story, oldest first."""
        catalogue, within = self._library.catalogue, TimeRange(as_of)
        if name.strip().isdecimal() and len(name.strip()) < 10:
            found = await reports_of_stories(catalogue, corpus, [int(name)], within)
            if found:
                return found
            short = len(name.strip()) < 4  # too short for an id, and part of many titles
            if short or not await reports_named(catalogue, corpus, name, as_of):
                raise NothingToSummarize("nothing-such-story", name=name.strip())
        report = await self._named(corpus, name, as_of)
        return await reports_of_stories(catalogue, corpus, [report.story_id], within) or [report]

    async def _stories(
        self,
        corpus_name: str,
        within: TimeRange,
        topic: str | None,
        source: str | None,
        *,
        begins: bool,
    ) -> tuple[list[DigestStory], list[Report], DigestTopic | None]:
        """Return the stories of a range; with a topic those that name it, at their beginning if
        ``begins``."""
        corpus = await self._corpus(corpus_name)
        if within.since is not None and within.since > within.last:
            raise NothingToSummarize("nothing-range-empty")
        only = await self._only(corpus, source)
        told = await reports(self._library.catalogue, corpus, within, only)
        if not told:
            raise NothingToSummarize.of(await self._why_empty(corpus, within, source))
        every, told = told, telling(told) if begins else told
        if topic is None:
            around = await self._around(every, told)
            return ranked(told, to_micros(within.last), around=around), told, None
        words, closeness = await self._close(corpus_name, within, topic, source, told)
        if begins:
            on_it = await self._about(words, [one for one in told if one.story_id in closeness])
            closeness = {story: closeness[story] for story in closeness if story in on_it}
        if not closeness:
            raise NothingOnTopic(topic, within)
        return ranked(told, to_micros(within.last), closeness), told, words

    async def _close(
        self,
        corpus_name: str,
        within: TimeRange,
        topic: str,
        source: str | None,
        told: Sequence[Report],
    ) -> tuple[DigestTopic, dict[int, float]]:
        """Return the topic's words and, by story, how close it is to the topic, without those that
        aren't."""
        found = await self._library.search(
            topic, within, corpus=corpus_name, source=source, limit=_TOPIC_HITS
        )
        story_of = {report.article.article_id: report.story_id for report in told}
        words = DigestTopic(topic, found.weights)
        close: dict[int, float] = {}
        for hit in found.hits:
            story = story_of.get(hit.passage.article.article_id)
            far = hit.score < _TOPIC_CLOSE * found.hits[0].score
            if story is None or far or not words.is_in(hit.passage):
                continue
            close[story] = max(close.get(story, 0.0), hit.score)
            words.passages.setdefault(story, []).append(hit.passage)
        return words, close

    async def _around(self, every: Sequence[Report], told: Sequence[Report]) -> Prominence:
        """Return the coverage besides each story: by ``told``, and by the roundups among
        ``every``."""
        telling_ids = {report.version_id for report in told}
        others = [r for r in every if r.version_id not in telling_ids][-_ROUNDUPS:]
        told = told[-_MOST_COMPARED:]
        read = self._library.catalogue
        rest = await passages_of(read, [report.version_id for report in others], _READ_PASSAGES)
        leads = [
            ReportLead(passage.text, report.story_id, report.article.source, is_roundup=True)
            for report in others
            for passage in rest.get(report.version_id, [])
        ]
        leads += [
            ReportLead(text, report.story_id, report.article.source)
            for report, text in zip(told, await self._beginnings(told), strict=True)
        ]
        return await ASKING.run(prominence, leads)

    async def _about(self, topic: DigestTopic, told: Sequence[Report]) -> set[int]:
        """Return the stories half of whose reports name the topic at their beginning, not in
        passing."""
        names: dict[int, list[bool]] = {}
        for report, text in zip(told, await self._beginnings(told), strict=True):
            names.setdefault(report.story_id, []).append(topic.named_in(text))
        return {story for story, named in names.items() if 2 * sum(named) >= len(named)}

    async def _beginnings(self, told: Sequence[Report]) -> list[str]:
        """Return the title and beginning of each report."""
        versions = [report.version_id for report in told]
        firsts = await passages_of(self._library.catalogue, versions, 1)
        begins = ("".join(passage.text for passage in firsts.get(n, [])) for n in versions)
        return [
            f"{report.article.title}\n{text[:_BEGINS]}"
            for report, text in zip(told, begins, strict=True)
        ]

    async def _entries(
        self,
        stories: Sequence[DigestStory],
        lines: int,
        topic: DigestTopic | None,
        writer: GenerativeWriter | None,
        known: Mapping[int, Sequence[str]] | None = None,
        prefers: Callable[[str, Passage], bool] | None = None,
    ) -> list[DigestEntry]:
        wanted = [report.version_id for story in stories for report in reports_to_read(story)]
        passages = await passages_of(self._library.catalogue, wanted, _READ_PASSAGES)
        read = {
            story.story_id: [
                *([passage] for passage in (topic.on(story) if topic else ())),
                *(passages.get(r.version_id, []) for r in reversed(reports_to_read(story))),
            ]
            for story in stories
        }

        def names(text: str) -> bool:
            return topic is None or topic.is_named_in(text)

        def quoted() -> list[DigestEntry]:
            made = (
                entry(
                    story,
                    read[story.story_id],
                    lines,
                    names,
                    (known or {}).get(story.story_id, ()),
                    prefers,
                )
                for story in stories
            )
            return [one for one in made if one is not None]

        entries = await ASKING.run(quoted)
        if writer is None:
            return entries
        written = []
        for one in entries[:_MOST_WRITTEN]:
            articles = read[one.story.story_id]
            firsts = [passage for article in articles for passage in article[:2]]
            written.append(one.told(await writer.lines(LINE, one.title, firsts, lines)))
        return written + entries[_MOST_WRITTEN:]

    async def _only(self, corpus: Corpus, source: str | None) -> SourceFilter | None:
        if not source:
            return None
        publishers = await self._library.searcher.publishers(corpus)
        return SourceFilter.of(source, publishers.find(source))

    async def _why_empty(self, corpus: Corpus, within: TimeRange, source: str | None) -> Note:
        if source:
            publishers = await self._library.searcher.publishers(corpus)
            if unknown := publishers.unknown(source):
                return unknown
            nothing = Note("nothing-of-source", source=source)
        else:
            nothing = Note("nothing-in-time")
        newest = await self._library.catalogue.articles.newest(corpus, within.as_of, 1)
        dated = newest[0].published_at if newest else None
        return nothing.then(Note("nothing-newest", day=dated[:10])) if dated else nothing


def _made(
    writer: GenerativeWriter | None, this: Literal["digest", "timeline"]
) -> tuple[str, tuple[Note, ...], Usage | None]:
    if writer is None:
        return QUOTATIONS, (), None
    return writer.model if writer.wrote else QUOTATIONS, writer.notes(this), writer.usage
