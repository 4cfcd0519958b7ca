"""kill -9 at any instant of an ingest loses nothing and leaves nothing half there."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import retrieval.ingestion.indexer
import retrieval.ingestion.pipeline
from bot.storage.library import open_library
from retrieval.ingestion.vector_worker import VectorWorker
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.timestamps import TimeRange, utc_now
from tests.deadlines import scaled
from tests.integration import crash_child
from tests.integration.conftest import ROOT, article

# More by hand: `python -m tests.integration.test_crashes FOLDER --points 52`.
_POINTS = 20
# Where vectors follow later; up to there all is as above.
_LATER_POINTS = 8


def _child(data: Path, files: list[Path], deadly: int, report: Path, deferred: bool) -> None:
    import asyncio

    os.dup2(os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    sys.stdout = os.fdopen(1, "w")
    sys.stderr = Path(f"{report}.err").open("w")  # noqa: SIM115 - the process ends with it
    retrieval.ingestion.pipeline._ARTICLES = 4
    retrieval.ingestion.indexer._BATCH = 4
    retrieval.ingestion.indexer._PASSAGES = 3
    asyncio.run(crash_child.main(data, files, deadly, deferred=deferred))
    sys.stderr.flush()


def _verify(data: Path, questions: list[str], answers: Connection, deferred: bool) -> None:
    """Start again, and tell what is there."""
    import asyncio

    crash_child.load_no_weights()

    async def look() -> dict[str, Any]:
        embedder = crash_child.HashEmbedder(deferred=deferred)
        async with open_library(LibraryConfig(data), writer="test", embedder=embedder) as library:
            async for _ in VectorWorker(library).finish():
                pass
            found = {}
            for question in questions:
                hits = (await library.search(question, TimeRange(utc_now()), corpus="local")).hits
                found[question] = [h.passage.text for h in hits if question in h.passage.text]
            counts = await library.counts()
            return {
                "wrong": [str(each) for each in await check_indexes(library)],
                "unfinished": sum(each.unfinished for each in counts),
                "without_vector": sum((await library.without_vector()).values()),
                "found": found,
            }

    answers.send(asyncio.run(look()))


def in_a_fresh_process(module: str, folder: Path, *more: str) -> None:
    """Run the module on the folder: forking is safe only where no other test has left a thread."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=scaled(600),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]


def run_forked(target: Any, *arguments: Any) -> int | None:
    # Forked, so that the heavy imports are paid once; the parent opens no store and no thread.
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join(scaled(60))
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


@pytest.mark.timeout(600)
def test_a_kill_at_any_instant_of_an_ingest_loses_nothing(tmp_path: Path) -> None:
    in_a_fresh_process("tests.integration.test_crashes", tmp_path)


@pytest.mark.timeout(600)
def test_a_kill_at_any_instant_loses_nothing_where_vectors_follow_later(tmp_path: Path) -> None:
    in_a_fresh_process("tests.integration.test_crashes", tmp_path, "--deferred")


def check(tmp_path: Path, points: int, *, deferred: bool) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    articles = [article(n) for n in range(8)]
    changed = [
        article(n, f"A rewritten report on renewal{n} was published later.") for n in (0, 3, 5)
    ]
    first.write_text("\n".join(map(json.dumps, articles)))
    second.write_text("\n".join(map(json.dumps, [*changed, article(9)])))
    report = tmp_path / "report"
    assert run_forked(_child, tmp_path / "whole", [first, second], 0, report, deferred) == 0
    whole = json.loads(Path(f"{report}.err").read_text())
    total = whole["instants"]
    assert total >= points
    assert {"commit", "statement", "before _write", "after write", "after remove"} <= set(
        whole["kinds"]
    )
    for point in sorted({1 + i * total // points for i in range(points)}):
        data = tmp_path / f"data{point}"
        assert run_forked(_child, data, [first, second], point, report, deferred) == -signal.SIGKILL
        reported = [json.loads(line) for line in report.read_text().splitlines()]
        questions = [f"topic{n}" for n in (*range(8), 9)] + [f"renewal{n}" for n in (0, 3, 5)]
        ours, theirs = multiprocessing.Pipe(duplex=False)
        assert run_forked(_verify, data, questions, theirs, deferred) == 0, f"point {point}"
        state = ours.recv()
        assert state["wrong"] == [], f"point {point}"
        assert state["unfinished"] == state["without_vector"] == 0, f"point {point}"
        for status, url, _ in reported:
            number = url.rsplit("/", 1)[1]
            wanted = f"renewal{number}" if status == "updated" else f"topic{number}"
            replaced = state["found"].get(f"renewal{number}")
            assert len(state["found"][wanted]) == 1 or replaced, f"point {point}: {wanted}"
        for n in (0, 3, 5):
            old, new = state["found"][f"topic{n}"], state["found"][f"renewal{n}"]
            assert not (old and new), f"point {point}: both versions of {n} are shown"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Kill an ingest at many points and look what is left."
    )
    parser.add_argument("folder", type=Path, help="an empty folder to work in")
    parser.add_argument("--points", type=int, help="how many kills")
    parser.add_argument(
        "--deferred", action="store_true", help="vectors are made in the background"
    )
    given = parser.parse_args()
    most = given.points or (_LATER_POINTS if given.deferred else _POINTS)
    check(given.folder, most, deferred=given.deferred)
