"""Find the sentence of a passage that comes closest to what a claim says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.answering.verification.evidence import read_sentence
from bot.answering.verification.tokens import plain
from retrieval.text.sentences import sentence_spans

_LEAST = 0.55  # the share of the claim's weight that has to be in the sentence
_SHORTEST, _LONGEST = 20, 400
_NUMBER = 12.0  # the weight of a number compared with those of words


def closest_sentence(claim: str, texts: Sequence[str]) -> tuple[int, str] | None:
    """Return the index of a text and its sentence, verbatim, that is closest to the claim.

    None if no sentence of suitable length says enough of it.
    """
    best: tuple[float, int, str] | None = None
    for number, text in enumerate(texts):
        for start, end in sentence_spans(text):
            quoted = text[start:end]
            if not _SHORTEST <= len(quoted) <= _LONGEST or quoted.rstrip("\"”’'").endswith("?"):
                continue
            score = share_said(claim, quoted)
            if best is None or score > best[0]:
                best = score, number, quoted
    if best is None or best[0] < _LEAST:
        return None
    return best[1], best[2]


def share_said(claim: str, text: str) -> float:
    """Return how much of a claim's weight one sentence says, from 0 to 1."""
    wanted, sentence = read_sentence(plain(claim)), read_sentence(plain(text))
    rows = list(wanted.content)
    if not rows or not sentence.words:
        return 0.0
    numbers = [wanted.words[at].kind == "number" for at in rows]
    weights = np.where(numbers, _NUMBER, wanted.weights[rows])
    near = np.clip(wanted.vectors[rows] @ sentence.vectors.T, 0.0, 0.95).max(axis=1)
    exact = np.array([wanted.keys[at] in sentence.key_set for at in rows])
    return float(weights @ np.where(exact, 1.0, 0.5 * near) / weights.sum())
