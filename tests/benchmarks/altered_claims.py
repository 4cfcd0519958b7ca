"""Altered and fair sentences of articles: `python -m tests.benchmarks.altered_claims [--show]`.

How many of the altered ones are not passed, by what was altered, and how many of the fair ones are
not refuted. ``--show`` prints those that go wrong.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answering.verification import Evidence, Verdict, create_verifier
from tests.benchmarks import altering, weekly_news


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, what it is held against, and whether that supports it."""

    claim: str
    evidence: Evidence
    label: bool
    kind: str


def altered(half: str) -> Iterator[Case]:
    """The altered and fair sentences of one half, "dev" or "held-out"."""
    articles = {article["url"]: article for article in weekly_news.load_articles()}
    for row in altering.rows():
        if row["half"] != half:
            continue
        article = articles[row["url"]]
        text = article["text"]
        evidence = Evidence(
            text[slice(*row["evidence"])],
            article["title"],
            dt.date.fromisoformat(article["published_at"][:10]),
        )
        sentence = row["sentence"] if "sentence" in row else text[slice(*row["span"])]
        yield Case(sentence, evidence, row["label"], row["kind"])


def well(case: Case, verdict: Verdict) -> bool:
    """Whether an altered sentence is stopped, or a fair one not refuted."""
    return verdict.outcome != "refuted" if case.label else not verdict.supported


def main() -> None:
    verifier = create_verifier()
    for half in ("dev", "held-out"):
        counts: dict[tuple[bool, str], list[bool]] = defaultdict(list)
        for case in altered(half):
            verdict = verifier.check(case.claim, [case.evidence])
            good = well(case, verdict)
            counts[case.label, "all"].append(good)
            counts[case.label, case.kind].append(good)
            if "--show" in sys.argv and not good:
                print(f"  {case.kind}, {verdict.outcome}, {verdict.support:.2f}: {case.claim}")
        for (label, kind), found in sorted(counts.items()):
            what = "fair, not refuted" if label else "altered, not passed"
            print(f"{half:9} {what:20} {kind:12} {sum(found) / len(found):.3f} of {len(found)}")


if __name__ == "__main__":
    main()
