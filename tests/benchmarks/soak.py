"""Constant live data for a long time: memory and the data folder must not grow.

    python -m tests.benchmarks.soak --minutes 30

A corpus of invented articles is changed without end, a few of them every second, while questions are
asked, and a second corpus comes and goes, as the data of a server that leaves. The bot's upkeep
runs at the bot's interval, Chroma in a process of its own. Printed are, for each minute, the size of
the folder and the memory of both processes; then, of what comes after the first minutes, how far each
is from its beginning at its end, and how far its highest is from its median.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean, median

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.ops.event_loop import limit_malloc_arenas
from bot.services import upkeep
from bot.storage.library import open_library
from retrieval.embedders import Embedder
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.indexes.chroma_process import ChromaProcessClient
from retrieval.indexes.chroma_store import LITTLE_AT_ONCE
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import delete_corpora
from retrieval.models import IngestItem
from retrieval.runtime.folder_sizes import folder_bytes
from retrieval.timestamps import TimeRange
from retrieval.upkeep import keep_in_order

_PAGE_BYTES = 4096
_WORDS, _SENTENCES, _SENTENCE_WORDS = 4_000, 12, 14


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is ``seconds`` after the beginning: bytes of the folder and of each process."""

    seconds: float
    folder: int
    bot: int
    vectors: int


@dataclass(frozen=True)
class SoakLoad:
    """``articles`` are kept; ``changes`` of ``at_once`` articles and ``questions`` come each second,
    and every ``corpus_seconds`` a corpus of ``guests`` comes and goes."""

    articles: int = 3_000
    at_once: int = 1
    guests: int = 100
    changes: float = 2.0
    questions: float = 0.5
    tidy_seconds: float = upkeep.TIDY_SECONDS
    corpus_seconds: float = 60.0
    sample_seconds: float = 5.0


class Soak:
    """Changes, questions and upkeep on one library; ``samples`` grow meanwhile."""

    def __init__(self, library: Library, load: SoakLoad) -> None:
        self._library = library
        self._load = load
        self._random = random.Random(21)
        self._words = [f"w{self._random.randrange(10**9):x}" for _ in range(_WORDS)]
        self._engine = AnswerEngine(library, None)
        self.samples: list[Sample] = []
        self.changed = self.asked = self.corpora = 0

    async def fill(self) -> None:
        for first in range(0, self._load.articles, 100):
            await self._bring_in("live", range(first, min(first + 100, self._load.articles)))

    async def run(self, seconds: float) -> None:
        """Raises whatever ends one of the kinds of load."""
        began = time.monotonic()
        work = (
            self._every(1 / self._load.changes, self.change),
            self._every(1 / self._load.questions, self.ask),
            self._every(self._load.corpus_seconds, self.come_and_go),
            self._every(self._load.tidy_seconds, self.tidy),
            self._every(self._load.sample_seconds, lambda: self._sample(began)),
        )
        tasks = [asyncio.create_task(each) for each in work]
        done, waiting = await asyncio.wait(
            tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for task in done:
            task.result()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await work()

    async def change(self) -> None:
        number = self._random.randrange(self._load.articles - self._load.at_once + 1)
        await self._bring_in("live", range(number, number + self._load.at_once))
        self.changed += self._load.at_once

    async def ask(self) -> None:
        words = " ".join(self._random.choices(self._words, k=4))
        within = TimeRange(datetime.now(UTC))
        await self._engine.answer(AnswerRequest(f"What was said of {words}?", within, "live"))
        self.asked += 1

    async def come_and_go(self) -> None:
        await self._bring_in("guest", range(self._load.guests))
        await delete_corpora(self._library, "guest")
        self.corpora += 1

    async def tidy(self) -> None:
        await keep_in_order(self._library, versions_before=self._library.clock())

    async def _sample(self, began: float) -> None:
        bounded = self._library.store.chroma
        chroma = bounded.inner if isinstance(bounded, BoundedChroma) else None
        child = chroma.process_id if isinstance(chroma, ChromaProcessClient) else None
        folder = await asyncio.to_thread(folder_bytes, self._library.data_dir)
        sample = Sample(time.monotonic() - began, folder, _memory("self"), _memory(child))
        if sample.vectors:  # 0 while the process begins anew
            self.samples.append(sample)

    async def _bring_in(self, corpus: str, numbers: range) -> None:
        indexer = await self._library.indexer(corpus)
        items = [
            IngestItem(str(number), article_from_record(self._article(number)))
            for number in numbers
        ]
        accepted = await indexer.accept(items, actor="soak")
        await indexer.finish(await indexer.embed(await indexer.load(accepted)))

    def _article(self, number: int) -> dict[str, str]:
        sentences = [
            " ".join(self._random.choices(self._words, k=_SENTENCE_WORDS)).capitalize()
            for _ in range(_SENTENCES)
        ]
        return {
            "url": f"https://example.com/{number}",
            "title": f"Report {number} on {self._words[number % _WORDS]}",
            "text": ". ".join(sentences) + ".",
            "published_at": "2026-01-01",
        }


def growth(values: Sequence[float]) -> float:
    """How much larger the last fifth is than the first fifth, in the mean."""
    fifth = max(1, len(values) // 5)
    return fmean(values[-fifth:]) / fmean(values[:fifth]) - 1


def peak(values: Sequence[float]) -> float:
    """How much larger the largest is than the median."""
    return max(values) / median(values) - 1


async def soak(
    folder: Path, seconds: float, load: SoakLoad, embedder: Embedder | None = None
) -> Soak:
    """Run the load on a new library in ``folder``."""
    config = LibraryConfig(folder, chroma_apart=True)
    async with open_library(config, writer="soak", embedder=embedder) as library:
        library.store.at_once = LITTLE_AT_ONCE
        running = Soak(library, load)
        await running.fill()
        await running.run(seconds)
        await running.tidy()
        return running


def _memory(process: int | str | None) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--settle", type=float, default=5.0, help="minutes that don't count")
    parser.add_argument("--articles", type=int, default=SoakLoad.articles)
    parser.add_argument("--changes", type=float, default=SoakLoad.changes, help="each second")
    given = parser.parse_args()
    load = SoakLoad(articles=given.articles, changes=given.changes)
    limit_malloc_arenas()  # as the bot does
    with tempfile.TemporaryDirectory(prefix="newsdesk-soak-") as folder:
        done = asyncio.run(soak(Path(folder), given.minutes * 60, load))
    print("| minute | folder MB | bot MB | vectors MB |\n|---|---|---|---|")
    for minute in range(int(given.minutes)):
        mine = [
            s
            for s in done.samples
            if timedelta(seconds=s.seconds) // timedelta(minutes=1) == minute
        ]
        if mine:
            means = (
                fmean(getattr(s, name) for s in mine) / 1e6 for name in ("folder", "bot", "vectors")
            )
            print(f"| {minute} | {' | '.join(f'{mean:.1f}' for mean in means)} |")
    late = [s for s in done.samples if s.seconds >= given.settle * 60]
    print(f"{done.changed} changes, {done.asked} questions, {done.corpora} corpora came and went")
    for name in ("folder", "bot", "vectors"):
        values = [float(getattr(s, name)) for s in late]
        print(f"{name}: growth {growth(values):+.3f}, highest over median {peak(values):+.3f}")


if __name__ == "__main__":
    main()
