"""Whether each rule keeps its place: `python -m tests.benchmarks.refuting_rules [SET...]`.

A rule that refutes may refute at most one of a hundred faithful claims of any set of labelled claims,
or two of a set of fewer than three hundred. Prints how many each rule refutes, set by set, and ends
with an error if a rule refutes more.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.answering.verification import Evidence
from bot.answering.verification.evidence import read_evidence, read_sentence
from bot.answering.verification.rules import REFUTING, read_claim, stands_whole
from bot.answering.verification.tokens import plain, without_references
from bot.evaluation.questions import read_records
from tests.benchmarks.train_verification import TESTED, TRAINED, claims_file

Rule: TypeAlias = tuple[str, int]

_SHARE, _FEW, _SMALL_SET = 0.01, 2, 300


@dataclass
class Refuted:
    """Of one set: its claims by label, and how many of each label every rule refutes."""

    claims: Counter[bool] = field(default_factory=Counter)
    by_rule: Counter[tuple[Rule, bool]] = field(default_factory=Counter)
    by_any: Counter[bool] = field(default_factory=Counter)

    @property
    def allowed(self) -> float:
        """How many faithful claims a rule may refute."""
        faithful = self.claims[True]
        return _FEW if faithful < _SMALL_SET else _SHARE * faithful

    def beyond(self) -> list[Rule]:
        """The rules that refute more."""
        return [rule for rule in sorted(REFUTING) if self.by_rule[rule, True] > self.allowed]


def rules_that_refute(claim: str, passages: list[str]) -> set[Rule]:
    """Return the rules that refute a claim, as the verifier goes by them."""
    sentence = read_sentence(without_references(plain(claim)))
    evidence = read_evidence([Evidence(passage) for passage in passages])
    if not sentence.content or not evidence.sentences or stands_whole(sentence, evidence):
        return set()
    reading = read_claim(sentence, evidence)
    if reading.copy == "faithful":
        return set()
    return {(finding.kind, finding.weight) for finding in reading.findings} & REFUTING


def refuted_of(name: str) -> Refuted:
    """Count what the rules refute of a set."""
    found = Refuted()
    for record in read_records(claims_file(name)):
        label = bool(record["label"])
        rules = rules_that_refute(record["claim"], record["passages"])
        found.claims[label] += 1
        found.by_any[label] += bool(rules)
        found.by_rule.update((rule, label) for rule in rules)
    return found


def main() -> None:
    beyond = 0
    for name in sys.argv[1:] or (*TRAINED, *TESTED):
        found = refuted_of(name)
        counts = ", ".join(
            f"{kind} {found.by_rule[(kind, weight), True]} ({found.by_rule[(kind, weight), False]})"
            for kind, weight in sorted(REFUTING)
        )
        print(f"{name}: faithful refuted (unfaithful) by {counts}; by any rule "
              f"{found.by_any[True]} of {found.claims[True]} "
              f"({found.by_any[False]} of {found.claims[False]})", flush=True)  # fmt: skip
        for kind, _ in found.beyond():
            beyond += 1
            print(f"  {kind} refutes more than {found.allowed:.1f}")
    sys.exit(f"{beyond} times a rule refutes too many" if beyond else 0)


if __name__ == "__main__":
    main()
