"""Measure how well the results cover the question, which tells whether it can be answered at
all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np

from bot.answering.extractive.analysis import PassageAnalysis
from bot.answering.extractive.candidates import Floats
from bot.answering.extractive.sentence_features import SENTENCE
from bot.answering.extractive.window_evidence import CANDIDATES, WINDOW, candidate_evidence
from retrieval.indexes.common_words import share_of_passages
from retrieval.text.places import words_of_places
from retrieval.text.stemming import stems

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d")
_QUOTED = re.compile(r"[“\"«„]([^“”\"«»„]{3,80})[”\"»“]")

# A name with this share of a question's weight is necessary to answer it.
_TELLING = 0.15
_SPELT = 0.8
# A passage that covers this share of the question is about its subject.
_ON_IT = 0.5
_YEAR = re.compile(r"(?:1[6-9]|20)\d\d")
_MISQUOTED = 0.3

# Features of the sentence that answers best.
_OF_BEST = tuple(
    """
    covers around passage article title_covers names names_passage pairs missing near_wanted
    near_any likeness likeness_around wanted votes span_votes alike age thing score early
    digits lacking answer_first answer_share
    """.split()
)
EVIDENCE = (
    "passage",
    "second",
    "third",
    "article",
    "pairs",
    "title",
    "names",
    "heaviest",
    "heaviest_passage",
    "heaviest_name",
    "heaviest_name_passage",
    "numbers_missing",
    "quoted_missing",
    "words",
    "name_share",
    "likeness_best",
    "around_best",
    "asks_nothing",
    "results",
    "best_score",
    "lead",
    "spread",
    "top_three",
    *WINDOW,
    *CANDIDATES,
    *(f"best_{name}" for name in _OF_BEST),
)


def evidence_features(
    passages: Mapping[str, float],
    window: Mapping[str, float],
    features: Floats,
    scores: Floats,
    likelihoods: Floats,
) -> Floats:
    """Return the evidence that there is an answer, shape ``(len(EVIDENCE),)``.

    ``passages`` is from ``passage_evidence``; ``window`` is from ``window_evidence``, for the
    sentence with the highest score (empty if there are no sentences); ``features`` and ``scores``
    are those of the sentences, ``likelihoods`` those of the candidates.
    """
    values = {**passages, **_of_sentences(features, scores)}
    values |= window or dict.fromkeys(WINDOW, 0.0)
    values |= candidate_evidence(likelihoods)
    return np.array([values[name] for name in EVIDENCE])


def asks_of_the_unheld(analysis: PassageAnalysis) -> bool:
    """Return whether the question is about a name, number, year or quotation that no passage
    contains.

    A name similar to one in the passages may be misspelt, and one with little weight may be
    expressed in another way.
    """
    evidence = passage_evidence(analysis)
    if evidence["quoted_missing"] > _MISQUOTED or evidence["numbers_missing"]:
        return True
    on_it = [words for words in analysis.passages if analysis.coverage(words) >= _ON_IT]
    published = {result.passage.article.published_at or "" for result in analysis.results}
    for year in filter(_YEAR.fullmatch, analysis.weights):
        told = any(year in words for words in on_it)
        if not told and not any(date.startswith(year) for date in published):
            return True
    if analysis.language != "en":
        # Names have endings there, or no capitals; in German every noun has one.
        return False
    held = frozenset[str]().union(*analysis.passages)
    total = sum(analysis.weights.values()) or 1.0
    return any(
        analysis.weights[stem] / total > _TELLING and not get_close_matches(stem, held, 1, _SPELT)
        for stem in (analysis.named | _places(analysis)) - held
    )


def _places(analysis: PassageAnalysis) -> frozenset[str]:
    """Return the stems of the places that an English question names, which people also write
    without capitals; not those that are common words too."""
    words = words_of_places(_WORD.findall(analysis.question))
    named = frozenset(stem for word in words for stem in stems(word, analysis.stemming))
    return frozenset(
        stem for stem in named & analysis.weights.keys() if not share_of_passages(stem)
    )


def passage_evidence(analysis: PassageAnalysis) -> dict[str, float]:
    """Return how well passages, articles and titles cover the question and its names, by
    feature."""
    weights = analysis.weights
    total = sum(weights.values()) or 1.0
    by_article: dict[str, float] = {}
    for result, words in zip(analysis.results, analysis.passages, strict=True):
        article = result.passage.article.article_id
        by_article[article] = max(by_article.get(article, 0.0), analysis.coverage(words))
    passages = [*sorted(by_article.values(), reverse=True), 0.0, 0.0, 0.0]
    fullest = max(analysis.articles, key=analysis.coverage, default=frozenset[str]())
    best_passage = max(analysis.passages, key=analysis.coverage, default=frozenset[str]())
    of_names = sum(weights[stem] for stem in analysis.named)
    names = [
        sum(weights[s] for s in analysis.named & words) / of_names
        for words in analysis.articles
        if of_names
    ]
    # A year may be that of the report, which needn't mention it.
    years = {result.passage.article.published_at or "" for result in analysis.results}
    numbers = {s for s in weights if _NUMBER.search(s) and not any(y.startswith(s) for y in years)}
    anywhere = frozenset[str]().union(*analysis.passages) if analysis.passages else frozenset()
    phrases = [
        frozenset(stems(match[1], analysis.stemming))
        for match in _QUOTED.finditer(analysis.question)
    ]
    # A quotation is in one sentence, or hardly differs from it.
    missing = [
        1 - max((len(p & s.stems) / len(p) for s in analysis.sentences), default=0.0)
        for p in phrases
        if p
    ]

    def heaviest(words: frozenset[str], of: frozenset[str] | None = None) -> float:
        stems_of = weights.keys() if of is None else of
        return max((weights[s] for s in stems_of if s not in words), default=0.0)

    return {
        "passage": passages[0],
        "second": passages[1],
        "third": passages[2],
        "article": analysis.coverage(fullest),
        "pairs": max((sentence.pairs for sentence in analysis.sentences), default=0.0),
        "title": max(map(analysis.coverage, analysis.titles), default=0.0),
        "names": max(names, default=float(not analysis.named)),
        "heaviest": heaviest(fullest) / total,
        "heaviest_passage": heaviest(best_passage) / total,
        "heaviest_name": heaviest(fullest, analysis.named) / total,
        "heaviest_name_passage": heaviest(best_passage, analysis.named) / total,
        "numbers_missing": float(bool(numbers - anywhere)),
        "quoted_missing": max(missing, default=0.0),
        "words": min(len(weights), 20) / 20,
        "name_share": of_names / total,
        "asks_nothing": float(not analysis.expected.kinds),
        "results": len(by_article) / 10,
    }


def _of_sentences(features: Floats, scores: Floats) -> dict[str, float]:
    if not len(scores):
        names = ("likeness_best", "around_best", "best_score", "lead", "spread", "top_three")
        return dict.fromkeys((*names, *(f"best_{name}" for name in _OF_BEST)), 0.0)
    order = np.argsort(-scores)
    best = features[order[0]]
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    first = float(scores[order[0]])
    column = {name: i for i, name in enumerate(SENTENCE)}
    return {
        "likeness_best": float(features[:, column["likeness"]].max()),
        "around_best": float(features[:, column["likeness_around"]].max()),
        "best_score": first,
        "lead": first - float(scores[order[1]]) if len(order) > 1 else 1.0,
        "spread": float(-(chance * np.log(chance + 1e-12)).sum()),
        "top_three": float(np.sort(chance)[-3:].sum()),
        **{f"best_{name}": float(best[column[name]]) for name in _OF_BEST},
    }
