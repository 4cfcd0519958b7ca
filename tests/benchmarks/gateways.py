"""Several `newsdesk run` on one database: `python -m tests.benchmarks.gateways [--picture FILE]`.

Real processes on PostgreSQL and a Chroma server share eight shards. Printed is how many questions a
second 1, 2 and 3 of them answer, none asked twice in a server: by quotations, then with a model that
takes two seconds for each; and how many the machine's processors could answer. Then one of three is
killed, another one is stopped for longer than its leases last, and at last the writer is killed: how
long until the others serve its servers, and until one of them writes. Exit code 1 if a question isn't
answered, if the answers of the servers differ, or if a server is called gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.gateway_processes import PLACES, SHARDS, Gateways, gateways, model_words
from tests.benchmarks.postgres_changes import running
from tests.postgres import PostgresServer
from tests.scripted_model import Says, ScriptedModel

PROCESSES = 3
_WARM = 2  # places that are asked about first: models are loaded, copies are made
_MODEL_SECONDS = 2.0
_QUOTING_NAME = "quotations, without a model"
_MODEL_NAME = f"a model that takes {_MODEL_SECONDS:g} s for each answer"
# Leases last 20 seconds and are looked at every five; turns to identify come on top.
_STOPPED_SECONDS = 30
# The connections of a stopped process still stand: that others have made theirs isn't seen by them.
_CONNECTED_SECONDS = 10


@dataclass
class Measured:
    """Questions a second, and the processor seconds for each question, by number of processes."""

    name: str
    rates: dict[int, float] = field(default_factory=dict)
    spent: dict[int, float] = field(default_factory=dict)
    well: bool = True

    @property
    def limit(self) -> float:
        """The questions a second that the machine's processors could answer."""
        return len(os.sched_getaffinity(0)) / min(self.spent.values())


def _busy_seconds() -> float:
    """The processor time of everything on this machine."""
    user, nice, system, _, _, *interrupts = map(
        int, Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()[1:]
    )
    return (user + nice + system + sum(interrupts[:2])) / os.sysconf("SC_CLK_TCK")


async def measure_rates(
    found: Gateways, name: str, questions: int, at_a_time: int, unasked: list[str]
) -> Measured:
    """Start one process after the other. Each server is asked so many questions for each number of
    processes, so many at a time, about places that are taken from ``unasked``."""
    measured = Measured(name)
    for count in range(1, PROCESSES + 1):
        found.start()
        took = await found.shared_by(count)
        await asyncio.sleep(_CONNECTED_SECONDS)
        await found.rate([unasked.pop() for _ in range(_WARM)], 1)
        places = [unasked.pop() for _ in range(questions)]
        before = _busy_seconds()
        measured.rates[count], told = await found.rate(places, at_a_time)
        measured.spent[count] = (_busy_seconds() - before) / (questions * SHARDS)
        answered = sum(bool(text) for texts in told.values() for text in texts)
        different = sum(len(set(texts)) > 1 for texts in told.values())
        print(
            f"{name}, {count} processes, eight shards shared after {took:.1f} s: "
            f"{measured.rates[count]:.1f} questions a second, {measured.spent[count]:.3f} processor "
            f"seconds for each; {answered} of {questions * SHARDS} answered; {different} of "
            f"{questions} questions answered differently in some server",
            flush=True,
        )
        measured.well &= answered == questions * SHARDS and not different
    print(f"{name}: the processors' limit is {measured.limit:.0f} questions a second")
    return measured


async def interrupt(found: Gateways, unasked: list[str]) -> bool:
    """Kill one of three, stop and continue another one, kill the writer. Returns whether all questions
    were answered."""

    async def all_answer(what: str, took: float) -> bool:
        await asyncio.sleep(_CONNECTED_SECONDS)
        told = await found.ask_everywhere(unasked.pop())
        answered = sum(map(bool, told))
        print(
            f"{what}: shared again after {took:.1f} s; {answered} of {SHARDS} questions answered",
            flush=True,
        )
        return answered == SHARDS

    writer, killed, stopped = found.processes
    killed.kill()
    killed.wait()
    well = await all_answer("one of three killed", await found.shared_by(PROCESSES - 1))
    stopped.send_signal(signal.SIGSTOP)
    took = await found.shared_by(PROCESSES - 2)
    well &= await all_answer("another one stopped", took)
    await asyncio.sleep(max(0.0, _STOPPED_SECONDS - took - _CONNECTED_SECONDS))
    stopped.send_signal(signal.SIGCONT)
    well &= await all_answer("the stopped one goes on", await found.shared_by(PROCESSES - 1))
    writer.kill()
    writer.wait()
    print(f"the writer killed: another one writes after {await found.written_by(stopped):.1f} s")
    return well & await all_answer("the writer killed", await found.shared_by(PROCESSES - 2))


async def measure(server: PostgresServer, folder: Path, given: argparse.Namespace) -> bool:
    async with gateways(server, folder / "quoting", {}) as found:
        unasked = list(PLACES)
        quoting = await measure_rates(found, _QUOTING_NAME, given.questions, 1, unasked)
        well = quoting.well & await interrupt(found, unasked)
    async with ScriptedModel() as model:
        model.play(Says(model_words, first_after=_MODEL_SECONDS, size=1_000))
        settings = {"OPENAI_BASE_URL": model.url, "OPENAI_MODEL": "scripted"}
        async with gateways(server, folder / "waiting", settings) as found:
            waiting = await measure_rates(
                found, _MODEL_NAME, given.model_questions, 2, list(PLACES)
            )
    if given.picture is not None:
        draw(quoting, waiting, given.picture)
    return well and waiting.well


def draw(quoting: Measured, waiting: Measured, picture: Path) -> None:
    """Draw the rates by number of processes, and the machine's limits."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), dpi=150, layout="constrained")
    for axes, measured in zip(figure.subplots(1, 2), (quoting, waiting), strict=True):
        places = range(len(measured.rates))
        bars = axes.bar(places, list(measured.rates.values()), 0.6, color="#4c78a8")
        axes.bar_label(bars, fmt="%.1f", padding=2)
        cores = len(os.sched_getaffinity(0))
        limit = f"limit of {cores} cores by processor time: {measured.limit:.0f}"
        axes.axhline(measured.limit, linestyle="--", color="#e45756", label=limit)
        axes.set_xticks(places, [str(count) for count in measured.rates])
        axes.set_xlabel("newsdesk run processes")
        axes.set_ylabel("questions a second")
        axes.set_ylim(0, measured.limit * 1.35)
        axes.set_title(measured.name, fontsize=10)
        axes.legend(frameon=False, loc="upper left", fontsize=8)
    figure.savefig(picture)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=20, help="in each server")
    parser.add_argument("--model-questions", type=int, default=8, help="in each server")
    parser.add_argument("--picture", type=Path, help="draw the rates there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-gateways-") as folder, running(durable=True) as server:  # fmt: skip
        try:
            return 0 if asyncio.run(measure(server, Path(folder), given)) else 1
        except BaseException:
            for log in sorted(Path(folder).glob("*/*.log")):
                print(f"{log.name}: {log.read_text(errors='replace')[-2_000:]}", file=sys.stderr)
            raise


if __name__ == "__main__":
    sys.exit(main())
