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
_SPELLED = 0.6  # tokens a letter, of a word that the tokenizer only spells


class WordVectors:
    """Looks up words; what was looked up is kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None
        self._known: dict[str, tuple[Floats, float]] = {}

    def look_up(self, words: Sequence[str]) -> tuple[Floats, Floats]:
        """Return unit vectors ``(words, dimensions)`` and weights ``(words,)`` of cased words."""
        with self._lock:
            missing = sorted({word for word in words if word not in self._known})
            if missing:
                self._load(missing)
            found = [self._known[word] for word in words]
        if not found:
            return np.zeros((0, 1), dtype=np.float32), np.zeros(0, dtype=np.float32)
        return np.stack([vector for vector, _ in found]), np.array([w for _, w in found], "f4")

    def _load(self, words: list[str]) -> None:
        if self._model is None:
            self._model = load_model()
        if len(self._known) > _MAX_WORDS:
            self._known = {}
        table, encode = self._model.embedding, self._model.tokenizer.encode
        for word in words:  # a batch would be spread over threads, which costs more than it brings
            ids = encode(word, add_special_tokens=False).ids
            rows = table.take(np.asarray(ids, dtype=np.intp), axis=0, mode="clip")
            total = rows.sum(axis=0)
            if not word.isascii() and len(ids) >= _SPELLED * len(word):
                total = np.zeros_like(total)  # its vectors are those of letters, alike in all words
            length = float(np.linalg.norm(total))
            weight = float(np.linalg.norm(rows, axis=1).max(initial=0.0))
            self._known[word] = ((total / length if length else total).astype("f4"), weight)


@cache
def word_vectors() -> WordVectors:
    """Return the vectors that the whole process shares."""
    return WordVectors()
