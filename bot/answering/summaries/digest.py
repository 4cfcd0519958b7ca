"""The main stories of a range of time, each with a line or two."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.answering.models import AnswerSentence, Citation
from bot.answering.summaries.lexrank import extract
from bot.answering.summaries.models import CitedSentence, SummaryNumberer
from retrieval.catalogue.coverage import Report
from retrieval.models import Passage

_HALF_LIFE = 3.0 * 86_400_000_000  # microseconds
_READ_REPORTS = 6


@dataclass(frozen=True, slots=True)
class DigestStory:
    """One event: its reports, oldest first. ``score`` orders stories: how much they are covered,
    by how many outlets, how new they are, and how close to a topic if there is one. An update has
    its new reports alone."""

    story_id: int
    reports: tuple[Report, ...]
    score: float
    is_update: bool = False

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who tells it, the one with most reports first."""
        counts: dict[str, int] = {}
        for report in self.reports:
            if report.article.source:
                counts[report.article.source] = counts.get(report.article.source, 0) + 1
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    @property
    def latest(self) -> Report:
        return self.reports[-1]


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """A story as a digest shows it: a line or two, whose citations are numbered from 1."""

    story: DigestStory
    title: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    # Of the first sentence: the passage that says it, and how its article begins.
    passage: Passage | None = None
    lead: str = ""

    def told(self, lines: Sequence[CitedSentence]) -> DigestEntry:
        """The same in other words; as it is if there are none."""
        if not lines:
            return self
        numbering = SummaryNumberer()
        sentences = tuple(numbering.sentence(line) for line in lines)
        passage = lines[0].passages[0] if lines[0].passages else None
        return replace(
            self, sentences=sentences, citations=tuple(numbering.citations), passage=passage
        )


def ranked(
    reports: Sequence[Report], now: int, closeness: Mapping[int, float] | None = None
) -> list[DigestStory]:
    """The stories that these reports tell, the main ones first.

    ``now`` in microseconds. ``closeness`` from 0 to 1 by story, if there is a topic: stories that it
    does not name are left out. Near-copies count once for coverage, all of them as outlets.
    """
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
            math.log1p(texts)
            + 1.5 * math.log1p(max(0, outlets - 1))
            + 0.5 * 0.5 ** (age / _HALF_LIFE)
        )
        if closeness is not None:
            score *= closeness[story_id]
        stories.append(DigestStory(story_id, tuple(told), score))
    return sorted(stories, key=lambda story: (-story.score, -story.latest.at, story.story_id))


def reports_to_read(story: DigestStory) -> list[Report]:
    """The reports that a digest reads of a story: the newest of each text, some at most."""
    newest = {report.copy_id: report for report in story.reports}
    return list(newest.values())[-_READ_REPORTS:]


def entry(
    story: DigestStory,
    articles: Sequence[Sequence[Passage]],
    lines: int = 2,
    names: Callable[[str], bool] = bool,
    known: Sequence[str] = (),
) -> DigestEntry | None:
    """A story with its most telling sentences; None if its articles have none.

    The first is one that ``names`` the topic, if there is one. None repeats what is ``known``.
    """
    found = extract(articles, 1, wanted=names, told=known)
    told = [*known, *(one.text for one in found)]
    found += extract(articles, lines - len(found), told=told)
    if not found:
        return None
    # The title of the article that the first line is from.
    title = found[0].passage.article.title or story.latest.article.title
    of_it = found[0].passage.article
    begins = (p.text for ps in articles for p in ps if p.article == of_it and p.start == 0)
    told_by = DigestEntry(story, title, (), (), lead=next(begins, ""))
    return told_by.told([CitedSentence.quoted(one) for one in found])
