"""Align a claim with the passages that it comes from, by equal words, by vectors and by order."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from bot.answering.verification.evidence import EvidenceSentence, EvidenceText, beginning_of
from bot.answering.verification.tokens import Token
from bot.answering.verification.word_vectors import Floats

_RELATED = 0.75
_WINDOW = 3
_LONGER = 0.02  # how much coverage each further sentence of a window has to add


@dataclass(frozen=True, slots=True)
class Edit:
    """Words of the claim and the words in their place in the passage; either may be empty."""

    claimed: tuple[Token, ...]
    found: tuple[Token, ...]
    before: int  # how many matching words precede it
    after: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a claim corresponds to its evidence.

    ``similar[i, s]``, shape ``(content words, sentences)``, is how close the claim's content word
    ``i`` is to any word of sentence ``s`` (1 is the same word); ``exact``, of the same shape, says
    whether it is the same. ``weights``, shape ``(content words,)``, sum to 1. ``best`` is the
    sentence that says most of the claim, ``window`` the first and last (inclusive) of the best one
    to three neighbours.
    """

    similar: Floats
    exact: npt.NDArray[np.bool_]
    weights: Floats
    best: int
    window: tuple[int, int]
    edits: tuple[Edit, ...]
    matched: int
    longest: int


def align(claim: EvidenceSentence, evidence: EvidenceText) -> Alignment:
    """Align a claim that has content words with evidence that has sentences."""
    rows = list(claim.content)
    keys = [claim.keys[at] for at in rows]
    numbers = np.array([claim.words[at].kind == "number" for at in rows], dtype=bool)
    similar = claim.vectors[rows] @ evidence.columns.T
    similar[numbers] = 0.0
    similar[:, evidence.number_columns] = 0.0
    np.clip(similar, 0.0, 0.95, out=similar)
    places = evidence.column_places
    for row, key in enumerate(keys):
        beginning = beginning_of(key)
        if beginning is not None and (near := places.get(beginning, ())):
            similar[row, near] = np.maximum(similar[row, near], _RELATED)
        if same := places.get(key, ()):
            similar[row, same] = 1.0
    for place in np.flatnonzero(numbers):
        _match_quantity(claim.words[rows[place]], evidence, similar[place])
    by_sentence = np.maximum.reduceat(similar, evidence.starts, axis=1)
    weights = np.where(numbers, 12.0, np.minimum(claim.weights[rows], 20.0))
    weights = (weights / weights.sum()).astype(np.float32)
    exact = by_sentence > 0.99
    best, window = _best(by_sentence, exact, weights, evidence.passage)
    return Alignment(
        by_sentence, exact, weights, best, window, *_edits(claim, evidence.sentences[best])
    )


def _match_quantity(token: Token, evidence: EvidenceText, row: Floats) -> None:
    if token.quantity is None:
        return
    for number, sentence in enumerate(evidence.sentences):
        for column, at in enumerate(sentence.content):
            other = sentence.words[at].quantity
            if other is not None and token.quantity.equals(other):
                row[evidence.starts[number] + column] = 1.0


def _best(
    similar: Floats, exact: npt.NDArray[np.bool_], weights: Floats, owners: tuple[int, ...]
) -> tuple[int, tuple[int, int]]:
    score = weights @ (0.5 * similar + 0.5 * exact)
    best = int(np.argmax(score))
    top, window = float(score[best]), (best, best)
    for size in range(2, _WINDOW + 1):
        for first in range(max(0, best - size + 1), min(best, len(owners) - size) + 1):
            last = first + size - 1
            if owners[first] != owners[last]:
                continue
            part = similar[:, first : last + 1].max(axis=1)
            whole = exact[:, first : last + 1].any(axis=1)
            value = float(weights @ (0.5 * part + 0.5 * whole)) - _LONGER * (size - 1)
            if value > top:
                top, window = value, (first, last)
    return best, window


def _edits(claim: EvidenceSentence, best: EvidenceSentence) -> tuple[tuple[Edit, ...], int, int]:
    matcher = SequenceMatcher(None, claim.keys, best.keys, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    edits = []
    a = b = before = 0
    for block in [*blocks, None]:
        to_a, to_b = (block.a, block.b) if block else (len(claim.keys), len(best.keys))
        if a < to_a or b < to_b:
            after = block.size if block else 0
            edits.append(Edit(claim.words[a:to_a], best.words[b:to_b], before, after))
        if block:
            a, b, before = block.a + block.size, block.b + block.size, block.size
    sizes = [block.size for block in blocks]
    return tuple(edits), sum(sizes), max(sizes, default=0)
