"""Learn how likely it is that passages support a claim.

    python -m tests.benchmarks.train_verification [--write]

A logistic model whose slopes have the sign that a feature means, and boosted trees held to the same
signs, averaged (`bot/answering/verification/support_model.py`). Trained on RAGTruth, BUMP and
SummEdits, each set and each label with the same weight in all, and on pairs made from articles
(`tests/benchmarks/claim_pairs.py`). The thresholds come from a cross-validation whose parts share
no source text. The figures of each whole set left out are those to believe for text of another
kind. QAGS and the sets made by hand are never trained on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from rich.console import Console

from bot.answering.verification import Evidence
from bot.answering.verification.evidence import read_evidence, read_sentence
from bot.answering.verification.rules import (
    BELOW_REFUTED,
    BELOW_SUPPORTED,
    FAITHFUL,
    read_claim,
    stands_whole,
)
from bot.answering.verification.support_model import WEIGHTS, SupportModel
from bot.answering.verification.tokens import plain, without_references
from bot.evaluation.claims import area
from bot.evaluation.questions import read_records
from tests.benchmarks import claim_pairs, weekly_news

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


TRAINED = ("ragtruth-summary", "ragtruth-qa", "bump", "summedits-other")
TESTED = ("qags-cnndm-dev", "qags-xsum-dev", "by-hand", "certainty-pairs", "status")
# What tells the kind of text rather than its support: sets differ in it.
_OF_THE_SET = word_set(
    "sentences passages length content weight ends colon commas place names numbers cosine_all cosine_mean "
    "head deleted inserted near_copy_edits small_edits matched_back window_size cosine_gap"
)
_RISING = word_set(
    "exact_all exact_line exact_window share_all share_line share_window soft_all soft_line soft_window "
    "soft_pair lowest lowest_second lowest_mean lowest_window lowest_window_second pairs_next pairs_all "
    "pairs_lowest cosine_best cosine_line cosine_window bigrams trigrams fragment_longest fragment_mean "
    "matched longest lead"
)
_FALLING = word_set(
    "missing_all missing_window strange strange_share strange_window heaviest_missing strange_run window_run "
    "missing_mass fragments replaced names_missing names_away numbers_missing numbers_away facts_strong "
    "facts_weak"
)
_PARTS = 3
# What the thresholds are chosen for: the most of the unfaithful claims that may pass, or pass unasked,
# and of the faithful ones that may be refuted; in the mean of the sets and in the worst of them.
_PASSED, _SURE, _REFUTED = (0.15, 0.25), (0.005, 0.02), (0.025, 0.05)
_PAIRS_WEIGHT, _SPLICES_WEIGHT = 0.25, 0.5  # beside one set
_TREES = 100


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """Features ``(claims, features)``; ``fixed`` is +1 or -1 where rules decide, -2 or -3 (an altered
    copy, which keeps its support) where they forbid to support; ``group`` numbers the source texts."""

    features: Floats
    labels: Flags
    fixed: npt.NDArray[np.int_]
    groups: npt.NDArray[np.int_]


def measured(records: Sequence[dict[str, Any]]) -> tuple[list[str], ClaimSet]:
    """Measure claims with passages and a label; what has no words is left out."""
    rows: list[list[float]] = []
    labels, fixed, groups = [], [], []
    names: list[str] = []
    known: dict[str, int] = {}
    for record in records:
        claim = read_sentence(without_references(plain(record["claim"])))
        evidence = read_evidence([Evidence(passage) for passage in record["passages"]])
        if not claim.content or not evidence.sentences:
            continue
        reading = read_claim(claim, evidence)
        names = names or [name for name in reading.features if name not in _OF_THE_SET]
        rows.append([reading.features[name] for name in names])
        labels.append(record["label"])
        groups.append(known.setdefault(record["passages"][0], len(known)))
        if stands_whole(claim, evidence) or reading.copy == "faithful":
            fixed.append(1)
        elif reading.refuted:
            fixed.append(-1)
        else:
            fixed.append(-2 if reading.doubtful else -3 if reading.copy == "altered" else 0)
    return names, ClaimSet(np.array(rows), np.array(labels), np.array(fixed), np.array(groups))


def signs(names: Sequence[str]) -> list[int]:
    """Which way support goes with each feature: 1, -1, or 0 where either is possible."""
    return [
        1 if name in _RISING else -1 if name in _FALLING or name.startswith("fact_") else 0
        for name in names
    ]


class Model:
    """Both models fitted to weighted claims."""

    def __init__(self, parts: Sequence[tuple[Floats, Flags, float]], names: Sequence[str]) -> None:
        rows = np.concatenate([part for part, _, _ in parts])
        labels = np.concatenate([part for _, part, _ in parts]).astype(float)
        weights = np.concatenate([_balanced(part, total) for _, part, total in parts])
        self.mean, self.scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        self.slopes, self.bias = self._logistic(rows, labels, weights / weights.sum(), names)
        options = {
            "objective": "binary", "learning_rate": 0.08, "num_leaves": 6, "min_data_in_leaf": 30,
            "min_child_weight": 4.0, "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
            "lambda_l2": 5.0, "max_bin": 63, "verbose": -1, "num_threads": 1, "seed": 0,
            "deterministic": True, "monotone_constraints": signs(names),
        }  # fmt: skip
        data = lightgbm.Dataset(rows, labels, weight=weights)
        self.trees = lightgbm.train(options, data, _TREES)

    def _logistic(
        self, rows: Floats, labels: Floats, weights: Floats, names: Sequence[str]
    ) -> tuple[Floats, float]:
        rows = (rows - self.mean) / self.scale
        wanted = np.array(signs(names))
        slopes, bias = np.zeros(rows.shape[1]), 0.0
        for _ in range(400):
            error = weights * (1 / (1 + np.exp(-(rows @ slopes + bias))) - labels)
            slopes -= 0.5 * (rows.T @ error + 3e-3 * slopes)
            bias -= 0.5 * float(error.sum())
            slopes = np.where(slopes * wanted < 0, 0.0, slopes)
        return slopes, bias

    def predict(self, rows: Floats) -> Floats:
        """Return the probability of each row."""
        linear = 1 / (1 + np.exp(-((rows - self.mean) / self.scale @ self.slopes + self.bias)))
        together: Floats = 0.5 * linear + 0.5 * np.asarray(self.trees.predict(rows))
        return together

    def record(self, names: Sequence[str], thresholds: dict[str, float]) -> dict[str, Any]:
        """Return what `support_model.py` reads."""
        trees = [tree["tree_structure"] for tree in self.trees.dump_model()["tree_info"]]
        return {
            "features": list(names),
            "mean": [float(f"{value:.6g}") for value in self.mean],
            "scale": [float(f"{value:.6g}") for value in self.scale],
            "slopes": [float(f"{value:.6g}") for value in self.slopes],
            "bias": float(f"{self.bias:.6g}"),
            "trees": [_nested(tree) for tree in trees],
            "trees_share": 0.5,
            "thresholds": thresholds,
        }


def _nested(node: dict[str, Any]) -> Any:
    if "leaf_value" in node:
        return round(node["leaf_value"], 5)
    return [
        node["split_feature"], round(node["threshold"], 6),
        _nested(node["left_child"]), _nested(node["right_child"]),
    ]  # fmt: skip


def _balanced(labels: Flags, total: float) -> Floats:
    weights = np.empty(len(labels))
    for label in (True, False):
        weights[labels == label] = total / max(1, int((labels == label).sum()))
    return weights


def outcomes(support: Floats, claims: ClaimSet, upper: float, lower: float) -> npt.NDArray[np.int_]:
    """1 supported, 0 uncertain, -1 refuted, as the verifier decides."""
    found = np.where(support >= upper, 1, np.where(support < lower, -1, 0))
    found = np.where((claims.fixed < -1) & (found == 1), 0, found)
    return np.where(np.abs(claims.fixed) == 1, claims.fixed, found)


def choose(sets: dict[str, ClaimSet], support: dict[str, Floats]) -> dict[str, float]:
    """Choose the thresholds by what mistakes cost: the lowest from which on no more unfaithful claims
    pass than allowed, in the mean of the sets and in each, and the highest that refutes no more
    faithful ones."""
    grid = np.quantile(np.concatenate(list(support.values())), np.linspace(0.005, 0.995, 200))

    def within(outcome: int, upper: float, lower: float, allowed: tuple[float, float]) -> bool:
        shares = []
        for name, one in sets.items():
            found = outcomes(support[name], one, upper, lower)
            shares.append(float((found[one.labels == (outcome < 0)] == outcome).mean()))
        return float(np.mean(shares)) <= allowed[0] and max(shares) <= allowed[1]

    upper = next((limit for limit in grid if within(1, limit, -1, _PASSED)), 0.99)
    sure = next((limit for limit in grid if within(1, limit, -1, _SURE)), 0.99)
    lower = max((limit for limit in grid if within(-1, 2, limit, _REFUTED)), default=0.0)
    found = {"supported": upper, "sure": sure, "refuted": lower}
    return {name: round(float(limit), 4) for name, limit in found.items()}


class Training:
    """All claims to learn from, measured once."""

    def __init__(self) -> None:
        self.sets: dict[str, ClaimSet] = {}
        self.names: list[str] = []
        for name in TRAINED:
            self.names, self.sets[name] = measured(read_records(claims_file(name)))
        self._made: list[tuple[Floats, Flags, float]] = []
        for records, weight in (
            (claim_pairs.make_pairs(), _PAIRS_WEIGHT),
            (claim_pairs.make_splices(), _SPLICES_WEIGHT),
        ):
            _, one = measured(list(records))
            self._made.append((one.features, one.labels, weight * 1000))

    def fitted(self, chosen: dict[str, Flags]) -> Model:
        """Fit to the chosen claims of each set and to all made pairs."""
        parts = [
            (self.sets[name].features[rows], self.sets[name].labels[rows], 1000.0)
            for name, rows in chosen.items()
        ]
        return Model([*parts, *self._made], self.names)

    def fitted_to(self, names: Sequence[str]) -> Model:
        """Fit to whole sets."""
        return self.fitted({name: np.ones(len(self.sets[name].labels), bool) for name in names})

    def cross_validated(self) -> dict[str, Floats]:
        """Return the support of each claim, learned without the texts of its part."""
        support = {name: np.zeros(len(one.labels)) for name, one in self.sets.items()}
        for part in range(_PARTS):
            model = self.fitted({n: one.groups % _PARTS != part for n, one in self.sets.items()})
            for name, one in self.sets.items():
                rows = one.groups % _PARTS == part
                support[name][rows] = model.predict(one.features[rows])
        return support

    def left_out(self) -> dict[str, Model]:
        """Return for each set a model that was learned without it."""
        return {n: self.fitted_to([m for m in TRAINED if m != n]) for n in TRAINED}


def left_out_models() -> dict[str, SupportModel]:
    """Learn for each set a model without it, with the thresholds that ship."""
    training = Training()
    shipped = json.loads(WEIGHTS.read_text("utf-8"))["thresholds"]
    return {
        name: SupportModel(model.record(training.names, shipped))
        for name, model in training.left_out().items()
    }


def claims_file(name: str) -> Path:
    """Return the file of a set of labelled claims."""
    return next((weekly_news.SHARED / "data" / "claims").glob(f"{name}.jsonl*"))


def main() -> None:
    console = Console(highlight=False, width=110)
    training = Training()
    support = training.cross_validated()
    thresholds = choose(training.sets, support)
    console.print(f"thresholds {thresholds}")
    _print(console, "cross-validated by source text", training.sets, support, thresholds)
    for name, model in training.left_out().items():
        support[name] = model.predict(training.sets[name].features)
    _print(console, "each whole set left out", training.sets, support, thresholds)
    model = training.fitted_to(TRAINED)
    tested = {name: measured(read_records(claims_file(name)))[1] for name in TESTED}
    support = {name: model.predict(one.features) for name, one in tested.items()}
    _print(console, "never trained on", tested, support, thresholds)
    if "--write" in sys.argv:
        record = model.record(training.names, thresholds)
        WEIGHTS.write_text(json.dumps(record, separators=(",", ":")) + "\n", "utf-8")
        console.print(f"written to {WEIGHTS}")


def shown_support(support: Floats, claims: ClaimSet, limits: dict[str, float]) -> Floats:
    """Return the support that the verifier gives, bounded where rules decide."""
    doubted = np.where(
        claims.fixed == -2, np.minimum(support, BELOW_SUPPORTED * limits["supported"]), support
    )
    refuted = np.minimum(support, BELOW_REFUTED * limits["refuted"])
    decided = np.where(claims.fixed == 1, np.maximum(support, FAITHFUL), doubted)
    return np.where(claims.fixed == -1, refuted, decided)


def _print(
    console: Console,
    title: str,
    sets: dict[str, ClaimSet],
    support: dict[str, Floats],
    limits: dict[str, float],
) -> None:
    console.print(title)
    rates: list[list[float]] = []
    for name, one in sets.items():
        found = outcomes(support[name], one, limits["supported"], limits["refuted"])
        unasked = outcomes(support[name], one, limits["sure"], limits["refuted"])
        good, bad = found[one.labels], found[~one.labels]
        shares = [good == 1, good == -1, bad == 1, unasked[~one.labels] == 1]
        shown = shown_support(support[name], one, limits)
        under = area(shown[one.labels].tolist(), shown[~one.labels].tolist())
        rates.append([under or 0.0, *(float(share.mean()) for share in shares)])
        console.print(_line(name, rates[-1]))
    console.print(_line("mean", np.mean(rates, axis=0)))


def _line(name: str, rates: Sequence[float] | Floats) -> str:
    titles = ("area", "supported", "refuted", "passed", "passed unasked")
    shares = "  ".join(f"{title} {rate:.3f}" for title, rate in zip(titles, rates, strict=True))
    return f"  {name:18} {shares}"


if __name__ == "__main__":
    main()
