"""Measure what a sentence and its neighbours have of the question: being about the topic isn't an
answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

import numpy as np

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence
from bot.answering.extractive.candidates import Floats
from retrieval.text.stemming import stems

WINDOW = (
    "window_covers",
    "window_words",
    "window_missing",
    "window_names",
    "window_name_missing",
    "window_rest",
    "window_both",
    "sentence_rest",
    "numbers_elsewhere",
    "other_year",
    "other_ordinal",
    "other_name",
)
# Features that also distinguish the sentences of one passage.
SELECTING = ("window_both", "numbers_elsewhere", "other_year", "other_ordinal", "other_name")
CANDIDATES = ("chance_first", "chance_lead", "chance_spread")

_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_ORDINAL = re.compile(r"\b(?:\d{1,3}(?:st|nd|rd|th)|(?=[IVXL]{2,})[XL]{0,4}(?:IX|IV|V?I{0,3}))\b")
_FULL_NAME = re.compile(r"\b([A-Z][\w’'-]+) ([A-Z][\w’'-]+)")
_ALWAYS = 1.0


def window_evidence(
    analysis: PassageAnalysis, sentences: Sequence[PassageSentence]
) -> list[dict[str, float]]:
    """Return for each sentence, by feature, how far it answers together with its neighbours in the
    passage."""
    place = {id(sentence): n for n, sentence in enumerate(analysis.sentences)}
    asked = _Asked(analysis)
    return [asked.of(sentence, place[id(sentence)]) for sentence in sentences]


def selecting_features(windows: Sequence[Mapping[str, float]]) -> Floats:
    """Return those features of ``window_evidence`` that also distinguish sentences of one passage,
    shape ``(sentences, len(SELECTING))``."""
    rows = [[window[name] for name in SELECTING] for window in windows]
    return np.array(rows, dtype=float).reshape(-1, len(SELECTING))


def candidate_evidence(likelihoods: Floats) -> dict[str, float]:
    """Return how likely the best candidate is, how far it is ahead, and the entropy of all of
    them."""
    if not len(likelihoods):
        return dict.fromkeys(CANDIDATES, 0.0)
    first, second = (*np.sort(likelihoods)[::-1][:2].tolist(), 0.0)[:2]
    spread = float(-(likelihoods * np.log(likelihoods + 1e-12)).sum())
    return {"chance_first": first, "chance_lead": first - second, "chance_spread": spread}


class _Asked:
    """What the question has and the sentence with the answer should have too."""

    def __init__(self, analysis: PassageAnalysis) -> None:
        self._analysis = analysis
        weights = analysis.weights
        self._weights = weights
        self._total = sum(weights.values()) or 1.0
        self._rest = frozenset(weights) - analysis.named
        self._numbers = frozenset(s for s in weights if s.isdigit())
        self._years = frozenset(_YEAR.findall(analysis.question))
        self._ordinals = frozenset(_ORDINAL.findall(analysis.question))
        self._full_names = [(first, last) for first, last in _FULL_NAME.findall(analysis.question)]

    def of(self, sentence: PassageSentence, place: int) -> dict[str, float]:
        """Return the features of the sentence at index ``place``."""
        analysis, weights = self._analysis, self._weights
        beside = [
            other
            for other in analysis.sentences[max(0, place - 1) : place + 2]
            if other.result == sentence.result
        ]
        words = frozenset[str]().union(*(other.stems for other in beside))
        text = " ".join(other.text for other in beside)
        published = analysis.results[sentence.result].passage.article.published_at or ""
        missing = max((w for s, w in weights.items() if s not in words), default=0.0)
        nameless = max((weights[s] for s in analysis.named - words), default=0.0)
        names, rest = self._share(analysis.named, words), self._share(self._rest, words)
        numbers = {s for s in self._numbers - words if not published.startswith(s)}
        return {
            "window_covers": analysis.coverage(words),
            "window_words": len(weights.keys() & words) / (len(weights) or 1),
            "window_missing": missing / self._total,
            "window_names": names,
            "window_name_missing": nameless / self._total,
            "window_rest": rest,
            "window_both": min(names, rest),
            "sentence_rest": self._share(self._rest, sentence.stems),
            "numbers_elsewhere": float(bool(numbers)),
            "other_year": float(self._other_year(text, published)),
            "other_ordinal": float(_other(self._ordinals, set(_ORDINAL.findall(text)))),
            "other_name": float(self._other_name(text, words)),
        }

    def _share(self, of: Set[str], words: Set[str]) -> float:
        total = sum(self._weights[stem] for stem in of)
        return sum(self._weights[s] for s in of & words) / total if total else _ALWAYS

    def _other_year(self, text: str, published: str) -> bool:
        told = set(_YEAR.findall(text)) | {published[:4]}
        return _other(self._years, told)

    def _other_name(self, text: str, words: Set[str]) -> bool:
        """Return whether somebody else of the same last name is there, but not the person asked
        about."""
        for first, last in self._full_names:
            found = {name for name, other in _FULL_NAME.findall(text) if other == last}
            if (
                found
                and first not in found
                and not set(stems(first, self._analysis.stemming)) & words
            ):
                return True
        return False


def _other(asked: Set[str], told: Set[str]) -> bool:
    """Return whether ``told`` has something, but nothing of ``asked``."""
    return bool(asked and told and not asked & told)
