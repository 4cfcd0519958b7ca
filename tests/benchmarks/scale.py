"""How search grows with the corpus: `python -m tests.benchmarks.scale [--passages N] [--chart FILE]`.

The dev set's articles are repeated with shuffled sentences and shifted dates until there are enough
passages; on the way the dev set's questions are asked, two in flight at any time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.models import Article, IngestItem
from retrieval.text.sentences import sentence_spans
from retrieval.timestamps import Span, TimeRange, parse_span
from tests.benchmarks import weekly_news

_STEPS = (10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 400_000, 500_000)
_CHUNK = 1_000  # articles between two looks at how many passages there are


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one size; milliseconds, and megabytes of the process."""

    passages: int
    median: float
    p99: float
    megabytes: float
    articles_per_second: float


def repeated(seed: int = 7) -> Iterator[IngestItem]:
    """Articles without end: the set itself first, then shuffled and shifted ones of other URLs."""
    generator = random.Random(seed)
    records = weekly_news.load_articles()
    for round_number in itertools.count():
        for number, record in enumerate(records):
            yield IngestItem(f"{round_number}:{number}", _varied(record, round_number, generator))


def _varied(record: dict[str, Any], round_number: int, generator: random.Random) -> Article:
    span = parse_span(record["published_at"])
    article = Article(record["title"], record["text"], record["url"], published=span, language="en")
    if not round_number:
        return article
    sentences = [record["text"][start:end] for start, end in sentence_spans(record["text"])]
    generator.shuffle(sentences)
    days = timedelta(days=generator.randint(1, 400) * round_number)
    return replace(
        article,
        text="\n\n".join(sentences),
        url=f"{record['url']}?copy={round_number}",
        published=Span(span.start - days, span.end - days),
    )


async def measure(folder: Path, most: int) -> list[Point]:
    points = []
    articles = repeated()
    async with open_library(LibraryConfig(folder), writer="scale") as library:
        indexer = await library.indexer("local")
        count, seconds = 0, 0.0
        for size in [step for step in _STEPS if step <= most]:
            while (await library.counts())[0].passages < size:
                start = time.perf_counter()
                chunk = itertools.islice(articles, min(_CHUNK, 500 if size <= 20_000 else _CHUNK))
                async for _ in ingest(indexer, chunk, actor="scale", data_dir=folder):
                    count += 1
                seconds += time.perf_counter() - start
            times = await _asked(library)
            points.append(
                Point(
                    (await library.counts())[0].passages,
                    statistics.median(times),
                    statistics.quantiles(times, n=100)[98],
                    _resident_megabytes(),
                    count / seconds,
                )
            )
            _print(points[-1])
            count, seconds = 0, 0.0
    return points


async def _asked(library: Library) -> list[float]:
    questions = weekly_news.counting_questions()
    times: list[float] = []
    for kept in (False, True):  # the first round warms up
        waiting = iter(questions)

        async def ask(
            waiting: Iterator[weekly_news.EvaluationQuestion] = waiting, kept: bool = kept
        ) -> None:
            for question in waiting:
                start = time.perf_counter()
                await library.search(question.question, TimeRange(question.as_of), corpus="local")
                if kept:
                    times.append((time.perf_counter() - start) * 1000)

        await asyncio.gather(ask(), ask())
    return times


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _print(point: Point) -> None:
    print(f"{point.passages} passages: median {point.median:.1f} ms, 99th percentile {point.p99:.1f} ms, {point.megabytes:.0f} MB, {point.articles_per_second:.0f} articles/s", flush=True)  # fmt: skip


def draw(points: list[Point], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    sizes = [point.passages / 1000 for point in points]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    left.plot(
        sizes, [point.p99 for point in points], "o--", color="#c44e52", label="99th percentile"
    )
    left.plot(sizes, [point.median for point in points], "o-", color="#4c72b0", label="median")
    left.set_title("A search, two in flight (ms)")
    left.legend(frameon=False)
    right.plot(sizes, [point.megabytes / 1000 for point in points], "o-", color="#55a868")
    right.set_title("Memory (GB)")
    for axes in (left, right):
        axes.set_xlabel("thousand passages")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--passages", type=int, default=_STEPS[-1])
    parser.add_argument("--chart", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        points = asyncio.run(measure(Path(folder), wanted.passages))
    if wanted.chart:
        draw(points, wanted.chart)


if __name__ == "__main__":
    main()
