"""How common words are in the news at large: what a corpus of a few passages can't tell.

The shares are counted by ``tests/benchmarks/train_common_words.py``. They are of English words that
are no names; names and the words of other languages are rare by this.
"""

from __future__ import annotations

import gzip
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from retrieval.text.spelling import nearest_word
from retrieval.text.stemming import stems

WORDS = Path(__file__).with_name("common_words.txt.gz")
_PARTS = 1e5
# Shorter words have too many neighbours.
_SHORTEST = 4


class _Words(NamedTuple):
    """``shares`` by stem; by their first letter ``forms``, each with the share of its stem."""

    shares: dict[str, float]
    forms: dict[str, dict[str, float]]


def share_of_passages(stem: str) -> float:
    """The share of passages, from 0 to 1, that have a stem; 0 if hardly any has."""
    return _words().shares.get(stem, 0.0)


def idf(passages: int, frequency: float) -> float:
    """Robertson and Sparck Jones' weight as BM25 uses it: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def is_common(word: str) -> bool:
    """Whether a word stands in news of any kind, and is no name."""
    own = stems(word)
    return bool(own) and all(map(share_of_passages, own))


def news_share(word: str) -> float:
    """The share of passages of the news at large, from 0 to 1, that have a form of a word."""
    return max(map(share_of_passages, stems(word)), default=0.0)


def nearest_common(word: str) -> str | None:
    """The common word that ``word`` is a slip of, by one letter; None if it is none."""
    lower = word.lower()
    if len(lower) < _SHORTEST or not lower.isalpha():
        return None
    return nearest_word(lower, _words().forms.get(lower[0], {}), 1)


@cache
def _words() -> _Words:
    shares: dict[str, float] = {}
    forms: dict[str, dict[str, float]] = {}
    with gzip.open(WORDS, "rt", encoding="utf-8") as lines:
        for line in lines:
            stem, count, *written = line.split()
            shares[stem] = int(count) / _PARTS
            for word in written:
                forms.setdefault(word[0], {})[word] = shares[stem]
    return _Words(shares, forms)
