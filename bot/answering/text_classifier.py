"""Small learned classifiers of sentences by hashed words and letters.

The weights are in an ``.npz`` file beside the code and are learned by ``make train``. Any language
can be read: for words that training didn't see, their letters remain.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

_BITS = 14
DIMENSIONS = 1 << _BITS
_MASK = DIMENSIONS - 1
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,:]*|[^\w\s]|_")
_ENDS = frozenset('.!?:"“‘')
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_MOST_CHARACTERS = 600  # of a sentence that are read
_NGRAM = 4
# In a long text, letters count only in the first words, but always outside ASCII.
_SHORT_TEXT, _SPELLED_WORDS = 16, 4
_CACHED_WORDS = 8_192


@dataclass(frozen=True, slots=True)
class TextClassifier:
    """A softmax over ``labels``: ``weights`` has shape (DIMENSIONS, labels), ``bias`` (labels,)."""

    labels: tuple[str, ...]
    weights: Matrix
    bias: Matrix

    def logits(self, texts: Sequence[str]) -> Matrix:
        """Return scores of shape (texts, labels). Takes 0.1 ms a text: call it in a worker
        thread."""
        scores = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        for row, text in enumerate(texts):
            places = hashed_features(text)
            if len(places):
                scores[row] = self.weights[places].sum(axis=0) / np.sqrt(len(places))
        return scores + self.bias

    def save(self, path: Path) -> None:
        """Write the weights as 8-bit integers with a scale for each label. Raises ``OSError``."""
        scale = np.abs(self.weights).max(axis=0) / 127
        np.savez_compressed(
            path,
            labels=np.array(self.labels),
            bias=self.bias,
            scale=scale.astype(np.float32),
            weights=np.round(self.weights / scale).astype(np.int8),
        )

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read a classifier that ``save`` wrote. Raises ``OSError``."""
        with np.load(path, allow_pickle=False) as kept:
            weights = kept["weights"].astype(np.float32) * kept["scale"]
            return cls(tuple(map(str, kept["labels"])), weights, kept["bias"])


def hashed_features(text: str) -> Indices:
    """Return the indices of a text's features, unordered: words, pairs of them, its beginning and
    end, and letters.

    Capitalised words inside a sentence count as the same name; numbers count as the same number.
    """
    words = _words(text)
    known = [_known(word) for word in words]
    codes = {word.code for word in known}
    codes.add(_hashed(f"length {min(9, len(words) // 4)}"))
    crc32 = zlib.crc32
    codes.update([crc32(b.spaced, a.code) for a, b in pairwise(known)])
    codes.update([_hashed("^" + " ".join(words[:size])) for size in (1, 2, 3)])
    codes.update([_hashed("$" + " ".join(words[-size:])) for size in (1, 2)])
    spelled_words = len(words) if len(words) <= _SHORT_TEXT else _SPELLED_WORDS
    for place, word in enumerate(known):
        if place < spelled_words or word.foreign:
            codes.update(word.letters)
    places = {code & _MASK for code in codes}
    return np.fromiter(places, np.int64, len(places))


class _Known(NamedTuple):
    """A word's own code, its bytes after a space, and the codes of its letters."""

    code: int
    spaced: bytes
    letters: tuple[int, ...]
    foreign: bool


@lru_cache(maxsize=_CACHED_WORDS)
def _known(word: str) -> _Known:
    foreign = not word.isascii()
    if foreign:
        sizes: tuple[int, ...] = (2, 3) if _WITHOUT_SPACES.search(word) else (3, 5)
    else:
        sizes = (_NGRAM,) if len(word) >= _NGRAM else ()
    spelled = f"<{word}>"
    letters = tuple(
        _hashed("c" + spelled[i : i + size])
        for size in sizes
        for i in range(len(spelled) - size + 1)
    )
    return _Known(_hashed(word), f" {word}".encode(), letters, foreign)


def _hashed(name: str) -> int:
    return zlib.crc32(name.encode())


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS])
    words: list[str] = []
    for place, token in enumerate(_TOKEN.findall(text)):
        if token[0].isdigit():
            words.append("0")
        elif place and token[0].isupper() and token.isascii() and words[-1] not in _ENDS:
            words.append("<name>")
        else:
            words.append(token.lower())
    return words
