"""Scores of searches, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.evaluation.questions import EvaluationQuestion, holds
from retrieval.models import SearchResult
from retrieval.web.urls import canonical_url

Values: TypeAlias = npt.NDArray[np.float64]

_RESAMPLES = 10_000
_SEED = 20_231_103
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 percent interval."""

    value: float
    low: float
    high: float


def first_hit(question: EvaluationQuestion, hits: Sequence[SearchResult]) -> int | None:
    """The rank of the first passage that answers, None if there is none.

    It is of a gold article, or of a story that lists one under ``also``, and its title or first
    1,000 characters hold the answer, in lower case with punctuation as spaces.
    """
    for hit in hits:
        article = hit.passage.article
        urls = {article.url, *(also.url for also in hit.also)}
        is_gold = any(url and canonical_url(url) in question.gold for url in urls)
        if is_gold and holds(question.answer, f"{article.title}\n{hit.passage.text[:1000]}"):
            return hit.rank
    return None


def hits_at(depth: int) -> Callable[[int | None], float]:
    """Return a measure: 1 for a rank of at most ``depth``, otherwise 0."""
    return lambda rank: float(rank is not None and rank <= depth)


def reciprocal(rank: int | None) -> float:
    """Return the reciprocal of a rank; 0 if it is too deep or None."""
    return 1 / rank if rank is not None and rank <= _DEEPEST else 0.0


MEASURES: dict[str, Callable[[int | None], float]] = {
    "Hits@1": hits_at(1),
    "Hits@5": hits_at(5),
    "Hits@10": hits_at(10),
    "MRR@10": reciprocal,
}


def summarize_scores(ranks: Sequence[int | None]) -> dict[str, float]:
    """Hits@1, @5, @10 and MRR@10 of the ranks of the first hits."""
    return {name: sum(map(score, ranks)) / max(1, len(ranks)) for name, score in MEASURES.items()}


def interval(values: Sequence[float]) -> Interval:
    """The mean, with a percentile bootstrap interval (Efron, 1979), resampling the questions."""
    scores = np.asarray(values, dtype=np.float64)
    if not scores.size:
        return Interval(0.0, 0.0, 0.0)
    low, high = np.quantile(_resampled(scores), [0.025, 0.975])
    return Interval(float(scores.mean()), float(low), float(high))


def difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """First minus second on the same questions: a paired bootstrap."""
    return interval([a - b for a, b in zip(first, second, strict=True)])


def _resampled(scores: Values) -> Values:
    generator = np.random.default_rng(_SEED)
    picks = generator.integers(0, len(scores), (_RESAMPLES, len(scores)))
    means: Values = scores[picks].mean(axis=1)
    return means
