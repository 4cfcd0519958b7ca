"""What embedders cost: `python -m tests.benchmarks.embedders [NAME ...] [--passages 64] [--questions 64]`.

Each in a process of its own, over passages and questions of the weekly news (beside the project):
milliseconds a question, passages a second, the memory that it takes. Local embedders compute in one
thread, so their processor time is what a machine takes that has nothing else to do; it stands beside
the time that passed. For an embedder behind an API only the latter counts.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from retrieval.embedders import Vectors, make_embedder
from retrieval.text.chunking import passage_spans
from tests.benchmarks import weekly_news

_LOCAL = ("wordllama", "e5")


async def _timed(work: Callable[[], Awaitable[Vectors]]) -> tuple[float, float]:
    """Seconds of the processor, and that passed."""
    spent, passed = time.process_time(), time.perf_counter()
    await work()
    return time.process_time() - spent, time.perf_counter() - passed


async def _measured(name: str, passages: list[str], questions: list[str]) -> str:
    before = _resident()
    embedder = make_embedder(name)
    await embedder.warm_up()
    await embedder.embed(passages[:1])
    asked = [await _timed(partial(embedder.embed_questions, [each])) for each in questions]
    spent, passed = await _timed(partial(embedder.embed, passages))
    grown = _resident() - before
    await embedder.close()
    milliseconds = [sum(column) / len(asked) * 1000 for column in zip(*asked, strict=True)]
    count = len(passages)
    return f"| `{name}` | {milliseconds[0]:.1f} ({milliseconds[1]:.1f}) | {count / spent:.1f} ({count / passed:.1f}) | +{grown / 1e6:.0f} MB |"


def _resident() -> int:
    """Bytes of memory that the process holds now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(
        int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS")
    )


def _run(name: str, passages: list[str], questions: list[str]) -> str:
    return asyncio.run(_measured(name, passages, questions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=_LOCAL)
    parser.add_argument("--passages", type=int, default=64)
    parser.add_argument("--questions", type=int, default=64)
    options = parser.parse_args()
    articles = weekly_news.load_articles()[: options.passages]
    passages = [
        f"{article['title']}\n{article['text'][start:end]}"
        for article in articles
        for start, end in passage_spans(article["text"])
    ][: options.passages]
    asked = [each.question for each in weekly_news.counting_questions()[: options.questions]]
    print("| embedder | ms a question (passed) | passages a second (passed) | memory |")
    print("| --- | ---: | ---: | ---: |")
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as apart:
        for name in options.names:
            print(apart.submit(_run, name, passages, asked).result(), flush=True)


if __name__ == "__main__":
    main()
