"""Vectors and weights of words, from the token vectors of the local embedding model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from retrieval.embedders.wordllama import TokenModel, load_model

Floats = npt.NDArray[np.float32]

CONTENT_WEIGHT = 6.4
"""Words of less weight say little by themselves: the longer a token's vector, the rarer it is."""
_MAX_WORDS = 200_000
_FIRST_ROWS = 1_024
_SPELLED = 0.6  # tokens per letter of a word that the tokenizer only spells


class WordVectors:
    """Looks up words and caches them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: TokenModel | None = None
        self._places: dict[str, int] = {}
        self._vectors = np.zeros((0, 1), dtype=np.float32)
        self._weights = np.zeros(0, dtype=np.float32)

    def look_up(self, words: Sequence[str]) -> tuple[Floats, Floats]:
        """Return unit vectors, shape ``(words, dimensions)``, and weights, shape ``(words,)``, of
        words with their case. Raises ``EmbedderError``."""
        if not words:
            return np.zeros((0, 1), dtype=np.float32), np.zeros(0, dtype=np.float32)
        with self._lock:
            if len(self._places) > _MAX_WORDS:
                self._places = {}
            missing = sorted({word for word in words if word not in self._places})
            if missing:
                self._load(missing)
            places = [self._places[word] for word in words]
            return self._vectors[places], self._weights[places]

    def _load(self, words: list[str]) -> None:
        if self._model is None:
            self._model = load_model()
            dimensions = self._model.vectors.dimensions
            self._vectors = np.zeros((_FIRST_ROWS, dimensions), dtype=np.float32)
            self._weights = np.zeros(_FIRST_ROWS, dtype=np.float32)
        while len(self._places) + len(words) > len(self._weights):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
            self._weights = np.concatenate([self._weights, np.zeros_like(self._weights)])
        encode = self._model.tokenizer.encode
        # A batch would be spread over threads, which costs more than it saves.
        tokens = [encode(word, add_special_tokens=False).ids or [0] for word in words]
        counts = np.array([len(ids) for ids in tokens])
        starts = np.cumsum(counts) - counts
        flat = np.fromiter(chain.from_iterable(tokens), dtype=np.intp, count=int(counts.sum()))
        rows = self._model.vectors.of(flat)
        totals = np.add.reduceat(rows, starts, axis=0)
        # The vectors of a word that is only spelled are those of letters, similar in all words.
        totals[[_is_spelled(word, n) for word, n in zip(words, counts, strict=True)]] = 0.0
        lengths = np.linalg.norm(totals, axis=1, keepdims=True)
        first, last = len(self._places), len(self._places) + len(words)
        self._vectors[first:last] = totals / np.where(lengths, lengths, 1.0)
        self._weights[first:last] = np.maximum.reduceat(np.linalg.norm(rows, axis=1), starts)
        self._places.update(zip(words, range(first, last), strict=True))


def _is_spelled(word: str, tokens: int) -> bool:
    return not word.isascii() and tokens >= _SPELLED * len(word)


@cache
def word_vectors() -> WordVectors:
    """Return the vectors that the whole process shares."""
    return WordVectors()
