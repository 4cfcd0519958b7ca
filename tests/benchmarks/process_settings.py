"""What each process-wide setting of a bot is worth: ``python -m tests.benchmarks.process_settings``.

Runs the load test (``discord_load``) with all of them and without each in turn, and times a short
command with and without taking the interpreter apart at its end. Takes some ten minutes; the
machine should do nothing else.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from bot.ops.event_loop import SETTINGS
from tests.benchmarks.discord_load import ROOT

_SHOWN = ("acknowledged", "latest heartbeat", "longest stall", "memory", "all answered")
_RUNS = 5
_END = "from bot.ops.event_loop import end_process; end_process(0)"
_LOAD = "import bot.answering.engine, bot.bootstrap, sys; {end}"


def main() -> None:
    for without in ("", *SETTINGS):
        print(f"without {without}" if without else "with all of them")
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.discord_load"],
            env=os.environ | {"LOAD_WITHOUT": without},
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(
            *("  " + line for line in done.stdout.splitlines() if line.startswith(_SHOWN)), sep="\n"
        )
    at_once, whole = [], []
    for _ in range(_RUNS):
        at_once.append(_seconds(_LOAD.format(end=_END)))
        whole.append(_seconds(_LOAD.format(end="sys.exit(0)")))
    print(
        f"a process that loaded everything ends after {statistics.median(at_once):.2f} s at once and"
        f" {statistics.median(whole):.2f} s taken apart (medians of {_RUNS}, in turn)"
    )


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
