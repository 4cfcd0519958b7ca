"""Ordering candidates: a weighted sum of what says that a passage answers a question.

A linear model over a few features, its weights learned from questions with known answers
(`python -m tests.benchmarks.train_ranking`). Linear, so that each part's share can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.embedders import Vectors

Floats: TypeAlias = npt.NDArray[np.float32]

# Which of the three kinds of evidence a feature is, for the explanation of a hit.
FEATURES: Mapping[str, str] = {
    "bm25": "keyword",
    "pairs": "keyword",
    "article": "keyword",
    "cosine": "dense",
    "feedback": "dense",
    "week": "recency",
    "week_asked": "recency",
    "half_year": "recency",
    "lead": "keyword",
}
_FEEDBACK_PASSAGES = 5
_WEIGHTS = Path(__file__).with_name("ranking_weights.json")
_DAY = 86_400_000_000  # microseconds


@cache
def learned_weights() -> dict[str, float]:
    """The weights that ship with the program, by feature."""
    weights: dict[str, float] = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return weights


@dataclass(frozen=True, slots=True)
class Ranking:
    """How candidates are found and ordered."""

    keyword_candidates: int = 80
    dense_candidates: int = 40
    # Of one article among the first five hits; what is put back competes again after them.
    passages_per_article: int = 2
    weights: Mapping[str, float] = field(default_factory=learned_weights)


@dataclass(frozen=True, slots=True)
class Recency:
    """How much a question prefers recent reports: at all, and expressly."""

    wanted: bool = True
    asked: bool = False


def recency_features(ages: npt.NDArray[np.int64], recency: Recency) -> dict[str, Floats]:
    """``ages`` in microseconds; each feature halves with its half-life, and is 1 for now."""

    def halving(days: float) -> Floats:
        if not recency.wanted:
            return np.zeros(len(ages), dtype=np.float32)
        return np.exp2(-np.maximum(ages, 0) / (days * _DAY)).astype(np.float32)

    week = halving(7)
    return {
        "week": week,
        "week_asked": week if recency.asked else np.zeros_like(week),
        "half_year": halving(180),
    }


def dense_features(question: Vectors, passages: Vectors, first_guess: Floats) -> dict[str, Floats]:
    """Cosine with the question, and with the middle of the passages that seem best so far.

    The second is pseudo-relevance feedback after Rocchio (1971), on embeddings.
    """
    best = np.argsort(-first_guess, kind="stable")[:_FEEDBACK_PASSAGES]
    middle = passages[best].sum(axis=0)
    length = float(np.linalg.norm(middle))
    return {
        "cosine": passages @ question,
        "feedback": passages @ middle / length if length else np.zeros_like(first_guess),
    }


def shares(features: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """By kind of evidence, what it adds to each candidate's score."""
    totals: dict[str, Floats] = {}
    for name, kind in FEATURES.items():
        if name in features:
            part = (features[name] * weights.get(name, 0.0)).astype(np.float32)
            totals[kind] = totals[kind] + part if kind in totals else part
    return totals


def total(parts: Mapping[str, Floats], count: int) -> Floats:
    """The sum of all shares; shape ``(count,)``."""
    return sum(parts.values(), np.zeros(count, dtype=np.float32))


def lead_feature(ordinals: Sequence[int]) -> Floats:
    """1 for an article's first passage, 1/2 for the second and so on."""
    return (1.0 / (1.0 + np.asarray(ordinals, dtype=np.float32))).astype(np.float32)
