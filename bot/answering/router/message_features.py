"""The features of messages: a vector, hashed character and word n-grams, and the surface."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

HASHED = 4096
_SURFACE = 10
# The vector weighs as much as all hashed n-grams together.
_VECTOR_WEIGHT = 1.0
_SURFACE_WEIGHT = 0.3

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def plain(message: str) -> str:
    """Return a message in lower case, with straight quotation marks and single spaces."""
    text = unicodedata.normalize("NFKC", message).casefold()
    text = text.replace("’", "'").replace("‘", "'")
    return " ".join(text.split())


def hashed(message: str) -> Floats:
    """Return the counts of hashed n-grams, shape ``(HASHED,)``, scaled to length 1."""
    row = np.zeros(HASHED, dtype=np.float32)
    for gram in _grams(plain(message)):
        row[zlib.crc32(gram.encode()) % HASHED] += 1.0
    row = np.sqrt(row)
    length = float(np.linalg.norm(row))
    return row / length if length else row


def surface(message: str) -> Floats:
    """Return how long a message is and which marks it has, shape ``(10,)``, each from 0 to 1."""
    words = _WORD.findall(message)
    letters = [c for c in message if c.isalpha()]
    wide = sum(ord(c) > 0x2E80 for c in letters)  # of scripts without spaces
    length = len(words) + wide / 2
    return np.array(
        [
            length <= 1,
            length <= 2,
            length <= 3,
            length <= 5,
            min(length, 20) / 20,
            "?" in message or "？" in message or "؟" in message,
            any(c.isdigit() for c in message),
            bool(_EMOJI.search(message)),
            not words,
            any(c in message for c in '"“”„«»'),
        ],
        dtype=np.float32,
    )


def features(messages: Sequence[str], vectors: Floats) -> Floats:
    """Return one row of features per message; ``vectors``, shape ``(messages, dimensions)``, are
    theirs, with length 1."""
    return np.concatenate(
        [
            vectors * _VECTOR_WEIGHT,
            np.stack([hashed(message) for message in messages]),
            np.stack([surface(message) for message in messages]) * _SURFACE_WEIGHT,
            np.ones((len(messages), 1), dtype=np.float32),
        ],
        axis=1,
    )


def _grams(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for word in words:
        yield f"w{word}"
    for first, second in zip(["^", *words], [*words, "$"], strict=False):
        yield f"b{first} {second}"
    for place, word in enumerate(words[:2]):
        yield f"{place}{word}"
    padded = f" {' '.join(words)} "
    for size in (2, 3, 4):
        for start in range(len(padded) - size + 1):
            yield f"c{padded[start : start + size]}"
    for mark in text:
        if not mark.isalnum() and not mark.isspace():
            yield f"m{mark}"
