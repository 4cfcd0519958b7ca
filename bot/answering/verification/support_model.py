"""How likely it is that passages support a claim: a logistic model and boosted trees, averaged.

Both are learned by ``python -m tests.benchmarks.train_verification``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WEIGHTS = Path(__file__).with_name("support_weights.json")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From ``supported`` on a claim is supported, from ``sure`` on without a second opinion, below
    ``refuted`` it is refuted."""

    supported: float
    sure: float
    refuted: float


class SupportModel:
    """Weights as the training wrote them."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.features: tuple[str, ...] = tuple(weights["features"])
        self.thresholds = Thresholds(**weights["thresholds"])
        self._mean = np.array(weights["mean"])
        self._scale = np.array(weights["scale"])
        self._slopes = np.array(weights["slopes"])
        self._bias = float(weights["bias"])
        self._trees = weights["trees"]
        self._share = float(weights["trees_share"])

    def probability(self, features: Mapping[str, float]) -> float:
        """Return how likely the claim is supported, 0 to 1."""
        row = np.array([features[name] for name in self.features])
        linear = float((row - self._mean) / self._scale @ self._slopes) + self._bias
        grown = sum(_leaf(tree, row) for tree in self._trees)
        return (1 - self._share) * _logistic(linear) + self._share * _logistic(grown)


def _leaf(tree: Any, row: npt.NDArray[np.float64]) -> float:
    """A tree is a number, or a feature's place, its threshold and the trees below and above it."""
    while isinstance(tree, list):
        place, threshold, below, above = tree
        tree = below if row[place] <= threshold else above
    return float(tree)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))


@cache
def support_model() -> SupportModel:
    """Return the model that is shipped."""
    return SupportModel(json.loads(WEIGHTS.read_text("utf-8")))
