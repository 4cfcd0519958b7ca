"""Choosing the sentences that answer a question, word for word, and saying how sure that is."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence, read
from bot.answering.extractive.scoring import (
    Floats,
    Weights,
    confidence,
    evidence_features,
    learned_weights,
    sentence_features,
    sentence_scores,
)
from bot.answering.models import Reason
from retrieval.indexes.keyword_index import stems
from retrieval.models import SearchResult, SearchResults

MAX_SENTENCES = 3
MAX_CHARS = 600
# Learned scores are logarithms of odds: a sentence that says what was said already has to be this
# much better than one that names something else.
_SAID = 1.0
_WORSE = 2.5
_SAME_SUBJECT = 0.4
_ON_IT = 0.5


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence of a hit's passage, exactly as it stands there."""

    hit: SearchResult
    text: str
    score: float


# "When does she expect it?" is answered by what she believes, predicts or says: that an article has
# another of these words says nothing against it.
_ATTITUDES = frozenset(
    stem
    for word in ["expect", "think", "believe", "predict", "say", "claim", "argue", "hope", "want", "suggest", "describe", "mention", "comment", "respond", "react", "reveal", "confirm", "tell", "feel", "consider", "explain"]
    for stem in stems(word)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """The best sentences, best first, and the confidence, from 0 to 1, that they answer.

    ``reason`` says why no answer should be given, None if one should.
    """

    quotations: tuple[Quotation, ...]
    confidence: float
    reason: Reason | None

    @property
    def thin(self) -> bool:
        return self.reason is not None


def select(found: SearchResults, weights: Weights | None = None) -> Selection:
    """The sentences that answer best, at most three, of which none repeats another.

    It reads a dozen passages and takes some milliseconds: call it in a worker thread.
    """
    weights = weights or learned_weights()
    if not found.hits:
        ranged = found.since is not None or found.phrase is not None
        return Selection((), 0.0, "nothing-in-range" if ranged else "nothing-on-it")
    telling = {stem: weight for stem, weight in found.weights.items() if stem not in _ATTITUDES}
    reading = read(found.question, found.hits, telling or found.weights)
    lines = quotable(reading)
    scores = sentence_scores(sentence_features(reading, lines), weights)
    sure = confidence(evidence_features(reading), weights) if lines and found.weights else 0.0
    quotations = tuple(
        Quotation(reading.hits[lines[i].hit], lines[i].text, float(scores[i]))
        for i in pick(reading, lines, scores)
    )
    reason: Reason | None = None
    if sure < weights.threshold:
        on_it = max(map(reading.coverage, reading.passages)) >= _ON_IT
        reason = "too-thin" if on_it else "nothing-on-it"
    return Selection(quotations, sure, reason)


def quotable(reading: PassageAnalysis) -> list[PassageSentence]:
    """The sentences that can be quoted: no questions, none too long to read if others are there."""
    lines = [line for line in reading.lines if line.quotable]
    return lines or [line for line in reading.lines if not line.asks]


def pick(reading: PassageAnalysis, lines: list[PassageSentence], scores: Floats) -> list[int]:
    """The places in ``lines`` of the sentences to quote, best first."""
    answers = [_answers(line, reading) for line in lines]
    worth = scores.copy()
    chosen: list[int] = []
    told: set[str] = set()
    length = 0
    left = list(range(len(lines)))
    while left and len(chosen) < MAX_SENTENCES:
        best = max(left, key=lambda place: (worth[place], -place))
        left.remove(best)
        line = lines[best]
        if any(_repeats(line.stems, lines[other].stems) for other in chosen):
            continue
        if chosen and (
            length + len(line.text) > MAX_CHARS
            or scores[best] < scores[chosen[0]] - _WORSE
            or _strays(line, lines[chosen[0]], reading)
        ):
            continue
        chosen.append(best)
        length += len(line.text)
        told |= answers[best]
        worth = scores - _SAID * np.array([bool(own) and own <= told for own in answers])
    return chosen


def _strays(line: PassageSentence, first: PassageSentence, reading: PassageAnalysis) -> bool:
    """Whether a sentence is of something else than the first, or lacks the kind of answer it has."""
    coverage = [reading.coverage(reading.passages[each.hit]) for each in (line, first)]
    if coverage[0] < _SAME_SUBJECT * coverage[1]:
        return True
    return bool(first.wanted(reading.asked)) and not line.wanted(reading.asked)


def _answers(line: PassageSentence, reading: PassageAnalysis) -> set[str]:
    return {each.key for each in line.wanted(reading.asked) or line.possible}


def _repeats(words: Set[str], other: Set[str]) -> bool:
    """Whether one sentence says little that the other does not. Another figure is always news."""
    if {w for w in words if w.isdigit()} != {w for w in other if w.isdigit()}:
        return False
    return len(words & other) > 0.7 * min(len(words), len(other))
