"""The dev corpus moves to another place and back, killed twice on each way: equal counts, hashes and answers.

    python -m tests.benchmarks.moves

Each `newsdesk move` is a process of its own: killed in the middle of the versions, killed again while
it fills the indexes, then left to end. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.answering.serialization import as_record
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.timestamps import TimeRange
from tests.benchmarks import weekly_news

Reached = Callable[[], bool]


async def answers(data: Path, every: int) -> list[object]:
    """What all questions find, and how every so many are answered without a model."""
    told: list[object] = []
    async with open_library(LibraryConfig(data)) as library:
        engine = AnswerEngine(library, None)
        for number, question in enumerate(weekly_news.counting_questions()):
            within = TimeRange(question.as_of)
            found = await library.search(question.question, within, corpus="local")
            told.append([(hit.passage.passage_id, hit.score) for hit in found.hits])
            if number % every == 0:
                answer = await engine.answer(AnswerRequest(question.question, within, "local"))
                told.append(as_record(answer))
        if wrong := await check_indexes(library):
            told.append(wrong)
    return told


def moved(source: Path, target: Path) -> dict[str, Any]:
    """Move, killed twice on the way; what the command says in the end."""
    command = [sys.executable, "-m", "bot", "move", "--json", "--to", str(target)]
    environment = {**os.environ, "NEWSDESK_DATA_DIR": str(source)}
    for step, reached in (
        ("copying versions", lambda: _rows(target, "versions") > 0),
        ("filling the indexes", lambda: any((target / "keywords").glob("*/*"))),
    ):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            killed = _killed(process, reached)
        rows = _rows(target, "versions")
        print(f"  {'killed' if killed else 'NOT killed'} while {step}: {rows} versions there")
    began = time.monotonic()
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    print(f"  the rest took {time.monotonic() - began:.1f} s")
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def _killed(process: subprocess.Popen[bytes], reached: Reached) -> bool:
    """Kill a process once ``reached``; whether it had not ended before."""
    while process.poll() is None:
        if reached():
            process.kill()
            return process.wait() != 0
        time.sleep(0.01)
    return False


def _rows(folder: Path, table: str) -> int:
    """How many rows of a table a move has brought so far."""
    path = folder / "catalogue.sqlite3"
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
    ):
        query = "SELECT rows FROM move_progress WHERE name = ?"
        return int((connection.execute(query, (table,)).fetchone() or (0,))[0])
    return 0


async def measure(folder: Path, every: int) -> int:
    """Print what differs after each move; return how much does."""
    home = folder / "home"
    await weekly_news.ingest_once(home, weekly_news.load_articles())
    expected = await answers(home, every)
    failed = 0
    places = [home, folder / "away", folder / "back"]
    first: dict[str, Any] = {}
    for source, target in itertools.pairwise(places):
        print(f"{source.name} to {target.name}:")
        told = await asyncio.to_thread(moved, source, target)
        first = first or told["tables"]
        differing = [name for name in first if told["tables"][name] != first[name]]
        found = await answers(target, every)
        same = sum(a == b for a, b in zip(found, expected, strict=False))
        failed += len(differing) + (found != expected)
        rows = sum(table["rows"] for table in told["tables"].values())
        print(
            f"  {len(told['tables'])} tables with {rows} rows, {len(differing)} of them with another "
            f"count or digest; {same} of {len(expected)} searches and answers equal"
        )
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=5, help="answer every so many questions")
    every = parser.parse_args().every
    with tempfile.TemporaryDirectory(prefix="newsdesk-moves-") as folder:
        return int(asyncio.run(measure(Path(folder), every)) > 0)


if __name__ == "__main__":
    sys.exit(main())
