"""Learned scores: how likely a sentence holds the answer, and whether there is an answer at all.

`python -m tests.benchmarks.train_quoting` trains both and writes ``model.json``; `python -m
tests.benchmarks.train_answer_languages` writes ``model_languages.json``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.answering.extractive.answer_evidence import EVIDENCE
from bot.answering.extractive.answer_words import answer_words
from bot.answering.extractive.candidates import CANDIDATE, Candidates, Floats
from bot.answering.extractive.opening import OPENING, opening_features
from bot.answering.extractive.sentence_features import (
    SENTENCE,
    answer_features,
    gap_features,
    likelihoods,
)
from bot.answering.extractive.window_evidence import selecting_features
from retrieval.models import SearchResult
from retrieval.text.lengths import english_length

# An article that is shorter, in English characters, is an excerpt.
_EXCERPT = 400
# Fewer passages don't show what kind of text they are from.
_ENOUGH = 4
MODEL_PATH = Path(__file__).with_name("model.json")
LANGUAGES_PATH = Path(__file__).with_name("model_languages.json")


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A linear model; ``weights`` are in the order of the features."""

    weights: Floats
    bias: float

    def scores(self, features: Floats) -> Floats:
        """Return one score per row of ``features``, as log odds."""
        total: Floats = features @ self.weights + self.bias
        return total


@dataclass(frozen=True, slots=True)
class Model:
    """The models of one kind of question. ``threshold`` is the least confidence for an answer.
    ``opening`` says which of the chosen sentences comes first; without it the one with the highest
    score does."""

    candidate: ScoringModel
    sentence: ScoringModel
    evidence: ScoringModel
    threshold: float
    opening: ScoringModel | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Model:
        """Build a model from what training wrote. Raises ``ValueError`` if its features differ."""
        return cls(
            _scoring(data["candidate"], CANDIDATE),
            _scoring(data["sentence"], SENTENCE),
            _scoring(data["evidence"], EVIDENCE),
            data["threshold"],
            _scoring(data["opening"], OPENING) if "opening" in data else None,
        )

    def likelihoods(self, candidates: Candidates) -> Floats:
        """Return how likely each candidate is the answer, shape ``(candidates,)``; the sum is 1."""
        return likelihoods(self.candidate.scores(candidates.features))

    def sentence_features(
        self, base: Floats, candidates: Candidates, windows: Sequence[Mapping[str, float]]
    ) -> Floats:
        """Return all features of the sentences, shape ``(sentences, len(SENTENCE))``. ``base`` has
        the shape ``(sentences, len(BASE))``; ``windows`` is from ``window_evidence``."""
        told = answer_features(candidates, self.likelihoods(candidates))
        beside = (gap_features(base), selecting_features(windows))
        return np.concatenate([base, told, *beside], axis=1)

    def opened(
        self,
        chosen: Sequence[int],
        features: Floats,
        scores: Floats,
        candidates: Candidates,
        likelihoods: Floats,
    ) -> list[int]:
        """Return the ``chosen`` sentences, given by index, with the one that should open the answer
        first."""
        if self.opening is None or len(chosen) < 2:
            return list(chosen)
        told = opening_features(chosen, features, scores, candidates, likelihoods)
        first = chosen[int(np.argmax(self.opening.scores(told)))]
        return [first, *(place for place in chosen if place != first)]

    def confidence(self, features: Floats) -> float:
        """Return how sure it is that the results answer the question, from 0 to 1; ``features`` are
        those of ``evidence_features``."""
        score = float(self.evidence.scores(features[None, :])[0])
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, score))))


@dataclass(frozen=True, slots=True)
class Models:
    """The models that ship. ``many`` is for passages of several articles, ``brief`` for excerpts of
    several, such as feeds give, and ``single`` for one article alone, which no other confirms.

    ``elsewhere`` is for questions in another language than English, and for English texts that
    aren't reports: where at most the share ``reports`` of several passages has a word of reports.
    """

    many: Model
    brief: Model
    single: Model
    elsewhere: Model
    reports: float

    def for_results(self, results: Sequence[SearchResult], language: str = "en") -> Model:
        """Return the model for these results of a question in ``language``."""
        if language != "en":
            return self.elsewhere
        if len({result.passage.article.article_id for result in results}) == 1:
            return self.single
        short = sum(_is_excerpt(result) for result in results)
        if 2 * short > len(results):
            return self.brief
        texts = [result.passage.text for result in results]
        few = len(texts) >= _ENOUGH and share_of_reports(texts) <= self.reports
        return self.elsewhere if few else self.many


@cache
def learned_models() -> Models:
    """Load the models that ship. Raises ``ValueError`` if their features differ."""
    data = json.loads(MODEL_PATH.read_text(encoding="utf-8"))
    elsewhere = json.loads(LANGUAGES_PATH.read_text(encoding="utf-8"))
    many, brief, single = (Model.from_json(data[name]) for name in ("many", "brief", "single"))
    return Models(many, brief, single, Model.from_json(elsewhere), elsewhere["reports"])


def share_of_reports(passages: Sequence[str]) -> float:
    """Return the share of English passages that have a word of reports: who said what, on which
    day."""
    return sum(map(bool, map(_of_reports().search, passages))) / len(passages)


@cache
def _of_reports() -> re.Pattern[str]:
    return re.compile(answer_words()["reports"])


def _is_excerpt(result: SearchResult) -> bool:
    return result.passage.start == 0 and english_length(result.passage.text) < _EXCERPT


def _scoring(data: dict[str, Any], names: tuple[str, ...]) -> ScoringModel:
    if set(data["weights"]) != set(names):
        raise ValueError("The learned model is of other features; run `make train`.")
    weights = np.array([data["weights"][name] for name in names])
    return ScoringModel(weights, data["bias"])
