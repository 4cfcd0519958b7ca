"""Order candidates by a weighted sum of features.

The model is linear and its weights are trained on questions with known answers (``python -m
tests.benchmarks.train_ranking``). Because it is linear, each feature's share can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.embedders import Embedder, Vectors
from retrieval.text.answer_counts import Kind
from retrieval.timestamps import DAY_MICROS

Floats: TypeAlias = npt.NDArray[np.float32]
# From and to, in microseconds since 1970.
Span: TypeAlias = tuple[float, float]

# Which kind of evidence a feature is, for the explanation of a hit.
FEATURES: Mapping[str, str] = {
    "bm25": "keyword",
    "bm25_peak": "keyword",
    "article": "keyword",
    "article_names": "keyword",
    "coverage": "keyword",
    "lead": "keyword",
    "lead_for_kind": "keyword",
    "number": "answer type",
    "percentage": "answer type",
    "place": "answer type",
    "cosine": "dense",
    "article_cosine": "dense",
    "likeness": "dense",
    "likeness_unmatched": "dense",
    "week": "recency",
    "week_asked": "recency",
    "half_year": "recency",
    "agreement": "time",
}
# Those that only embedders of many languages are ranked by.
OF_MANY_LANGUAGES = ("likeness", "likeness_unmatched")
# By kind of thing asked for, the feature that tells how many of them a passage holds.
_OF_KIND: Mapping[Kind, str] = {
    "number": "number",
    "percentage": "percentage",
    "country": "place",
    "state": "place",
}
# What BM25 gives beyond this share of the question's highest score tells nothing (a word that comes
# again and again, a list in which everything is named) and has no weight here; plain BM25 has both.
_PEAK = 0.8
_WEIGHTS = Path(__file__).with_name("ranking_weights.json")
# What takes the place of weights for cosines where the embedder knows many languages.
_WEIGHTS_OF_MANY = Path(__file__).with_name("ranking_weights_of_many_languages.json")


@cache
def learned_weights() -> dict[str, float]:
    """Return the weights that ship with Newsdesk, by feature."""
    weights: dict[str, float] = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return weights


@cache
def weights_of_many_languages() -> dict[str, float]:
    """Return the weights for a multilingual embedder.

    Its cosines count relative to those of the other candidates, and more if few of the question's
    words occur in any article.
    """
    weights: dict[str, float] = json.loads(_WEIGHTS_OF_MANY.read_text(encoding="utf-8"))
    return learned_weights() | weights


@dataclass(frozen=True, slots=True)
class Ranking:
    """How candidates are found and ordered."""

    keyword_candidates: int = 120
    dense_candidates: int = 40
    # Of one article among the first five hits; what is put back competes again after them.
    passages_per_article: int = 2
    weights: Mapping[str, float] = field(default_factory=learned_weights)

    def suited(self, embedder: Embedder) -> Ranking:
        """Return the ranking with the weights for this embedder, unless weights were set
        explicitly."""
        if embedder.languages is None and self.weights == learned_weights():
            return replace(self, weights=weights_of_many_languages())
        return self


@dataclass(frozen=True, slots=True)
class Recency:
    """Whether a question prefers recent articles, and whether it says so explicitly."""

    wanted: bool = True
    asked: bool = False


def recency_features(ages: npt.NDArray[np.int64], recency: Recency) -> dict[str, Floats]:
    """Return features that are 1 for now and halve with their half-life; ``ages`` are in
    microseconds."""

    def halving(days: float) -> Floats:
        if not recency.wanted:
            return np.zeros(len(ages), dtype=np.float32)
        return np.exp2(-np.maximum(ages, 0) / (days * DAY_MICROS)).astype(np.float32)

    week = halving(7)
    return {
        "week": week,
        "week_asked": week if recency.asked else np.zeros_like(week),
        "half_year": halving(180),
    }


def time_features(published: npt.NDArray[np.int64], preferred: Span | None) -> dict[str, Floats]:
    """Return how well articles match the time that the question names.

    ``published`` and both ends of ``preferred`` are in microseconds. The value is 1 for articles
    from that time, the day before and the day after. It halves with the distance, over half the
    length of that time, but at least two days and at most two months.
    """
    if preferred is None:
        return {"agreement": np.zeros(len(published), dtype=np.float32)}
    since, until = preferred
    away = np.maximum(np.maximum(since - DAY_MICROS - published, published - until - DAY_MICROS), 0)
    half_life = min(max(2.0, (until - since) / DAY_MICROS / 2), 60.0)
    return {"agreement": np.exp2(-away / (half_life * DAY_MICROS)).astype(np.float32)}


def dense_features(
    question: Vectors, passages: Vectors, articles: Sequence[int]
) -> dict[str, Floats]:
    """Return the cosine of the question with each passage, and with the mean of its article's
    candidates.

    ``articles`` says which passages belong together. A passage without a vector gets the mean of
    the others.
    """
    _, rows = np.unique(np.asarray(articles, dtype=np.int64), return_inverse=True)
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    middles = np.add.reduceat(passages[order], starts) if len(rows) else passages
    lengths = np.linalg.norm(middles, axis=1)
    middle_cosines = middles @ question / np.where(lengths > 0, lengths, 1)
    cosines = passages @ question
    known, known_middles = passages.any(axis=1), lengths > 0
    if known.any() and not known.all():
        cosines[~known] = cosines[known].mean()
        middle_cosines[~known_middles] = middle_cosines[known_middles].mean()
    return {"cosine": cosines, "article_cosine": middle_cosines[rows]}


def with_likeness(features: Mapping[str, Floats]) -> dict[str, Floats]:
    """Add to ``features`` how a passage's cosine compares with the other candidates, in standard
    deviations, and the same multiplied by the share of the question's words that occur in no
    article. If the question is in another language than the articles, little more than names and
    numbers occurs there."""
    cosines, matched = features["cosine"], features["article"]
    spread = float(np.std(cosines)) if len(cosines) else 0.0
    likeness = np.zeros_like(cosines)
    if spread > 0:
        likeness = ((cosines - np.mean(cosines)) / spread).astype(np.float32)
    unmatched = (1.0 - min(1.0, float(np.max(matched, initial=0.0)))) * likeness
    return {**features, "likeness": likeness, "likeness_unmatched": unmatched.astype(np.float32)}


def kind_features(kind: Kind | None, counts: Floats) -> dict[str, Floats]:
    """Return the ``counts`` of the kind of thing that is asked for in each passage; 0 for other
    kinds."""
    nothing = np.zeros_like(counts)
    return dict.fromkeys(_OF_KIND.values(), nothing) | (
        {_OF_KIND[kind]: np.log1p(counts)} if kind else {}
    )


def shares(features: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return, by kind of evidence, how much it adds to each candidate's score."""
    totals: dict[str, Floats] = {}
    for name, kind in FEATURES.items():
        if name in features:
            part = (features[name] * weights.get(name, 0.0)).astype(np.float32)
            totals[kind] = totals[kind] + part if kind in totals else part
    return totals


def total(parts: Mapping[str, Floats], count: int) -> Floats:
    """Return the sum of all shares; shape ``(count,)``."""
    return sum(parts.values(), np.zeros(count, dtype=np.float32))


def bm25_features(scores: Floats) -> dict[str, Floats]:
    """Split each score into the part up to the peak and the part above it."""
    usual = np.minimum(scores, _PEAK * np.max(scores, initial=0.0))
    return {"bm25": usual, "bm25_peak": scores - usual}


def lead_features(ordinals: Sequence[int], kind: Kind | None) -> dict[str, Floats]:
    """Return 1 for an article's first passage, 1/2 for the second and so on; and the same again for
    questions that ask for a kind of thing, such as a number, which often stands further down."""
    lead = (1.0 / (1.0 + np.asarray(ordinals, dtype=np.float32))).astype(np.float32)
    return {"lead": lead, "lead_for_kind": lead if kind else np.zeros_like(lead)}
