"""A digest of a week of the dev set: `python -m tests.benchmarks.digests [--folder DIR]`.

No story twice (held against near-copy groups, and as titles to read), how many of that week's quiz
answers stand in the articles of its 25 stories beside 25 random articles, and how long it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.answering.summaries.desk import SummaryDesk
from bot.evaluating.questions import holds
from retrieval.catalogue.coverage import reports
from retrieval.ingest import ingest
from retrieval.library import LibraryConfig, open_library
from retrieval.moments import TimeRange, parse_span
from retrieval.readers import read_source
from tests.benchmarks import weekly_news

_STORIES = 25
_DRAWS = 200


async def measure(folder: Path, show: str | None) -> None:
    config = LibraryConfig(folder)
    new = not (folder / "catalogue.sqlite3").exists()
    async with open_library(config, writer="bench") as library:
        if new:
            indexer = await library.indexer("local")
            sources = read_source(weekly_news.ARTICLES, 5_000_000)
            async for _ in ingest(indexer, sources, actor="bench", data_dir=folder):
                pass
        corpus = (await library.catalogue.corpora())[0]
        desk = SummaryDesk(library)
        texts = {a["url"]: f"{a['title']}\n{a['text']}" for a in weekly_news.load_articles()}
        questions = weekly_news.counting_questions()
        dice = random.Random(1)
        ours, chance, seconds, twice = [], [], [], 0
        for week in sorted({question.asked_at for question in questions}):
            until = parse_span(week).end
            within = TimeRange(until, until - timedelta(days=7))
            start = time.perf_counter()
            digest = await desk.digest(corpus.name, within, limit=_STORIES)
            seconds.append(time.perf_counter() - start)
            copies = Counter(
                copy
                for entry in digest.entries
                for copy in {r.copy_id for r in entry.story.reports}
            )
            twice += sum(count > 1 for count in copies.values())
            asked = [question for question in questions if question.asked_at == week]
            told = [texts[r.article.url or ""] for e in digest.entries for r in e.story.reports]
            everything = [texts[r.article.url or ""] for r in await reports(library.catalogue, corpus, within)]  # fmt: skip
            covered = [any(holds(q.answer, text) for text in told) for q in asked]
            ours.append(sum(covered) / len(asked))
            draws = [dice.sample(everything, min(_STORIES, len(everything))) for _ in range(_DRAWS)]
            chance.append(
                statistics.mean(
                    sum(any(holds(q.answer, text) for text in draw) for q in asked) / len(asked)
                    for draw in draws
                )
            )
            print(f"{week}: {digest.articles} articles, {digest.total} stories, {len(asked)} questions, covered {ours[-1]:.2f}, by random articles {chance[-1]:.2f}, {seconds[-1]:.2f} s")  # fmt: skip
            if week == show:
                for entry in digest.entries:
                    print(f"  {entry.story.score:.2f} {len(entry.story.reports)} {entry.title}")
    print(f"all weeks: covered {statistics.mean(ours):.3f}, by random articles {statistics.mean(chance):.3f}, ratio {statistics.mean(ours) / statistics.mean(chance):.2f}; near-copy groups in two stories: {twice}; longest {max(seconds):.2f} s")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="a data folder to ingest into and to keep")
    parser.add_argument("--show", help="a week, by its last day, whose stories to print")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(arguments.folder or Path(folder), arguments.show))


if __name__ == "__main__":
    main()
