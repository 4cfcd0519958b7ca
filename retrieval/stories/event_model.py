"""Decide whether two articles report one event, by a weighted sum of evidence for and against it.

The model is linear, with weights learned from pairs that people have judged (`python -m
tests.benchmarks.train_stories`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.embedders import Vectors
from retrieval.stories.event_dates import overlap
from retrieval.stories.features import BUCKETS, ArticleFeatures, Buckets, buckets
from retrieval.text.stop_words import news_words
from retrieval.timestamps import DAY_MICROS

# In the order of the columns.
FEATURES = (
    "likeness",  # cosine of the first passages
    "words",  # cosine of the words of title and lead, weighted by their rarity
    "title",  # share of one title found at the beginning of the other article, whichever is more
    "days",  # how far both are about the same days
    "gap",  # days between the publications
    "company",  # how far both are near to the same other articles of those days
    "numbers",  # 1 if both titles have numbers, and none in common
)
Floats: TypeAlias = npt.NDArray[np.float64]
Features: TypeAlias = npt.NDArray[np.float64]
# Articles that are more alike follow one pattern: last week's lottery drawing and this week's, or
# the daily page of a war.
_LIKE_ENOUGH = 0.8
_WORDS_ENOUGH = 0.4
_LITTLE = 1e-9
# Counts start as if there had been so many articles, most of them with the common words of news:
# in a small corpus nothing else distinguishes a common word from a rare one.
_BEFORE, _MOST = 100, 80
_WEIGHTS = Path(__file__).with_name("story_weights.json")


@cache
def learned_weights() -> dict[str, float]:
    """Return the weights that ship with Newsdesk, by feature; ``bias`` is added to every sum."""
    weights: dict[str, float] = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return weights


def log_odds(features: Features, weights: Mapping[str, float]) -> Floats:
    """Return the log odds that pairs report one event, above 0 if they probably do. Shape
    ``(pairs,)``, for features of shape ``(pairs, features)``."""
    odds: Floats = features @ np.array([weights[name] for name in FEATURES]) + weights["bias"]
    return odds


class IdfTable:
    """How rare words are, by the number of articles in which they occur."""

    def __init__(self) -> None:
        self._counts = np.zeros(BUCKETS, dtype=np.int32)
        self._counts[buckets(" ".join(sorted(news_words())))] = _MOST
        self._articles = _BEFORE

    def add(self, traits: ArticleFeatures) -> None:
        """Count the words of an article."""
        self._counts[traits.words] += 1
        self._articles += 1

    def of(self, words: Buckets) -> Floats:
        """Return the rarity (inverse document frequency) of words, 0 or more; same shape as
        ``words``."""
        rarity: Floats = np.log(self._articles / (self._counts[words] + 0.5))
        return np.maximum(rarity, 0.0)


def shared_words(
    mine: ArticleFeatures, others: Sequence[ArticleFeatures], rarity: IdfTable
) -> tuple[Floats, Floats]:
    """Return the features ``words`` and ``title`` of one article with each of ``others``, both of
    shape ``(others,)``."""
    count = len(others)
    if not count or not len(mine.words):
        return np.zeros(count), np.zeros(count)

    def summed(owners: npt.NDArray[np.intp], values: Floats) -> Floats:
        sums: Floats = np.bincount(owners, weights=values, minlength=count).astype(np.float64)
        return sums

    mine_rarity = rarity.of(mine.words)
    mine_weights = _frequency(mine.counts) * mine_rarity
    mine_title = np.isin(mine.words, mine.title) * mine_rarity

    words, owners = _joined([other.words for other in others])
    weights = _frequency(np.concatenate([other.counts for other in others])) * rarity.of(words)
    places, shared = _found(words, mine.words)
    products = summed(owners, weights * shared * mine_weights[places])
    lengths = np.sqrt(summed(owners, weights**2) * (mine_weights @ mine_weights))
    mine_share = summed(owners, shared * mine_title[places]) / max(mine_title.sum(), _LITTLE)

    titles, owners = _joined([other.title for other in others])
    _, shared = _found(titles, mine.words)
    title_rarity = rarity.of(titles)
    whole = np.maximum(summed(owners, title_rarity), _LITTLE)
    their_share = summed(owners, title_rarity * shared) / whole
    return products / np.maximum(lengths, _LITTLE), np.maximum(mine_share, their_share)


def features_of(
    mine: ArticleFeatures,
    others: Sequence[ArticleFeatures],
    rarity: IdfTable,
    *,
    at: int,
    others_at: npt.NDArray[np.int64],
    cosines: Vectors,
    company: Vectors,
) -> Features:
    """Return the features of one article with each of ``others``: shape ``(others, features)``.

    ``at`` and ``others_at`` are times of publication in microseconds; ``cosines`` and ``company``,
    of shape ``(others,)``, are the features ``likeness`` and ``company``.
    """
    words, titles = shared_words(mine, others, rarity)
    columns = {
        "likeness": np.minimum(cosines, _LIKE_ENOUGH),
        "words": np.minimum(words, _WORDS_ENOUGH),
        "title": titles,
        "days": [
            overlap(other.days, mine.days, at // DAY_MICROS - int(other_at) // DAY_MICROS)
            for other, other_at in zip(others, others_at, strict=True)
        ],
        "gap": np.abs(others_at - at) / DAY_MICROS,
        "company": company,
        "numbers": [_disagree(mine.numbers, other.numbers) for other in others],
    }
    return np.array([columns[name] for name in FEATURES], dtype=np.float64).T


def _frequency(counts: npt.NDArray[np.uint8]) -> Floats:
    often = counts.astype(np.float64)
    return np.where(often > 0, 1 + np.log(np.maximum(often, 1)), 0)


def _joined(parts: Sequence[Buckets]) -> tuple[Buckets, npt.NDArray[np.intp]]:
    """Return all parts concatenated, and for each word which part it is from."""
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _found(words: Buckets, among: Buckets) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the place of each of ``words`` among sorted ones, and whether it is there at all."""
    places = np.minimum(np.searchsorted(among, words), len(among) - 1)
    return places, among[places] == words


def _disagree(first: Buckets, second: Buckets) -> float:
    numbers = set(first.tolist()), set(second.tolist())
    return float(all(numbers) and numbers[0].isdisjoint(numbers[1]))
