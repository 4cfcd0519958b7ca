"""Vectors and weights of words, from the token vectors of the local embedding model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.embedders.wordllama import load_model

Floats = npt.NDArray[np.float32]

CONTENT_WEIGHT = 6.4
"""Words of less weight say little by themselves: the longer a token's vector, the rarer it is."""
_MAX_WORDS = 200_000
_FIRST_ROWS = 1_024
_SPELLED = 0.6  # tokens a letter, of a word that the tokenizer only spells


class WordVectors:
    """Looks up words; what was looked up is kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None
        self._places: dict[str, int] = {}
        self._vectors = np.zeros((0, 1), dtype=np.float32)
        self._weights = np.zeros(0, dtype=np.float32)

    def look_up(self, words: Sequence[str]) -> tuple[Floats, Floats]:
        """Return unit vectors ``(words, dimensions)`` and weights ``(words,)`` of cased words."""
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
            self._vectors = np.zeros(
                (_FIRST_ROWS, self._model.embedding.shape[1]), dtype=np.float32
            )
            self._weights = np.zeros(_FIRST_ROWS, dtype=np.float32)
        while len(self._places) + len(words) > len(self._weights):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
            self._weights = np.concatenate([self._weights, np.zeros_like(self._weights)])
        table, encode = self._model.embedding, self._model.tokenizer.encode
        for word in words:  # a batch would be spread over threads, which costs more than it brings
            ids = encode(word, add_special_tokens=False).ids
            rows = table.take(np.asarray(ids, dtype=np.intp), axis=0, mode="clip")
            total = rows.sum(axis=0)
            if not word.isascii() and len(ids) >= _SPELLED * len(word):
                total = np.zeros_like(total)  # its vectors are those of letters, alike in all words
            length = float(np.linalg.norm(total))
            place = len(self._places)
            self._vectors[place] = total / length if length else total
            self._weights[place] = np.linalg.norm(rows, axis=1).max(initial=0.0)
            self._places[word] = place


@cache
def word_vectors() -> WordVectors:
    """Return the vectors that the whole process shares."""
    return WordVectors()
