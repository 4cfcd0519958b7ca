"""How good the gate is: `python -m tests.benchmarks.gate [--held-out]`.

On claims with people's verdicts: the area under the ROC curve with a bootstrap interval over
articles, and what the gate's own threshold keeps of the supported and catches of the others. On
altered sentences: the same by kind, on the dev half, or with ``--held-out`` on the other half,
which is for final figures. And the time that a sentence takes.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.answering.verification.legacy import Verdict, check
from tests.benchmarks.altering import ALTERED
from tests.benchmarks.gate_data import CLAIMS, Case, altered, claims
from tests.benchmarks.train_gate import area

_RESAMPLES = 1_000


def checked(cases: Sequence[Case]) -> tuple[list[Verdict], float]:
    """The verdicts, and the milliseconds of processor time that each took on average."""
    start = time.process_time()
    verdicts = [check(case.claim, case.passages) for case in cases]
    return verdicts, (time.process_time() - start) * 1000 / len(cases)


def interval(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """Where 95 of 100 areas lie when the articles are drawn again."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        groups[case.group].append(number)
    support = np.array([verdict.support for verdict in verdicts])
    labels = np.array([case.label for case in cases])
    generator = random.Random(1)
    names = sorted(groups)
    areas = []
    for _ in range(_RESAMPLES):
        drawn = [n for name in generator.choices(names, k=len(names)) for n in groups[name]]
        areas.append(area(support[drawn], labels[drawn]))
    low, high = np.quantile(areas, (0.025, 0.975))
    return float(low), float(high)


def share(cases: Sequence[Case], verdicts: Sequence[Verdict], *, label: bool) -> str:
    """How many of the supported are kept, or of the others caught."""
    right = [v.supported is label for c, v in zip(cases, verdicts, strict=True) if c.label is label]
    return f"{sum(right) / len(right):.3f} of {len(right)}" if right else ""


def main() -> None:
    console = Console(highlight=False, width=100)
    table = Table("claims", "AUC", "95% interval", "kept", "caught", "ms each")
    for name in CLAIMS:
        cases = claims(name)
        verdicts, ms = checked(cases)
        labels = np.array([case.label for case in cases])
        value = area(np.array([verdict.support for verdict in verdicts]), labels)
        low, high = interval(cases, verdicts)
        table.add_row(
            name, f"{value:.3f}", f"{low:.3f} to {high:.3f}",
            share(cases, verdicts, label=True), share(cases, verdicts, label=False), f"{ms:.1f}",
        )  # fmt: skip
    console.print(table)
    half = "held-out" if "--held-out" in sys.argv else "dev"
    cases = list(altered(half))
    verdicts, ms = checked(cases)
    table = Table(f"sentences, {half}", "kept", "caught")
    for kind in ("verbatim", "paraphrase", *ALTERED):
        mine = [n for n, case in enumerate(cases) if case.kind == kind]
        some = [cases[n] for n in mine], [verdicts[n] for n in mine]
        table.add_row(kind, share(*some, label=True), share(*some, label=False))
    table.add_row("all", share(cases, verdicts, label=True), share(cases, verdicts, label=False))
    console.print(table)
    console.print(f"{ms:.1f} ms a sentence, with passages of 1,000 characters")


if __name__ == "__main__":
    main()
