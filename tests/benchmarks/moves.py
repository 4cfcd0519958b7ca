"""The dev corpus moves to another place and back, killed twice on each way: equal counts, hashes and answers.

    python -m tests.benchmarks.moves
    python -m tests.benchmarks.moves --postgres

Each `newsdesk move` is a process of its own: killed in the middle of the versions, killed again at the
vectors or while it copies the indexes, then left to end. Another folder, or with ``--postgres`` a
database on the tests' server, is where the corpus goes. Exit code 1 if anything differs.
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
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.answering.serialization import as_record
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.timestamps import TimeRange
from tests.benchmarks import weekly_news
from tests.postgres import start

Reached = Callable[[], bool]


async def answers(place: Place, every: int) -> list[object]:
    """What all questions find, and how every so many are answered without a model."""
    told: list[object] = []
    async with open_library(place.config) as library:
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


class Place(NamedTuple):
    """A data folder, and the database that goes with it if that is on a server."""

    folder: Path
    url: str | None = None

    @property
    def config(self) -> LibraryConfig:
        return LibraryConfig(self.folder, database_url=self.url)

    def rows(self, table: str) -> int:
        """How many rows of a table a move has brought here so far."""
        query = "SELECT rows FROM move_progress WHERE name = "
        if self.url is not None:
            with contextlib.suppress(psycopg.Error), psycopg.connect(self.url) as connection:
                row = connection.execute(sql.SQL(query) + sql.Literal(table)).fetchone()
                return int(row[0]) if row else 0
            return 0
        address = f"file:{self.folder / 'catalogue.sqlite3'}?mode=ro"
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(address, uri=True)) as connection,
        ):
            return int((connection.execute(f"{query}?", (table,)).fetchone() or (0,))[0])
        return 0


def moved(source: Place, target: Place) -> dict[str, Any]:
    """Move, killed twice on the way; what the command says in the end."""
    to = target.url or str(target.folder)
    command = [sys.executable, "-m", "bot", "move", "--json", "--to", to]
    environment = {**os.environ, "NEWSDESK_DATA_DIR": str(source.folder)}
    if source.url:
        environment["NEWSDESK_DATABASE_URL"] = source.url
    fills = target.folder != source.folder
    for step, reached in (
        ("copying versions", lambda: target.rows("versions") > 0),
        ("copying the indexes", lambda: (target.folder / "indexes.partial").exists())
        if fills
        else ("copying vectors", lambda: target.rows("passage_vectors") > 0),
    ):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            killed = _killed(process, reached)
        rows = target.rows("versions")
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


async def measure(folder: Path, away: Place, every: int) -> int:
    """Print what differs after each move; return how much does."""
    home = Place(folder / "home")
    await weekly_news.ingest_once(home.folder, weekly_news.load_articles())
    expected = await answers(home, every)
    failed = 0
    places = {"home": home, "away": away, "back": Place(folder / "back")}
    first: dict[str, Any] = {}
    for (left, source), (name, target) in itertools.pairwise(places.items()):
        print(f"{left} to {name}:")
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
    parser.add_argument("--postgres", action="store_true", help="to PostgreSQL and back")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-moves-") as made:
        folder = Path(made)
        if not options.postgres:
            away = Place(folder / "away")
            return int(asyncio.run(measure(folder, away, options.every)) > 0)
        server = start(Path(f"{made}-server"))
        try:
            away = Place(folder / "home", server.url(server.create()))
            return int(asyncio.run(measure(folder, away, options.every)) > 0)
        finally:
            server.leave()


if __name__ == "__main__":
    sys.exit(main())
