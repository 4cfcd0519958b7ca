"""What is measured of each word of a claim: is this word, in this place, the passages' own?"""

from __future__ import annotations

import numpy as np

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceText, Sentence
from bot.answering.verification.facts.lexicon import negations, opposites
from bot.answering.verification.facts.names import names
from bot.answering.verification.word_vectors import Floats

WORD_FEATURES = (
    "number", "name", "weight", "denies", "exact", "count", "exact_line", "exact_window", "similar",
    "similar_line", "similar_window", "context", "context_word", "context_near", "together", "together_next",
    "left", "right", "left_line", "right_line", "opposite", "opposite_context", "rival", "replaced", "inserted",
    "others", "others_line", "place", "length", "sentences",
)  # fmt: skip
_REACH = 3.0


def measure_words(claim: Sentence, evidence: EvidenceText, found: Alignment) -> Floats:
    """Return ``(content words of the claim, WORD_FEATURES)``."""
    rows = list(claim.content)
    size = len(rows)
    near, exact, weights = found.similar, found.exact, found.weights
    first, last = found.window
    places = np.array(rows, dtype=np.float32)
    distance = np.abs(places[:, None] - places[None, :])
    kernel = np.exp(-distance / _REACH) * weights[None, :]
    np.fill_diagonal(kernel, 0.0)
    total = kernel.sum(axis=1, keepdims=True)
    kernel = kernel / np.where(total > 0, total, 1.0)
    context = kernel @ near  # of the words around each word, in each sentence
    at = context.argmax(axis=1)
    index = np.arange(size)
    wide = np.maximum(near, np.maximum(_shifted(near, 1), _shifted(near, -1)))
    following = np.minimum(near[:-1], near[1:]).max(axis=1) if size > 1 else np.zeros(0)
    together_next = np.ones(size, dtype=np.float32)
    if size > 1:
        together_next[:-1] = following
        together_next[1:] = np.minimum(together_next[1:], following)
    named = {id(token) for run in names(claim) for token in run}
    rest = (1.0 - weights)[:, None]
    everywhere = near.max(axis=1)
    columns = {
        "exact": exact.any(axis=1), "count": np.log1p(exact.sum(axis=1)),
        "exact_line": exact[:, found.best], "exact_window": exact[:, first : last + 1].any(axis=1),
        "similar": everywhere, "similar_line": near[:, found.best],
        "similar_window": near[:, first : last + 1].max(axis=1),
        "context": context.max(axis=1), "context_word": near[index, at], "context_near": wide[index, at],
        "together": (near * context).max(axis=1), "together_next": together_next,
        "others": (weights @ everywhere - weights * everywhere) / np.maximum(rest[:, 0], 1e-6),
        "others_line": (weights @ near[:, found.best] - weights * near[:, found.best])
        / np.maximum(rest[:, 0], 1e-6),
        "place": places / len(claim.words), "length": np.full(size, np.log1p(size)),
        "sentences": np.full(size, np.log1p(len(evidence.sentences))),
        "weight": np.minimum(claim.weights[rows], 25.0),
        "number": [claim.words[r].kind == "number" for r in rows],
        "name": [id(claim.words[r]) in named for r in rows],
        "denies": [claim.words[r].low in negations(evidence.language) for r in rows],
        **_neighbours(claim, evidence, found, rows),
        **_rivals(claim, evidence, rows, at),
        **_edited(claim, found, rows),
    }  # fmt: skip
    return np.stack([np.asarray(columns[name], dtype=np.float32) for name in WORD_FEATURES], axis=1)


def _shifted(matrix: Floats, by: int) -> Floats:
    moved = np.zeros_like(matrix)
    if by > 0:
        moved[:, by:] = matrix[:, :-by]
    else:
        moved[:, :by] = matrix[:, -by:]
    return moved


def _neighbours(
    claim: Sentence, evidence: EvidenceText, found: Alignment, rows: list[int]
) -> dict[str, list[bool]]:
    """Whether a word and its neighbour stand side by side somewhere, and in the nearest sentence."""
    keys = claim.keys
    wanted = set(zip(keys, keys[1:], strict=False))
    held = set[tuple[str, str]]()
    for sentence in evidence.sentences:
        held |= wanted.intersection(zip(sentence.keys, sentence.keys[1:], strict=False))
    best = evidence.sentences[found.best].keys
    line = set(zip(best, best[1:], strict=False))
    left = [(keys[r - 1], keys[r]) if r else ("", "") for r in rows]
    right = [(keys[r], keys[r + 1]) if r + 1 < len(keys) else ("", "") for r in rows]
    return {
        "left": [pair in held for pair in left],
        "right": [pair in held for pair in right],
        "left_line": [pair in line for pair in left],
        "right_line": [pair in line for pair in right],
    }


def _rivals(
    claim: Sentence, evidence: EvidenceText, rows: list[int], at: np.ndarray
) -> dict[str, list[bool]]:
    table = opposites()
    opposite, beside, rival = [], [], []
    for row, place in zip(rows, at, strict=True):
        others = table.get(claim.keys[row], frozenset())
        there = evidence.sentences[int(place)]
        opposite.append(bool(others & evidence.keys))
        beside.append(bool(others.intersection(there.keys)))
        number = claim.words[row].quantity
        rival.append(
            number is not None
            and any(
                t.quantity is not None and t.quantity.unit == number.unit and not number.equals(t.quantity)
                for t in there.words
            )
        )
    return {"opposite": opposite, "opposite_context": beside, "rival": rival}


def _edited(claim: Sentence, found: Alignment, rows: list[int]) -> dict[str, list[float]]:
    """How many words match around the place where a word was exchanged or put in."""
    replaced: dict[int, float] = {}
    inserted: dict[int, float] = {}
    for edit in found.edits:
        strength = float(min(edit.before + edit.after, 8)) if edit.before and edit.after else 0.0
        target = replaced if edit.found else inserted
        for token in edit.claimed:
            target[id(token)] = strength / len(edit.claimed)
    return {
        "replaced": [replaced.get(id(claim.words[r]), 0.0) for r in rows],
        "inserted": [inserted.get(id(claim.words[r]), 0.0) for r in rows],
    }
