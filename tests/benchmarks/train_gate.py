"""Learn the weights of the gate's support: `python -m tests.benchmarks.train_gate [--write]`.

Logistic regression on the dev claims and the dev half of the altered sentences. Prints how it does
on articles left out of the training, which is the figure to believe; `--write` keeps the weights
learned from all of them. The gate shows what has a support of 0.5 or more: the bias puts that where
it keeps the wanted share of what is supported, for text with and without capitals.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import bot.answering.verification.legacy.support
from bot.answering.verification.legacy.checking import examine, stands_whole
from tests.benchmarks.gate_data import CLAIMS, Case, altered, claims

FEATURES = (
    "sentence", "triples", "fragments", "length", "strange", "unsaid", "rarest", "lead", "problems",
    "uncased",
)  # fmt: skip
_SHARE = {"qags-cnndm": 1.0, "qags-xsum": 1.5}  # of a case in the loss; the others weigh _OTHERS
_OTHERS = 0.5
_PENALTY = 10.0
_STEPS = 40
_FOLDS, _ROUNDS = 10, 5
_KEPT = {"qags-cnndm": 0.88, "altered": 0.985}

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Examples:
    """``features`` of shape ``(cases, features)``; everything is aligned with the cases."""

    cases: list[Case]
    features: Matrix
    labels: Flags
    vetoed: Flags
    whole: Flags
    importance: Matrix

    def of(self, name: str) -> Flags:
        wanted = [(c.kind == name if name in CLAIMS else c.kind not in CLAIMS) for c in self.cases]
        return np.array(wanted)


def gathered() -> Examples:
    cases = [case for name in CLAIMS for case in claims(name)] + list(altered("dev"))
    rows, vetoed = [], []
    for case in cases:
        findings = examine(case.claim, case.passages)
        rows.append([findings.features[name] for name in FEATURES])
        vetoed.append(bool(findings.reasons))
    return Examples(
        cases,
        np.array(rows),
        np.array([case.label for case in cases]),
        np.array(vetoed),
        np.array([stands_whole(case.claim, case.passages) for case in cases]),
        np.array([_SHARE.get(case.kind, _OTHERS) for case in cases]),
    )


def learned(examples: Examples, chosen: Flags) -> Matrix:
    """The weights and, last, the bias: the maximum of the penalised likelihood, by Newton's method."""
    chosen = chosen & ~examples.whole
    features, labels = examples.features[chosen], examples.labels[chosen].astype(np.float64)
    importance = examples.importance[chosen]
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    columns = np.c_[(features - centre) / scale, np.ones(len(features))]
    penalty = np.r_[np.full(len(FEATURES), _PENALTY), 1e-6]
    weights = np.zeros(len(penalty))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (importance * (chance - labels)) + penalty * weights
        curve = (columns * (importance * chance * (1 - chance))[:, None]).T @ columns
        weights -= np.linalg.solve(curve + np.diag(penalty), gradient)
    plain = weights[:-1] / scale
    result: Matrix = np.r_[plain, weights[-1] - centre @ plain]
    return result


def scores(examples: Examples, weights: Matrix) -> Matrix:
    result: Matrix = examples.features @ weights[:-1] + weights[-1]
    return result


def left_out(examples: Examples, seed: int) -> Matrix:
    """The score of each case by weights learned without its article."""
    generator = random.Random(seed)
    groups = sorted({case.group for case in examples.cases})
    folds = {group: generator.randrange(_FOLDS) for group in groups}
    fold = np.array([folds[case.group] for case in examples.cases])
    result = np.zeros(len(examples.cases))
    for number in range(_FOLDS):
        out = fold == number
        result[out] = scores(examples, learned(examples, ~out))[out]
    return result


def area(values: Matrix, labels: Flags) -> float:
    """The area under the ROC curve."""
    right, wrong = values[labels][:, None], values[~labels]
    return float((right > wrong).mean() + 0.5 * (right == wrong).mean())


def cuts(examples: Examples, values: Matrix) -> dict[str, float]:
    """The scores that keep the wanted shares of what is supported and not vetoed."""
    found = {}
    for name, share in _KEPT.items():
        mine = examples.of(name) & examples.labels & (examples.whole | ~examples.vetoed)
        kept = np.where(examples.whole, np.inf, values)[mine]
        found[name] = float(np.quantile(kept, 1 - share, method="lower"))
    return found


def main() -> None:
    examples = gathered()
    rounds = [left_out(examples, seed) for seed in range(_ROUNDS)]
    mean = np.mean(rounds, axis=0)
    cut = cuts(examples, mean)
    print("each article left out of training:")
    for name in (*CLAIMS, "altered"):
        mine = examples.of(name)
        labels = examples.labels[mine]
        vetoed = examples.vetoed[mine]
        at = cut["altered" if name == "altered" else "qags-cnndm"]
        areas = []
        for values in rounds:
            # What check() makes of it: half the support where a rule objects.
            chance = 1 / (1 + np.exp(-(values[mine] - at)))
            support = np.where(vetoed, chance / 2, chance)
            areas.append(area(np.where(examples.whole[mine], 1.0, support), labels))
        shown = (mean[mine] >= at) & ~vetoed | examples.whole[mine]
        plain = np.mean([area(values[mine], labels) for values in rounds])
        print(
            f"  {name}: AUC {np.mean(areas):.3f} (before the rules {plain:.3f}), "
            f"keeps {shown[labels].mean():.3f}, catches {(~shown)[~labels].mean():.3f}"
        )
    weights = learned(examples, np.ones(len(examples.labels), dtype=bool))
    named = {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=False)}
    named["bias"] = round(float(weights[-1] - cut["altered"]), 4)
    named["uncased"] = round(named["uncased"] - (cut["qags-cnndm"] - cut["altered"]), 4)
    print(json.dumps(named))
    if "--write" in sys.argv:
        path = Path(bot.answering.verification.legacy.support.__file__).with_name(
            "support_weights.json"
        )
        path.write_text(json.dumps(named, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
