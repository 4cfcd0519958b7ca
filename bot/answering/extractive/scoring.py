"""What tells whether a sentence holds the answer, and whether the passages answer at all.

Both are linear models; `python -m tests.benchmarks.train_quoting` learns their weights.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence
from retrieval.indexes.keyword_index import stems

Floats: TypeAlias = npt.NDArray[np.float64]

_WEIGHTS = Path(__file__).with_name("weights.json")
_SPREAD = 0.25
_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!:] )\b(?:[A-Z][\w’'-]*|\d[\d,.]*)")
# Words that tell nothing new.
_COMMON = frozenset(
    stem
    for word in [
        "a",
        "about",
        "after",
        "all",
        "also",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "before",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "many",
        "may",
        "more",
        "most",
        "much",
        "new",
        "no",
        "not",
        "now",
        "of",
        "on",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "said",
        "say",
        "says",
        "she",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "two",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "will",
        "with",
        "would",
        "you",
        "your",
        "told",
        "year",
        "years",
        "people",
        "first",
        "last",
        "time",
        "week",
        "day",
        "make",
        "made",
        "get",
        "use",
        "s",
        "t",
    ]
    for stem in stems(word)
)

SENTENCE = (
    "covers", "following", "near", "article", "rank", "opening", "early",
    "wanted", "several", "lacking", "title", "votes", "length", "short",
)  # fmt: skip
EVIDENCE = ("passage", "third", "article", "pairs", "title", "names", "heaviest")


@dataclass(frozen=True, slots=True)
class Weights:
    """``threshold`` is the confidence from which an answer is given."""

    sentence: dict[str, float]
    evidence: dict[str, float]
    bias: float
    threshold: float


@cache
def learned_weights() -> Weights:
    return Weights(**json.loads(_WEIGHTS.read_text(encoding="utf-8")))


def sentence_features(reading: PassageAnalysis, lines: list[PassageSentence]) -> Floats:
    """Shape ``(lines, len(SENTENCE))``: how each sentence matches the question and what it adds."""
    votes = _votes(reading, lines)
    rows = []
    for line in lines:
        hit = reading.hits[line.hit]
        wanted = line.wanted(reading.asked)
        new = line.stems - reading.question_stems - _COMMON
        best = sorted((votes[stem] for stem in new), reverse=True)[:3]
        opens = hit.passage.start == 0
        rows.append(
            {
                "covers": line.covers,
                "following": line.following - line.covers,
                "near": max((line.near.get(each.key, 0.0) for each in line.possible), default=0.0),
                "article": reading.coverage(reading.articles[line.hit]),
                "rank": hit.score,
                "opening": float(opens),
                "early": 1 / (1 + line.place) if opens else 0.0,
                "wanted": float(bool(wanted)),
                "several": math.log1p(len({each.key for each in wanted})),
                "lacking": float(bool(reading.asked.kinds) and not wanted),
                "title": len(new & reading.titles[line.hit]) / 5,
                "votes": sum(best) / 3,
                "length": len(line.text) / 200,
                "short": float(len(line.text) < 45),
            }
        )
    return np.array([[row[name] for name in SENTENCE] for row in rows]).reshape(-1, len(SENTENCE))


def sentence_scores(features: Floats, weights: Weights) -> Floats:
    scores: Floats = features @ np.array([weights.sentence[name] for name in SENTENCE])
    return scores


def _votes(reading: PassageAnalysis, lines: list[PassageSentence]) -> dict[str, float]:
    """How much each word that the question lacks is told near what it asks, by how many articles;
    1 for the most. An answer recurs from outlet to outlet."""
    guess = np.array(
        [
            line.covers
            + 0.4 * reading.coverage(reading.passages[line.hit])
            + 0.3 * reading.hits[line.hit].score
            for line in lines
        ]
    )
    strengths = np.exp((guess - guess.max()) / _SPREAD) if len(guess) else guess
    by_article: dict[str, dict[str, float]] = defaultdict(dict)
    for line, strength in zip(lines, strengths, strict=True):
        article = reading.hits[line.hit].passage.article.article_id
        for stem in line.stems - reading.question_stems - _COMMON:
            voices = by_article[stem]
            voices[article] = max(voices.get(article, 0.0), float(strength))
    totals = {stem: sum(voices.values()) for stem, voices in by_article.items()}
    most = max(totals.values(), default=1.0)
    return {stem: total / most for stem, total in totals.items()}


def evidence_features(reading: PassageAnalysis) -> Floats:
    """Shape ``(len(EVIDENCE),)``: how well what was found covers the question.

    By the best passage and the one of the third best article (where many cover it alike, it is a
    topic rather than an answer), the fullest article, its pairs of words, titles, its names and
    numbers, and the most telling word that the fullest article lacks.
    """
    weights = reading.weights
    total = sum(weights.values()) or 1.0
    by_article: dict[str, float] = {}
    for hit, words in zip(reading.hits, reading.passages, strict=True):
        article = hit.passage.article.article_id
        by_article[article] = max(by_article.get(article, 0.0), reading.coverage(words))
    passages = sorted(by_article.values(), reverse=True)
    fullest = max(reading.articles, key=reading.coverage, default=frozenset[str]())
    missing = [weight for stem, weight in weights.items() if stem not in fullest]
    named = {
        stem
        for word in _NAME_OR_NUMBER.findall(reading.question)
        for stem in stems(re.sub(r"[’']s?$", "", word))
        if stem in weights
    }
    of_names = sum(weights[stem] for stem in named)
    names = [
        sum(weights[s] for s in named & words) / of_names for words in reading.articles if named
    ]
    features = {
        "passage": passages[0] if passages else 0.0,
        "third": passages[2] if len(passages) > 2 else 0.0,
        "article": reading.coverage(fullest),
        "pairs": max((line.pairs for line in reading.lines), default=0.0),
        "title": max(map(reading.coverage, reading.titles), default=0.0),
        "names": max(names, default=float(not named)),
        "heaviest": max(missing, default=0.0) / total,
    }
    return np.array([features[name] for name in EVIDENCE])


def confidence(features: Floats, weights: Weights) -> float:
    """From 0 to 1, how sure it is that what was found answers the question."""
    slope = np.array([weights.evidence[name] for name in EVIDENCE])
    return 1 / (1 + math.exp(-float(features @ slope) - weights.bias))
