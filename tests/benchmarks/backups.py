"""Backups under load: each has to restore whole, with equal answers; a killed one leaves the one before.

    python -m tests.benchmarks.backups --times 50

Articles come in without end, a feed brings more, questions are asked, and meanwhile backups are made,
every second one with the indexes. Each is restored into a folder of its own, where the indexes have to agree
with the catalogue, whatever was acknowledged before the backup has to be there, and the questions
about a corpus that nobody changes have to be answered as in the original, word by word. Every fifth time
the process that makes a backup is killed at a random moment first. Exit code 1 if anything fails.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.answering.serialization import as_record
from bot.config.settings import Settings
from bot.ops.backups import make_backup
from bot.services.ingestion import open_ingestion
from bot.storage.library import APPLICATION, open_library
from retrieval.backups import restore_backup, verify_backup
from retrieval.catalogue.audit_log import Actor
from retrieval.errors import NewsdeskError, Refused
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.timestamps import TimeRange, utc_now
from tests.integration.conftest import bring_in
from tests.newsite import NewsSite

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
FIXED, LIVE, FED = "fixed", "live", "fed"
QUESTIONS = 8
KILLED_EVERY = 5
_MAKE = (
    "import sys; from datetime import datetime, UTC; from pathlib import Path;"
    "from retrieval.backups import write_backup; print('on', flush=True);"
    "write_backup(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC), with_indexes=True)"
)


async def answers(library: Library) -> list[object]:
    """What the questions about the unchanged corpus are answered."""
    engine = AnswerEngine(library, None)
    asked = [f"How much will topic{n} cost?" for n in range(QUESTIONS)]
    found = [await engine.answer(AnswerRequest(q, TimeRange(NOW), FIXED)) for q in asked]
    return [as_record(each) for each in found]


class Load:
    """Articles, a feed and questions, until it is cancelled. ``acknowledged`` counts articles of LIVE."""

    def __init__(self, library: Library, site: NewsSite, settings: Settings) -> None:
        self._library, self._site, self._settings = library, site, settings
        self.acknowledged = self.questions = self.visits = 0

    async def run(self) -> None:
        async with (
            open_ingestion(self._settings, self._library) as room,
            asyncio.TaskGroup() as all_,
        ):
            self._site.feed("/feed", list(range(5)), full=True)
            by = Actor("benchmark", "here")
            feed = await room.feeds.add(self._site.url("/feed"), FED, by)
            all_.create_task(self._articles())
            all_.create_task(self._questions())
            while True:
                self.visits += 1
                self._site.feed("/feed", list(range(self.visits, self.visits + 20)), full=True)
                async for _ in room.feeds.visit_now(FED, [str(feed.id)]):
                    pass
                await asyncio.sleep(1)

    async def _articles(self) -> None:
        while True:
            await bring_in(
                self._library, range(self.acknowledged, self.acknowledged + 3), corpus=LIVE
            )
            self.acknowledged += 3
            await asyncio.sleep(0.5)

    async def _questions(self) -> None:
        engine = AnswerEngine(self._library, None)
        while True:
            number = random.randrange(max(1, self.acknowledged))
            question = f"What will topic{number} cost?"
            await engine.answer(AnswerRequest(question, TimeRange(NOW), LIVE))
            self.questions += 1
            await asyncio.sleep(0.5)


async def restored_whole(file: Path, folder: Path, live: int, expected: list[object]) -> str | None:
    """What is wrong with a backup, once restored; None if nothing is."""
    await asyncio.to_thread(restore_backup, file, folder, branches=(APPLICATION,))
    try:
        await asyncio.to_thread(restore_backup, file, folder, branches=(APPLICATION,))
    except Refused:
        pass
    else:
        return "it was restored onto data"
    async with open_library(LibraryConfig(folder), writer="benchmark") as library:
        if wrong := await check_indexes(library):
            return f"indexes disagree: {wrong}"
        counts = {each.name: each for each in await library.counts()}
        if counts[LIVE].articles < live or any(each.unfinished for each in counts.values()):
            return f"{counts[LIVE].articles} articles, {live} were acknowledged"
        if await answers(library) != expected:
            return "answers differ"
    with closing(sqlite3.connect(folder / "catalogue.sqlite3")) as connection:
        if (said := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            return str(said)
    return None


async def killed(folder: Path, file: Path) -> str | None:
    """Kill a backup on the way; what is wrong afterwards with the one that was there before."""
    before = await asyncio.to_thread(file.read_bytes)
    child = subprocess.Popen(
        [sys.executable, "-c", _MAKE, str(folder), str(file)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    await asyncio.to_thread(child.stdout.readline)
    await asyncio.sleep(random.uniform(0, 0.3))
    child.kill()
    await asyncio.to_thread(child.communicate)
    if await asyncio.to_thread(file.read_bytes) == before:
        return None
    try:  # it may have been finished in that moment
        await asyncio.to_thread(verify_backup, file, branches=(APPLICATION,))
    except NewsdeskError as error:
        return f"the one before is gone: {error.code}"
    return None


async def measure(folder: Path, times: int) -> int:
    """Print what each backup took, and what is wrong; return how many failed."""
    failed, seconds = 0, []
    data, file = folder / "data", folder / "news.backup"
    with NewsSite() as site:
        settings = Settings(data_dir=data, fetch_allow=(site.allow,))
        config = LibraryConfig(data, chroma_apart=True)
        async with open_library(config, writer="benchmark") as library:
            await bring_in(library, range(60), corpus=FIXED)
            expected = await answers(library)
            load = Load(library, site, settings)
            running = asyncio.create_task(load.run())
            while not (load.acknowledged and load.questions and load.visits) and not running.done():
                await asyncio.sleep(0.2)
            for number in range(times):
                live, began = load.acknowledged, time.monotonic()
                await make_backup(data, file, utc_now, with_indexes=bool(number % 2))
                seconds.append(time.monotonic() - began)
                problem = await restored_whole(file, folder / "restored", live, expected)
                if problem is None and number % KILLED_EVERY == 0:
                    problem = await killed(data, file)
                await asyncio.to_thread(shutil.rmtree, folder / "restored")
                if problem is not None:
                    failed += 1
                    print(f"{number}: {problem}")
                if running.done():
                    running.result()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            print(
                f"{times} backups under load ({load.acknowledged} articles, {load.visits} visits of a "
                f"feed, {load.questions} questions): {times - failed} restored whole with equal answers"
            )
    print(
        f"a backup took {sorted(seconds)[times // 2]:.2f} s in the median, {max(seconds):.2f} s at most"
    )
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="newsdesk-backups-") as folder:
        return int(asyncio.run(measure(Path(folder), times)) > 0)


if __name__ == "__main__":
    sys.exit(main())
