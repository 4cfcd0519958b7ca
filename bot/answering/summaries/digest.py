"""Rank the main stories of a time range, and give each a line or two."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.answering.models import AnswerSentence, Citation
from bot.answering.summaries.lexrank import extract, in_reading_order
from bot.answering.summaries.models import CitedSentence, SummaryNumberer
from bot.answering.summaries.prominence import Prominence
from retrieval.catalogue.coverage import Report
from retrieval.models import Passage
from retrieval.timestamps import DAY_MICROS

_HALF_LIFE = 3.0 * DAY_MICROS
_READ_REPORTS = 6
# What was reported before the last third of a story's time may be out of date.
_NEWS, _OLDER_WORTH = 1 / 3, 0.6
_SHORT_STORY = 12 * 3_600_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class DigestStory:
    """One event: its reports, oldest first. ``score`` orders stories by coverage, number of
    outlets, age and, if there is one, closeness to a topic. An update has only its new reports."""

    story_id: int
    reports: tuple[Report, ...]
    score: float
    is_update: bool = False

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who reports it, by number of reports."""
        counts: dict[str, int] = {}
        for report in self.reports:
            if report.article.source:
                counts[report.article.source] = counts.get(report.article.source, 0) + 1
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    @property
    def latest(self) -> Report:
        """The newest report."""
        return self.reports[-1]


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """A story in a digest: a line or two, whose citations are numbered from 1."""

    story: DigestStory
    title: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    # The passage of the first sentence, and the beginning of its article.
    passage: Passage | None = None
    lead: str = ""

    def told(self, lines: Sequence[CitedSentence]) -> DigestEntry:
        """Return the entry with these lines instead; unchanged if there are none."""
        if not lines:
            return self
        numbering = SummaryNumberer()
        sentences = tuple(numbering.sentence(line) for line in lines)
        passage = lines[0].passages[0] if lines[0].passages else None
        return replace(
            self, sentences=sentences, citations=tuple(numbering.citations), passage=passage
        )


def ranked(
    reports: Sequence[Report],
    now: int,
    closeness: Mapping[int, float] | None = None,
    around: Prominence | None = None,
) -> list[DigestStory]:
    """Return the stories of these reports, the main ones first.

    ``now`` is in microseconds since 1970. ``closeness``, from 0 to 1 by story, is given if there is
    a topic: stories missing from it are left out. Near-copies count once for coverage, but all
    count as outlets. ``around`` is coverage besides a story's own; of similar stories the later
    ones move down.
    """
    around = around or Prominence()
    half_life = max(_HALF_LIFE, now - min((report.at for report in reports), default=now))
    groups: dict[int, list[Report]] = {}
    for report in reports:
        groups.setdefault(report.story_id, []).append(report)
    stories = []
    for story_id, told in groups.items():
        if closeness is not None and story_id not in closeness:
            continue
        texts = len({report.copy_id for report in told})
        outlets = len({report.article.source for report in told if report.article.source})
        age = max(0, now - max(report.at for report in told))
        score = (
            math.log1p(texts + around.beside.get(story_id, 0.0))
            + 1.5 * math.log1p(max(0, outlets - 1))
            + 0.5 * 0.5 ** (age / half_life)
        )
        if closeness is not None:
            score *= closeness[story_id]
        stories.append(DigestStory(story_id, tuple(told), score))
    stories.sort(key=lambda story: (-story.score, -story.latest.at, story.story_id))
    return _varied(stories, around)


def _varied(stories: list[DigestStory], around: Prominence) -> list[DigestStory]:
    """Return the stories with those moved down that resemble one before them: many sides of one
    subject."""
    left = {story.story_id: story for story in stories}
    repeats = dict.fromkeys(left, 0.0)
    order = []
    while left:
        best = max(left.values(), key=lambda s: s.score * (1 - repeats[s.story_id]))
        order.append(left.pop(best.story_id))
        for other, alike in around.nearest(best.story_id).items():
            repeats[other] = max(repeats.get(other, 0.0), alike)
    return order


def reports_to_read(story: DigestStory) -> list[Report]:
    """Return the reports of a story that a digest reads: the newest of each text, up to a limit."""
    newest = {report.copy_id: report for report in story.reports}
    return list(newest.values())[-_READ_REPORTS:]


def _worth(story: DigestStory, articles: Sequence[Sequence[Passage]]) -> list[float]:
    """Return how much the sentences of each article count, from 0 to 1: those of newer reports
    more."""
    at = {report.article.article_id: report.at for report in story.reports}
    first, last = story.reports[0].at, story.latest.at
    if last - first < _SHORT_STORY:
        return []
    since = last - _NEWS * (last - first)
    new = (at.get(ps[0].article.article_id, last) >= since if ps else True for ps in articles)
    return [1.0 if each else _OLDER_WORTH for each in new]


def entry(
    story: DigestStory,
    articles: Sequence[Sequence[Passage]],
    lines: int = 2,
    names: Callable[[str], bool] = bool,
    known: Sequence[str] = (),
    prefers: Callable[[str, Passage], bool] | None = None,
) -> DigestEntry | None:
    """Return a story with its most important sentences; None if its articles have none.

    Each sentence has to satisfy ``names``, which is for the topic; the first one satisfies
    ``prefers`` if any does. None repeats what is ``known``.
    """
    worth = _worth(story, articles)
    found = extract(articles, 1, wanted=names, prefers=prefers, told=known, worth=worth)
    told = [*known, *(one.text for one in found)]
    found += extract(articles, lines - len(found), wanted=names, told=told, worth=worth)
    if not found:
        return None
    found = in_reading_order(found)
    # The title of the article that the first line is from.
    title = found[0].passage.article.title or story.latest.article.title
    of_it = found[0].passage.article
    begins = (p.text for ps in articles for p in ps if p.article == of_it and p.start == 0)
    told_by = DigestEntry(story, title, (), (), lead=next(begins, ""))
    return told_by.told([CitedSentence.quoted(one) for one in found])
