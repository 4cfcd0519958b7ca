"""How common words are in news in general, which a corpus of a few passages can't tell.

The shares are counted by ``tests/benchmarks/train_common_words.py``, for English words that aren't
names; names and words of other languages count as rare.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from retrieval.text.spelling import nearest_word
from retrieval.text.stemming import stems

WORDS = Path(__file__).with_name("common_words.txt.gz")
_PARTS = 1e5
# Shorter words are similar to too many others.
_SHORTEST = 4


def share_of_passages(stem: str) -> float:
    """Return the share of passages that have a stem, from 0 to 1; 0 if hardly any has."""
    return _shares().get(stem, 0.0)


def idf(passages: int, frequency: float) -> float:
    """Return the inverse document frequency as BM25 uses it (Robertson and Sparck Jones, 1976):
    ln(1 + (N - n + 0.5) / (n + 0.5)) for ``frequency`` n of N ``passages``."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def is_common(word: str) -> bool:
    """Return whether a word occurs in news of any kind, and isn't a name."""
    own = stems(word)
    return bool(own) and all(map(share_of_passages, own))


def news_share(word: str) -> float:
    """Return the share of passages of news in general that have a form of a word, from 0 to 1."""
    return max(map(share_of_passages, stems(word)), default=0.0)


def nearest_common(word: str) -> str | None:
    """Return the common word that is one edit away from ``word``, probably a typing error; None if
    there is none."""
    lower = word.lower()
    if len(lower) < _SHORTEST or not lower.isalpha():
        return None
    return nearest_word(lower, _forms().get(lower[0], {}), 1)


@cache
def _shares() -> dict[str, float]:
    """Return shares by stem."""
    return {stem: int(count) / _PARTS for stem, count, _ in _lines()}


@cache
def _forms() -> dict[str, dict[str, float]]:
    """Return by first letter each form of a word with the share of its stem. Only words that may be
    misspelt need it, and it takes longer to make than the shares."""
    forms: dict[str, dict[str, float]] = {}
    for stem, _, written in _lines():
        for word in written.split():
            forms.setdefault(word[0], {})[word] = share_of_passages(stem)
    return forms


def _lines() -> Iterator[tuple[str, str, str]]:
    """Yield each stem, its count, and its forms with spaces between them."""
    for line in gzip.decompress(WORDS.read_bytes()).decode().splitlines():
        stem, count, written = line.split(" ", 2)
        yield stem, count, written
