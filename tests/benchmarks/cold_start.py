"""How long a command takes from its start: `python -m tests.benchmarks.cold_start`.

Each runs in a process of its own, in turns, over a folder that holds the demo's articles, as a person
types it: `--help`, `ask` and `search`. Printed are, of ``--runs``, the least and the median of the clock
and of processor time, processes that it starts included. The least says most where others use
the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bot.demo import QUESTIONS, demo_articles
from retrieval.timestamps import utc_now

_COMMANDS = (["--help"], ["ask", QUESTIONS[0]], ["search", QUESTIONS[0]])


class Run(NamedTuple):
    clock: float
    processor: float


def _timed(arguments: list[str], environment: dict[str, str]) -> Run:
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    clock = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    return Run(clock, used.ru_utime + used.ru_stime)


def _demo_records() -> str:
    lines = []
    for item in demo_articles(utc_now()):
        article = item.article
        assert article is not None
        assert article.published is not None
        record = {"url": article.url, "title": article.title, "text": article.text}
        record |= {"source": article.source, "published_at": article.published.start.isoformat()}
        lines.append(json.dumps(record))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-cold-") as folder:
        file = Path(folder, "demo.jsonl")
        file.write_text(_demo_records(), encoding="utf-8")
        environment = os.environ | {"NEWSDESK_DATA_DIR": str(Path(folder, "data"))}
        _timed(["ingest", str(file)], environment)
        runs: list[list[Run]] = [[] for _ in _COMMANDS]
        for _ in range(options.runs):
            for command, of_command in zip(_COMMANDS, runs, strict=True):
                of_command.append(_timed(command, environment))
    for command, of_command in zip(_COMMANDS, runs, strict=True):
        print(command[0])
        for name in Run._fields:
            values = [getattr(run, name) for run in of_command]
            print(f"  {name:9} least {min(values):.2f} s, median {statistics.median(values):.2f} s")


if __name__ == "__main__":
    main()
