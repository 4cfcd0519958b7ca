"""`make bench`: ingest rate and memory, search quality and latency, extraction, start-up.

Needs the dev data beside the project; prints one line a figure.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import bot.demo
from retrieval.extraction import extract_article
from retrieval.ingest import ingest
from retrieval.library import LibraryConfig, open_library
from retrieval.moments import TimeRange, parse_span
from retrieval.readers import read_source
from tests.benchmarks import weekly_news

PAGES = weekly_news.SHARED / "data" / "pages"
_WORD = re.compile(r"\w+")


async def measure_retrieval(folder: Path) -> None:
    config = LibraryConfig(folder)
    async with open_library(config, writer="bench") as library:
        await library.embedder.warm_up()
        indexer = await library.indexer("local")
        start = time.perf_counter()
        count = 0
        async for _ in ingest(
            indexer, read_source(weekly_news.ARTICLES, 5_000_000), actor="bench", data_dir=folder
        ):
            count += 1
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"ingest: {count} articles, {count / seconds:.1f} articles/s, peak memory {peak:.0f} MB")
    questions = weekly_news.counting_questions()
    async with open_library(config) as library:
        await library.search("warm up", TimeRange(parse_span("2024-01-01").end), corpus="local")
        ranks, times = [], []
        for question in questions:
            start = time.perf_counter()
            within = TimeRange(parse_span(question.asked_at).end)
            found = await library.search(question.question, within, corpus="local")
            times.append((time.perf_counter() - start) * 1000)
            ranks.append(weekly_news.first_hit(question, found.hits))
    figures = ", ".join(f"{k} {v:.3f}" for k, v in weekly_news.summary(ranks).items())
    print(f"search: {len(questions)} questions, {figures}")
    print(f"search: median {statistics.median(times):.1f} ms, 99th percentile {statistics.quantiles(times, n=100)[98]:.1f} ms")  # fmt: skip


def measure_extraction() -> None:
    """F1 of 4-word shingles, precision and recall averaged over pages (the public benchmark's)."""
    truth = json.loads((PAGES / "ground-truth.json").read_text(encoding="utf-8"))
    precisions, recalls = [], []
    start = time.perf_counter()
    for name, page in truth.items():
        html = gzip.decompress((PAGES / f"{name}.html.gz").read_bytes()).decode("utf-8")
        found = _shingles(extract_article(html, page["url"]).text)
        wanted = _shingles(page["articleBody"])
        shared = (found & wanted).total()
        precisions.append(shared / max(1, found.total()))
        recalls.append(shared / max(1, wanted.total()))
    seconds = time.perf_counter() - start
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    f1 = 2 * precision * recall / (precision + recall)
    print(f"extract: {len(truth)} pages, F1 {f1:.4f}, {len(truth) / seconds:.0f} pages/s")


def measure_start(folder: Path) -> None:
    """Whole runs of the command, the interpreter's start among them, on the demo's ten articles."""
    environment = {**os.environ, "NEWSDESK_DATA_DIR": str(folder)}
    small = str(Path(bot.demo.__file__).with_name("articles.jsonl"))
    ask = ["ask", "How much did the Lantern Bridge cost?"]
    _newsdesk(["ingest", small], environment)
    for arguments in (["--help"], ask, ["demo"]):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            _newsdesk(arguments, environment)
            times.append(time.perf_counter() - start)
        print(f"newsdesk {' '.join(arguments)}: {statistics.median(times):.2f} s")


def _newsdesk(arguments: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "bot", *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + 4]) for i in range(len(words) - 3))


def main() -> None:
    if not weekly_news.FOLDER.is_dir():
        sys.exit(f"make bench needs the dev data in {weekly_news.FOLDER}.")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure_retrieval(Path(folder) / "data"))
        measure_start(Path(folder) / "small")
    measure_extraction()


if __name__ == "__main__":
    main()
