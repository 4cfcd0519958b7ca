"""A digest of a week of the dev set: `python -m tests.benchmarks.digests [--folder DIR]`.

No story twice (held against near-copy groups, and as titles to read), how many of that week's quiz
answers stand in the articles of its 25 stories, beside what 25 random articles would on average (of
all that could be read by then, and of the same week), beside all articles of the week, which is as
much as any order of stories can cover, and how long it takes. Few weeks have more than 25 stories:
the order itself is seen in the first ten, beside ten random stories.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.answering.summaries.digest import ranked
from bot.answering.summaries.service import SummaryService
from bot.evaluation.questions import EvaluationQuestion, plain
from bot.storage.library import open_library
from retrieval.catalogue.coverage import Report, reports
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, parse_span, to_micros
from tests.benchmarks import weekly_news

_STORIES = 25
_FIRST = 10


async def measure(folder: Path, show: str | None) -> None:
    async with open_library(LibraryConfig(folder), writer="bench") as library:
        if not await library.catalogue.corpora.all():
            indexer = await library.indexer("local")
            sources = read_source(weekly_news.ARTICLES, 5_000_000)
            async for _ in ingest(indexer, sources, actor="bench", data_dir=folder):
                pass
        corpus = (await library.catalogue.corpora.all())[0]
        summaries = SummaryService(library)
        questions = weekly_news.counting_questions()
        answered = Answered(weekly_news.load_articles(), questions)
        sizes: list[int] = []
        ours: list[float] = []
        anywhere: list[float] = []
        same_week: list[float] = []
        whole_week: list[float] = []
        first: list[tuple[float, float]] = []
        seconds: list[float] = []
        twice = 0
        for week in sorted({question.asked_at for question in questions}):
            until = parse_span(week).end
            within = TimeRange(until, until - timedelta(days=7))
            start = time.perf_counter()
            digest = await summaries.digest(corpus.name, within, limit=_STORIES)
            seconds.append(time.perf_counter() - start)
            copies = Counter(
                copy
                for entry in digest.entries
                for copy in {r.copy_id for r in entry.story.reports}
            )
            sizes.append(digest.articles)
            twice += sum(count > 1 for count in copies.values())
            asked = [question for question in questions if question.asked_at == week]
            told = [entry.story.reports for entry in digest.entries]
            ours.append(answered.share(asked, told))
            visible = await reports(library.catalogue, corpus, TimeRange(until))
            of_week = await reports(library.catalogue, corpus, within)
            anywhere.append(answered.expected(asked, [[r] for r in visible], _STORIES))
            same_week.append(answered.expected(asked, [[r] for r in of_week], _STORIES))
            whole_week.append(answered.share(asked, [of_week]))
            if digest.total > _FIRST:
                every = [s.reports for s in ranked(of_week, to_micros(until))]
                first.append((answered.share(asked, told[:_FIRST]), answered.expected(asked, every, _FIRST)))  # fmt: skip
            print(f"{week}: {digest.articles} articles, {digest.total} stories, {len(asked)} questions; covered {ours[-1]:.2f}, by {_STORIES} random articles {anywhere[-1]:.2f}, by as many of the same week {same_week[-1]:.2f}, by all of it {whole_week[-1]:.2f}; {seconds[-1]:.2f} s")  # fmt: skip
            if week == show:
                for entry in digest.entries:
                    print(f"  {entry.story.score:.2f} {len(entry.story.reports)} {entry.title}")
        weeks = list(zip(sizes, ours, anywhere, same_week, whole_week, strict=True))
        for name, least in (("all weeks", 0), (f"weeks of {_STORIES} articles and more", _STORIES)):
            _, mine, any_, of_week_, whole = (statistics.mean(column) for column in zip(*(week for week in weeks if week[0] >= least), strict=True))  # fmt: skip
            print(f"{name}: covered {mine:.3f}; by random articles {any_:.3f} ({mine / any_:.2f} times), by those of the same week {of_week_:.3f} ({mine / of_week_:.2f} times), by all of the week {whole:.3f} ({whole / any_:.2f} times)")  # fmt: skip
        ahead, by_chance = (statistics.mean(column) for column in zip(*first, strict=True))
        print(f"the first {_FIRST} stories of {len(first)} weeks with more: covered {ahead:.3f}; by {_FIRST} random stories {by_chance:.3f} ({ahead / by_chance:.2f} times)")  # fmt: skip
        print(f"near-copy groups in two stories: {twice}; longest {max(seconds):.2f} s")


class Answered:
    """Which questions the title or text of an article answers, by its link."""

    def __init__(
        self, articles: list[dict[str, Any]], questions: Sequence[EvaluationQuestion]
    ) -> None:
        wanted = [(question.id, plain(question.answer)) for question in questions]
        self._by_url: dict[str, frozenset[str]] = {}
        for article in articles:
            text = plain(f"{article['title']}\n{article['text']}")
            self._by_url[article["url"]] = frozenset(i for i, answer in wanted if answer in text)

    def share(self, asked: Sequence[EvaluationQuestion], told: Sequence[Sequence[Report]]) -> float:
        found = frozenset[str]().union(*map(self._by, told))
        return sum(question.id in found for question in asked) / len(asked)

    def expected(
        self, asked: Sequence[EvaluationQuestion], pool: Sequence[Sequence[Report]], most: int
    ) -> float:
        """The share that ``most`` of ``pool``, drawn without replacement, cover on average."""
        most = min(most, len(pool))
        counts = Counter(question for one in pool for question in self._by(one))
        ways = math.comb(len(pool), most)
        missed = (math.comb(len(pool) - counts[question.id], most) / ways for question in asked)
        return 1 - sum(missed) / len(asked)

    def _by(self, reports: Sequence[Report]) -> frozenset[str]:
        return frozenset[str]().union(*(self._by_url[r.article.url or ""] for r in reports))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="a data folder to ingest into and to keep")
    parser.add_argument("--show", help="a week, by its last day, whose stories to print")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(arguments.folder or Path(folder), arguments.show))


if __name__ == "__main__":
    main()
