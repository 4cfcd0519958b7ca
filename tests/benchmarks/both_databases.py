"""SQLite and PostgreSQL side by side: `python -m tests.benchmarks.both_databases [--articles N]`.

The articles of the dev set are ingested into both by turns, part by part, and each part's times are
compared as a pair. Then all questions of the set are asked of both, and search results and answers
held to be equal. For this, vectors are compared one by one: two graphs of Chroma find different
neighbours, whatever the database. A server is started for it, with its durability as it is by default.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library, LibraryConfig
from retrieval.models import IngestItem
from retrieval.timestamps import TimeRange
from tests.benchmarks import weekly_news
from tests.benchmarks.postgres_changes import running

_PARTS = 16


async def bring(library: Library, records: list[dict[str, Any]]) -> float:
    """Ingest articles. Returns the seconds that it took."""
    began = time.perf_counter()
    indexer = await library.indexer("local")
    items = [IngestItem(str(n), article_from_record(each)) for n, each in enumerate(records)]
    async for _ in ingest(indexer, items, actor="bench", data_dir=library.data_dir):
        pass
    return time.perf_counter() - began


async def told(library: Library, question: Any) -> tuple[Any, ...]:
    """What a library finds and answers."""
    within = TimeRange(question.as_of)
    found = await library.search(question.question, within, corpus="local")
    answer = await AnswerEngine(library).answer(AnswerRequest(question.question, within, "local"))
    hits = [(hit.passage.passage_id, round(hit.score, 9)) for hit in found.hits]
    return hits, answer.abstained, answer.text


async def both(opened: AsyncExitStack, url: str, folder: Path, **options: Any) -> list[Library]:
    """A library of each kind, SQLite's first, open until ``opened`` is closed."""
    return [
        await opened.enter_async_context(
            open_library(
                LibraryConfig(folder / name, database_url=address, **options), writer="bench"
            )
        )
        for name, address in (("sqlite", None), ("postgresql", url))
    ]


async def compare(url: str, folder: Path, articles: int | None) -> None:
    records = weekly_news.load_articles()[:articles]
    async with AsyncExitStack() as opened:
        sqlite, postgres = await both(opened, url, folder)
        size = -(-len(records) // _PARTS)
        ratios = []
        for number in range(_PARTS):
            part = records[number * size : (number + 1) * size]
            # Who begins changes, for the second finds texts in the processor's caches.
            order = (sqlite, postgres) if number % 2 else (postgres, sqlite)
            seconds = {library.data_dir.name: await bring(library, part) for library in order}
            ratios.append(seconds["sqlite"] / seconds["postgresql"])
        low, _, high = statistics.quantiles(ratios, n=4)
        print(
            f"{len(records)} articles: PostgreSQL ingests at {statistics.median(ratios):.2f} of "
            f"SQLite's rate (median of {_PARTS} pairs, quartiles {low:.2f} to {high:.2f})"
        )
    async with AsyncExitStack() as opened:
        sqlite, postgres = await both(opened, url, folder, compared_up_to=1_000_000)
        questions = weekly_news.questions()
        times: dict[str, list[float]] = {"sqlite": [], "postgresql": []}
        equal = 0
        for question in questions:
            answers = []
            for library in (sqlite, postgres):
                began = time.perf_counter()
                answers.append(await told(library, question))
                times[library.data_dir.name].append(time.perf_counter() - began)
            equal += answers[0] == answers[1]
        medians = ", ".join(f"{n} {1000 * statistics.median(t):.1f} ms" for n, t in times.items())
        print(f"{equal} of {len(questions)} questions answered the same; median {medians}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, help="only the first so many")
    arguments = parser.parse_args()
    with running(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        url = server.url(server.create())
        asyncio.run(compare(url, Path(folder), arguments.articles))


if __name__ == "__main__":
    main()
