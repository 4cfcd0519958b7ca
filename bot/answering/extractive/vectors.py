"""Vectors of sentences and of the words in them: the means of their static token vectors.

The token vectors of wordllama ship in its wheel and are used here whatever embedder the corpus has.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.embedders.wordllama import load_model, tokens_of

Floats32: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TextVectors:
    """Token vectors of texts. ``sums``, shape ``(tokens + 1, dimensions)``, are running sums over
    the tokens of all texts; ``first``, shape ``(texts + 1,)``, says where each text's tokens begin,
    ``starts``, shape ``(tokens,)``, the offset of each token in its text."""

    sums: Floats32
    first: npt.NDArray[np.intp]
    starts: npt.NDArray[np.int64]

    def of_texts(self) -> Floats32:
        """Return one row of length 1 per text, shape ``(texts, dimensions)``; zeros for a text
        without tokens."""
        return unit(self.sums[self.first[1:]] - self.sums[self.first[:-1]])

    def of_spans(
        self, texts: Sequence[int], starts: Sequence[int], ends: Sequence[int]
    ) -> Floats32:
        """Return the same for spans, given by text, first and last offset: shape ``(spans,
        dimensions)``."""
        known, first = self.starts.tolist(), self.first.tolist()
        begin = np.empty(len(texts), dtype=np.intp)
        stop = np.empty(len(texts), dtype=np.intp)
        for i, (text, start, end) in enumerate(zip(texts, starts, ends, strict=True)):
            low, high = first[text], first[text + 1]
            # A token of this vocabulary may begin with the space before its word.
            begin[i] = bisect_left(known, max(start - 1, 0), low, high)
            stop[i] = bisect_left(known, end, low, high)
        return unit(self.sums[np.maximum(stop, begin)] - self.sums[begin])


NO_VECTORS = TextVectors(
    np.zeros((1, 1), dtype=np.float32), np.zeros(1, dtype=np.intp), np.zeros(0, dtype=np.int64)
)


def text_vectors(texts: Sequence[str]) -> TextVectors:
    """Return the token vectors of ``texts``. Blocks for some milliseconds per hundred sentences.
    Raises ``EmbedderError``."""
    model = load_model()
    tokens = tokens_of(texts)
    ids = [each.ids for each in tokens]
    starts = [each.starts for each in tokens]
    first = np.concatenate([[0], np.cumsum([len(each) for each in ids])]).astype(np.intp)
    dimensions = model.vectors.dimensions
    joined = np.concatenate(ids) if ids else np.zeros(0, dtype=np.intp)
    sums = np.zeros((len(joined) + 1, dimensions), dtype=np.float32)
    np.cumsum(model.vectors.of(joined), axis=0, out=sums[1:])
    flat = np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64)
    return TextVectors(sums, first, flat)


def unit(rows: Floats32) -> Floats32:
    """Scale rows to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Floats32 = (rows / np.where(lengths > 1e-6, lengths, 1)).astype(np.float32)
    return scaled
