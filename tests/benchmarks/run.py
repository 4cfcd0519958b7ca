"""`make bench`: ingest rate and memory, search quality and latency, extraction, start-up.

Needs the dev data beside the project; prints one line a figure.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import bot.demo
from bot.storage.library import open_library
from retrieval.embedders import make_embedder
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.vector_index import VectorIndex
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.runtime.conditions import Conditions
from retrieval.text.chunking import passage_spans
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks import pages, weekly_news

Result = TypeVar("Result")

_AT_ONCE = 1_280


def measure_ingest(folder: Path) -> None:
    """Each in a fresh process, as a terminal command has it."""
    # One at a time, and none inherits what another left in memory.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as apart:
        count, rate, peak = apart.submit(_run, _ingest, folder / "data").result()
        bound = apart.submit(_run, _bound, folder / "bound").result()
    print(f"ingest: {count} articles, {rate:.1f} articles/s, peak memory {peak:.0f} MB; embedder and Chroma's upsert alone: {bound:.1f} articles/s, {rate / bound:.2f} of it")  # fmt: skip


def _run(measure: Callable[[Path], Coroutine[Any, Any, Result]], folder: Path) -> Result:
    return asyncio.run(measure(folder))


async def _ingest(folder: Path) -> tuple[int, float, float]:
    """Articles, how many of them a second, and megabytes of memory at most."""
    # As `newsdesk ingest` does.
    config = LibraryConfig(folder, chroma_apart=True)
    async with open_library(config, writer="bench") as library:
        await library.embedder.warm_up()
        indexer = await library.indexer("local")
        start = time.perf_counter()
        count = 0
        async for _ in ingest(
            indexer, read_source(weekly_news.ARTICLES, 5_000_000), actor="bench", data_dir=folder
        ):
            count += 1
        rate = count / (time.perf_counter() - start)
    return count, rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


async def measure_search(folder: Path) -> None:
    questions = weekly_news.counting_questions()
    async with open_library(LibraryConfig(folder)) as library:
        await library.search("warm up", TimeRange(parse_span("2024-01-01").end), corpus="local")
        gc.freeze()  # as a bot does after its start
        ranks, times = [], []
        for question in questions:
            start = time.perf_counter()
            within = TimeRange(question.as_of)
            found = await library.search(question.question, within, corpus="local")
            times.append((time.perf_counter() - start) * 1000)
            ranks.append(weekly_news.first_hit(question, found.hits))
        figures = ", ".join(f"{k} {v:.3f}" for k, v in weekly_news.summarize_scores(ranks).items())
        print(f"search: {len(questions)} questions, {figures}")
        _print_times("search, one at a time", times)
        _print_times("search, two in flight", await _two_in_flight(library, questions))
        narrow = await _two_in_flight(library, questions, timedelta(days=14), "usatoday.com")
        _print_times("search, two in flight, of two weeks and one source", narrow)


async def _two_in_flight(
    library: Library,
    questions: Sequence[weekly_news.EvaluationQuestion],
    days: timedelta | None = None,
    source: str | None = None,
) -> list[float]:
    """Milliseconds of each search while another one is always under way."""
    waiting = iter(questions)
    times = []

    async def ask() -> None:
        for question in waiting:
            within = TimeRange(question.as_of, question.as_of - days if days else None)
            start = time.perf_counter()
            await library.search(question.question, within, corpus="local", source=source)
            times.append((time.perf_counter() - start) * 1000)

    await asyncio.gather(ask(), ask())
    return times


async def _bound(folder: Path) -> float:
    """Articles a second that the embedder and Chroma would allow if there were nothing else."""
    articles = weekly_news.load_articles()
    embedder = make_embedder("wordllama")
    await embedder.warm_up()
    store = ChromaStore.embedded(folder, "bound", embedder.identity, Conditions())
    index = VectorIndex(store, 1, 1)
    texts = [
        f"{article['title']}\n{article['text'][start:end]}"
        for article in articles
        for start, end in passage_spans(article["text"])
    ]
    start = time.perf_counter()
    for first in range(0, len(texts), _AT_ONCE):
        batch = texts[first : first + _AT_ONCE]
        await index.write(range(first, first + len(batch)), await embedder.embed(batch))
    seconds = time.perf_counter() - start
    await store.close()
    return len(articles) / seconds


def _print_times(what: str, times: list[float]) -> None:
    print(f"{what}: median {statistics.median(times):.1f} ms, 99th percentile {statistics.quantiles(times, n=100)[98]:.1f} ms")  # fmt: skip


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


def main() -> None:
    if not weekly_news.FOLDER.is_dir():
        sys.exit(f"make bench needs the dev data in {weekly_news.FOLDER}.")
    with tempfile.TemporaryDirectory() as folder:
        measure_ingest(Path(folder))
        asyncio.run(measure_search(Path(folder) / "data"))
        measure_start(Path(folder) / "small")
    pages.measure()


if __name__ == "__main__":
    main()
