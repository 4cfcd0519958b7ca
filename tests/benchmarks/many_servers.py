"""Many servers in one process: `python -m tests.benchmarks.many_servers --corpora N --articles 100`.

Real articles of the weekly sets are brought into N corpora, as the bot does it: Chroma in a process
of its own, or ``--chroma-server``: one that is started here with `chroma run`. Printed are how long a
start takes, what it all holds (threads, memory of all processes, open files), and what a question
takes beside a folder that holds the first corpus alone, asked in turns. Open files are limited to
1,024 in every process (``--open-files``). ``--folder`` keeps what was ingested for another run. With
``--ingested K`` only K corpora are read, embedded and grouped; the others are filled with their rows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from bot.evaluation.questions import EvaluationQuestion, read_records
from bot.ops.processes import process_use
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.mending import Mender
from retrieval.models import Article, IngestItem
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks import weekly_news
from tests.benchmarks.copied_corpora import copy_corpus
from tests.chroma import chroma_server

_TOLD_EVERY = 50
_ROUNDS = 5
_PERCENTILE = 95


def corpus_articles(number: int, count: int, records: list[dict[str, Any]]) -> Iterator[IngestItem]:
    """The articles of one corpus: the next ``count`` of all, from the beginning again after the last."""
    for place in range(number * count, (number + 1) * count):
        record = records[place % len(records)]
        span = parse_span(record["published_at"]) if record.get("published_at") else None
        article = Article(
            record["title"], record["text"], record["url"], published=span, language="en"
        )
        yield IngestItem(str(place), article)


async def fill(
    library: Library, numbers: range, articles: int, records: list[dict[str, Any]], ingested: int
) -> None:
    begun = last = time.perf_counter()
    for done, number in enumerate(numbers, 1):
        name = f"server-{number}"
        if number < ingested:
            indexer = await library.indexer(name)
            taken = corpus_articles(number, articles, records)
            async for _ in ingest(indexer, taken, actor="benchmark", data_dir=library.data_dir):
                pass
        else:
            source = await library.require_corpus(f"server-{number % ingested}")
            await copy_corpus(library, source, name)
        if done % _TOLD_EVERY == 0 or done == len(numbers):
            now = time.perf_counter()
            recent = articles * (done % _TOLD_EVERY or _TOLD_EVERY) / (now - last)
            rate = articles * done / (now - begun)
            last = now
            _print(f"{number + 1} corpora: {rate:.0f} articles/s, lately {recent:.0f}; {use()}")


def use() -> str:
    """Threads and open files of this process, and the memory of all that it started."""
    own = Path("/proc/self")
    kinds = process_use()
    memory = sum(each.memory for each in kinds.values()) / 1e6
    files = max(_open_files(process) for process in _processes())
    threads = sum(1 for _ in (own / "task").iterdir())
    parts = ", ".join(f"{kind} {each.memory / 1e6:.0f}" for kind, each in kinds.items())
    return f"{threads} threads, {memory:.0f} MB ({parts}), {files} files in one process at most"


def _processes() -> Iterator[int]:
    yield os.getpid()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = (folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            if int(status[1]) == os.getpid():
                yield int(folder.name)


def _open_files(process: int) -> int:
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


async def milliseconds(library: Library, corpus: str, question: EvaluationQuestion) -> float:
    begun = time.perf_counter()
    await library.search(question.question, TimeRange(question.as_of), corpus=corpus)
    return (time.perf_counter() - begun) * 1000


async def compare(one: Library, many: Library, questions: list[EvaluationQuestion]) -> None:
    """Ask the corpus that both hold, in turns; and every corpus of the many once, in no order."""
    times: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(_ROUNDS):
        for place, question in enumerate(questions):
            both = [(0, one), (1, many)]
            for which, library in both if (turn + place) % 2 else reversed(both):
                taken = await milliseconds(library, "server-0", question)
                if turn:  # the first round warms up
                    times[which].append(taken)
    alone, beside = (statistics.median(times[which]) for which in (0, 1))
    ends = [_percentile(times[which]) for which in (0, 1)]
    _print(f"a question: {alone:.2f} ms with one corpus, {beside:.2f} ms beside the others ({beside / alone:.2f} times; {_PERCENTILE}th percentile {ends[0]:.2f} and {ends[1]:.2f})")  # fmt: skip


async def ask_all(library: Library, corpora: int, questions: list[EvaluationQuestion]) -> None:
    order = list(range(corpora))
    random.Random(7).shuffle(order)
    for name in ("first", "second"):
        times = [
            await milliseconds(library, f"server-{number}", question)
            for number, question in zip(order, itertools.cycle(questions), strict=False)
        ]
        _print(f"every corpus, its {name} question: median {statistics.median(times):.2f} ms, {_PERCENTILE}th percentile {_percentile(times):.2f} ms; {use()}")  # fmt: skip


def _percentile(times: list[float]) -> float:
    return sorted(times)[len(times) * _PERCENTILE // 100]


@contextlib.asynccontextmanager
async def opened(config: LibraryConfig) -> AsyncIterator[Library]:
    begun = time.perf_counter()
    async with open_library(config, writer="benchmark", mends_later=True) as library:
        _print(f"open after {time.perf_counter() - begun:.2f} s; {use()}")
        yield library


async def measure(
    folder: Path, corpora: int, articles: int, url: str | None, ingested: int
) -> None:
    questions = weekly_news.counting_questions()[:60]
    for name, wanted in (("one", 1), ("many", corpora)):
        config = LibraryConfig(folder / name, chroma_apart=True, chroma_url=url)
        async with open_library(config, writer="benchmark") as library:
            held = len(await library.catalogue.corpora.all())
            if held < wanted:
                records = _records(wanted * articles)
                await fill(library, range(held, wanted), articles, records, ingested)
    many = LibraryConfig(folder / "many", chroma_apart=True, chroma_url=url)
    async with opened(many) as library:
        begun = time.perf_counter()
        await Mender(library).look(thorough=True)
        _print(f"all indexes looked at in {time.perf_counter() - begun:.2f} s; {use()}")
        await ask_all(library, corpora, questions)
    one = LibraryConfig(folder / "one", chroma_apart=True, chroma_url=url)
    async with opened(many) as library, opened(one) as alone:
        await compare(alone, library, questions)


def _records(count: int) -> list[dict[str, Any]]:
    every = (r for name in weekly_news.SETS for r in read_records(name / "articles.jsonl.gz"))
    return list(itertools.islice(every, count))


def _print(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.many_servers", description=__doc__
    )
    parser.add_argument("--corpora", type=int, default=1_000)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--open-files", type=int, default=1_024)
    parser.add_argument("--chroma-server", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ingested", type=int)
    wanted = parser.parse_args()
    if not all(folder.exists() for folder in weekly_news.SETS):
        print("skipped: the articles are not beside the project (../shared/data/weekly-news*)")
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted.open_files, most))
    with contextlib.ExitStack() as stack:
        folder = wanted.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        server = chroma_server(folder / "server") if wanted.chroma_server else None
        url = stack.enter_context(server) if server else None
        _print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}: {'a busy' if os.getloadavg()[0] > 1 else 'a quiet'} machine")  # fmt: skip
        ingested = wanted.ingested or wanted.corpora
        asyncio.run(measure(folder, wanted.corpora, wanted.articles, url, ingested))


if __name__ == "__main__":
    main()
