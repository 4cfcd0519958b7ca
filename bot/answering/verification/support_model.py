"""How likely passages support a claim: the average of a logistic model and boosted trees.

Both are trained by ``python -m tests.benchmarks.train_verification``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WEIGHTS = Path(__file__).with_name("support_weights.json")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least support of a supported claim, and of one without a second opinion; below
    ``refuted`` it is refuted."""

    supported: float
    sure: float
    refuted: float


class SupportModel:
    """The model with the weights that training wrote."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.features: tuple[str, ...] = tuple(weights["features"])
        self.thresholds = Thresholds(**weights["thresholds"])
        self._mean = np.array(weights["mean"])
        self._scale = np.array(weights["scale"])
        self._slopes = np.array(weights["slopes"])
        self._bias = float(weights["bias"])
        self._trees = _Forest(weights["trees"])
        self._share = float(weights["trees_share"])

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the claim is supported."""
        row = np.array([features[name] for name in self.features])
        linear = float((row - self._mean) / self._scale @ self._slopes) + self._bias
        grown = self._trees.total(row)
        return (1 - self._share) * _logistic(linear) + self._share * _logistic(grown)


class _Forest:
    """Trees as arrays, all walked at once.

    A tree is written as a number, or as the index of a feature, its threshold and the trees below
    and above it.
    """

    def __init__(self, trees: Sequence[Any]) -> None:
        self._nodes: list[tuple[int, float, int, int, float]] = []
        self._depth = 0
        self._roots = np.array([self._add(tree, 0) for tree in trees], dtype=np.intp)
        columns = list(zip(*self._nodes, strict=True)) or [()] * 5
        self._place, self._below, self._above = (
            np.array(columns[n], dtype=np.intp) for n in (0, 2, 3)
        )
        self._threshold, self._value = (np.array(columns[n], dtype=np.float64) for n in (1, 4))

    def _add(self, tree: Any, depth: int) -> int:
        at = len(self._nodes)
        self._depth = max(self._depth, depth)
        if not isinstance(tree, list):
            self._nodes.append((0, 0.0, at, at, float(tree)))
            return at
        place, threshold, below, above = tree
        self._nodes.append((0, 0.0, 0, 0, 0.0))
        left, right = self._add(below, depth + 1), self._add(above, depth + 1)
        self._nodes[at] = (int(place), float(threshold), left, right, 0.0)
        return at

    def total(self, row: npt.NDArray[np.float64]) -> float:
        """Return the sum of the leaves that a row of features reaches."""
        at = self._roots
        for _ in range(self._depth):
            below = row[self._place[at]] <= self._threshold[at]
            at = np.where(below, self._below[at], self._above[at])
        return float(self._value[at].sum())


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))


@cache
def support_model() -> SupportModel:
    """Return the model that ships with Newsdesk."""
    return SupportModel(json.loads(WEIGHTS.read_text("utf-8")))
