"""The sentence of a passage that says best what a claim wanted to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.answering.verification.evidence import read_sentence
from bot.answering.verification.tokens import plain
from retrieval.text.sentences import sentence_spans

_LEAST = 0.4  # of the claim's weight has to be in the sentence
_SHORTEST, _LONGEST = 20, 400


def closest_sentence(claim: str, texts: Sequence[str]) -> tuple[int, str] | None:
    """Return the number of the text and its sentence, as it stands, that is nearest to the claim.

    None if no sentence of a fit length says enough of it.
    """
    wanted = read_sentence(plain(claim))
    rows = list(wanted.content)
    if not rows:
        return None
    weights = np.where(
        [wanted.words[at].kind == "number" for at in rows], 12.0, wanted.weights[rows]
    )
    weights = weights / weights.sum()
    keys = [wanted.keys[at] for at in rows]
    best: tuple[float, int, str] | None = None
    for number, text in enumerate(texts):
        for start, end in sentence_spans(text):
            quoted = text[start:end]
            if not _SHORTEST <= len(quoted) <= _LONGEST or quoted.rstrip("\"”’'").endswith("?"):
                continue
            sentence = read_sentence(plain(quoted))
            if not sentence.words:
                continue
            near = np.clip(wanted.vectors[rows] @ sentence.vectors.T, 0.0, 0.95).max(axis=1)
            held = sentence.key_set
            exact = np.array([key in held for key in keys])
            score = float(weights @ np.where(exact, 1.0, 0.5 * near))
            if best is None or score > best[0]:
                best = score, number, quoted
    if best is None or best[0] < _LEAST:
        return None
    return best[1], best[2]
