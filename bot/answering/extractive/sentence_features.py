"""Measure whether a sentence holds the answer; only its words depend on the language."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.analysis import (
    PassageAnalysis,
    PassageSentence,
    coverage,
)
from bot.answering.extractive.candidates import Candidates, Floats, find_candidates
from bot.answering.extractive.vectors import unit
from bot.answering.extractive.window_evidence import SELECTING
from retrieval.text.answer_types import AMOUNTS, NAMES, PEOPLE
from retrieval.text.lengths import count_words
from retrieval.text.stemming import stems
from retrieval.timestamps import parse_span

_DIGIT, _QUOTES = re.compile(r"\d"), re.compile('[“”"]')
_SPREAD = 0.25
_FULL = 0.7
_CUED = frozenset(["reason", "definition", "opinion", "quote"])

BASE = (
    "covers",
    "focus",
    "around",
    "passage",
    "article",
    "title_covers",
    "names",
    "names_passage",
    "pairs",
    "missing",
    "near_wanted",
    "near_any",
    "likeness",
    "likeness_around",
    "likeness_below",
    "score",
    "rank",
    "opening",
    "early",
    "place",
    "offset",
    "wanted",
    "several",
    "lacking",
    "title_new",
    "votes",
    "span_votes",
    "span_lead",
    "word_votes",
    "thing",
    "thing_here",
    "length",
    "short",
    "unfinished",
    "quotes",
    "digits",
    "age",
    "newer",
    "alike",
    "asks_who",
    "asks_amount",
    "asks_name",
    "asks_cued",
    "asks_nothing",
)
# What a sentence has of the likeliest answers.
ANSWERS = (
    "answer_first",
    "answer_second",
    "answer_third",
    "answer_share",
    "answer_ratio",
    "answer_best",
    "answer_total",
)
# How a sentence compares with the best one.
BESIDE = ("covers_gap", "focus_gap", "near_gap", "around_gap", "full_gap", "full_focus_gap")
SENTENCE = BASE + ANSWERS + BESIDE + SELECTING


def gap_features(base: Floats) -> Floats:
    """Return what each sentence lacks that the best one has, shape ``(sentences, len(BESIDE))``.

    If one sentence says nearly everything that the question says, the others lack more.
    """
    if not len(base):
        return np.zeros((0, len(BESIDE)))
    covers, focus, near, around = (
        base[:, BASE.index(name)] for name in ("covers", "focus", "near_any", "around")
    )
    around = covers + around
    gaps = [values.max() - values for values in (covers, focus, near, around)]
    full = [(values.max() >= _FULL) * (values.max() - values) for values in (covers, focus)]
    return np.stack([*gaps, *full], axis=1)


def likelihoods(scores: Floats) -> Floats:
    """Return shares of 1 for scores in log odds (softmax); same shape."""
    if not len(scores):
        return np.zeros(0)
    chance: Floats = np.exp(scores - scores.max())
    shares: Floats = chance / chance.sum()
    return shares


def answer_features(candidates: Candidates, chance: Floats) -> Floats:
    """Return how likely the words of each sentence are the answer, shape ``(sentences,
    len(ANSWERS))``; ``chance``, shape ``(candidates,)``, is how likely each candidate is."""
    best = chance.max(initial=0.0) or 1.0
    rows = np.zeros((len(candidates.of_sentence), len(ANSWERS)))
    for row, stems_here in zip(rows, candidates.of_sentence, strict=True):
        here = np.sort(chance[stems_here])[::-1] if len(stems_here) else np.zeros(0)
        first, second, third = (*here[:3], 0.0, 0.0, 0.0)[:3]
        share = float(here.sum())
        row[:] = (
            math.log(first + 1e-4),
            math.log(second + 1e-4),
            math.log(third + 1e-4),
            share,
            first / best,
            float(first >= best),
            math.log(share + 1e-3),
        )
    return rows


class QuestionContext:
    """What is known about all the sentences together. ``now`` is when the question is asked."""

    def __init__(
        self, analysis: PassageAnalysis, sentences: Sequence[PassageSentence], now: datetime
    ) -> None:
        self.analysis = analysis
        self.sentences = sentences
        self.kinds = analysis.expected.kinds
        self.results = [
            (
                analysis.coverage(analysis.passages[i]),
                analysis.coverage(analysis.articles[i]),
                analysis.coverage(analysis.titles[i]),
                _share(analysis.named, analysis.passages[i], analysis.weights),
                _age(result.passage.article.published_at, now),
            )
            for i, result in enumerate(analysis.results)
        ]
        self.youngest = min((result[4] for result in self.results), default=0.0)
        vectors = analysis.vectors.of_texts()
        self.rows = vectors
        index = {id(sentence): i + 2 for i, sentence in enumerate(analysis.sentences)}
        self.index = np.array([index[id(sentence)] for sentence in sentences], dtype=np.intp)
        near = self._neighbours(vectors)
        self.likeness = vectors[self.index] @ vectors[0]
        self.likeness_around = near[self.index - 2] @ vectors[0]
        self.best_likeness = float(self.likeness.max(initial=0.0))
        self.around = self._around()
        self.things = self._things(sentences, vectors[1])
        self.guess = self._guess(sentences)
        self.votes, self.word_votes = self._word_votes(sentences)
        self.span_votes = self._span_votes(sentences)
        self.most = max(self.span_votes.values(), default=1.0) or 1.0
        self.alike = self._alike(sentences)
        self.thing_stems = frozenset(stems(analysis.expected.thing, analysis.stemming))
        self.heaviest = max(analysis.weights.values(), default=1.0)
        self.total = sum(analysis.weights.values()) or 1.0

    @cached_property
    def candidates(self) -> Candidates:
        """The words that could be the answer."""
        return find_candidates(self.analysis, self.sentences, self.guess)

    def features(self) -> Floats:
        """Return the base features of the sentences, shape ``(sentences, len(BASE))``."""
        rows = [self._row(number, sentence) for number, sentence in enumerate(self.sentences)]
        return np.array([[row[name] for name in BASE] for row in rows]).reshape(-1, len(BASE))

    def _row(self, number: int, sentence: PassageSentence) -> dict[str, float]:
        analysis = self.analysis
        passage, article, title, names, age = self.results[sentence.result]
        result = analysis.results[sentence.result]
        wanted = [i for i, each in enumerate(sentence.spans) if each.kinds & self.kinds]
        new = sentence.stems - analysis.question_stems - analysis.common
        best = sorted((self.votes[stem] for stem in new), reverse=True)[:3]
        opens = result.passage.start == 0
        votes = sorted(
            (self.span_votes.get(sentence.spans[i].key, 0.0) for i in wanted), reverse=True
        )
        missing = max(
            (w for s, w in analysis.weights.items() if s not in sentence.stems), default=0.0
        )
        words = count_words(sentence.text)
        return {
            "covers": sentence.covers,
            "focus": coverage(sentence.stems, analysis.focus),
            "around": self.around[id(sentence)] - sentence.covers,
            "passage": passage,
            "article": article,
            "title_covers": title,
            "names": _share(analysis.named, sentence.stems, analysis.weights),
            "names_passage": names,
            "pairs": sentence.pairs,
            "missing": missing / self.total,
            "near_wanted": max((sentence.near[i] for i in wanted), default=0.0),
            "near_any": max(sentence.near, default=0.0),
            "likeness": float(self.likeness[number]),
            "likeness_around": float(self.likeness_around[number]),
            "likeness_below": self.best_likeness - float(self.likeness[number]),
            "score": result.score,
            "rank": 1 / (1 + sentence.result),
            "opening": float(opens),
            "early": 1 / (1 + sentence.place) if opens else 0.0,
            "place": min(sentence.place, 10) / 10,
            "offset": math.log1p(sentence.offset / 200),
            "wanted": float(bool(wanted)),
            "several": math.log1p(len({sentence.spans[i].key for i in wanted})),
            "lacking": float(bool(self.kinds) and not wanted),
            "title_new": len(new & analysis.titles[sentence.result]) / 5,
            "votes": sum(best) / 3,
            "span_votes": votes[0] / self.most if votes else 0.0,
            "span_lead": float(bool(votes) and votes[0] >= self.most - 1e-9),
            "word_votes": max((self.word_votes[stem] for stem in new), default=0.0),
            "thing": self.things[number],
            "thing_here": len(self.thing_stems & sentence.stems) / max(1, len(self.thing_stems)),
            "length": words / 30,
            "short": float(words < 8),
            "unfinished": float(not sentence.finished),
            "quotes": float(bool(_QUOTES.search(sentence.text))),
            "digits": float(bool(_DIGIT.search(sentence.text))),
            "age": age,
            "newer": age - self.youngest,
            "alike": self.alike[number],
            "asks_who": float(bool(self.kinds & PEOPLE)),
            "asks_amount": float(bool(self.kinds & AMOUNTS)),
            "asks_name": float(bool(self.kinds & NAMES)),
            "asks_cued": float(bool(self.kinds & _CUED)),
            "asks_nothing": float(not self.kinds),
        }

    def _neighbours(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the vector of each sentence together with its neighbours in the passage."""
        sentences = self.analysis.sentences
        rows = vectors[2:].copy()
        for i in range(len(sentences) - 1):
            if sentences[i].result == sentences[i + 1].result:
                rows[i] += vectors[i + 3] / 2
                rows[i + 1] += vectors[i + 2] / 2
        return unit(rows)

    def _around(self) -> dict[int, float]:
        """Return by sentence its coverage together with its neighbours."""
        sentences = self.analysis.sentences
        found = {}
        for i, sentence in enumerate(sentences):
            words = set(sentence.stems)
            for other in sentences[max(0, i - 1) : i + 2]:
                if other.result == sentence.result:
                    words |= other.stems
            found[id(sentence)] = self.analysis.coverage(words)
        return found

    def _things(
        self, sentences: Sequence[PassageSentence], wanted: npt.NDArray[np.float32]
    ) -> list[float]:
        """Return for each sentence how similar its most similar span is to what is asked for."""
        flat = [
            (int(self.index[n]), each.start, each.end)
            for n, sentence in enumerate(sentences)
            for each in sentence.spans
            if each.key
        ]
        if not flat:
            return [0.0] * len(sentences)
        rows = self.analysis.vectors.of_spans(*map(list, zip(*flat, strict=True)))
        likeness = iter((rows @ wanted).tolist())
        return [
            max((next(likeness) for each in sentence.spans if each.key), default=0.0)
            for sentence in sentences
        ]

    def _guess(self, sentences: Sequence[PassageSentence]) -> Floats:
        """Return how promising each sentence is by itself; 1 for the best."""
        guess = np.array(
            [
                sentence.covers
                + 0.4 * self.results[sentence.result][0]
                + 0.3 * self.analysis.results[sentence.result].score
                + 0.5 * float(self.likeness[n])
                for n, sentence in enumerate(sentences)
            ]
        )
        strengths: Floats = np.exp((guess - guess.max(initial=0.0)) / _SPREAD)
        return strengths

    def _word_votes(
        self, sentences: Sequence[PassageSentence]
    ) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Return how much each word that the question lacks occurs near its words, by the number of
        articles; 1 for the most. An answer recurs in several outlets. The second result gives rare
        words more weight."""
        by_article: dict[str, dict[str, float]] = defaultdict(dict)
        count: dict[str, int] = defaultdict(int)
        for sentence, strength in zip(sentences, self.guess.tolist(), strict=True):
            article = self.analysis.article_id(sentence)
            for stem in sentence.stems - self.analysis.question_stems - self.analysis.common:
                voices = by_article[stem]
                voices[article] = max(voices.get(article, 0.0), strength)
                count[stem] += 1
        totals = {stem: sum(voices.values()) for stem, voices in by_article.items()}
        most = max(totals.values(), default=1.0)
        rare = {stem: total / math.sqrt(count[stem]) for stem, total in totals.items()}
        rarest = max(rare.values(), default=1.0)
        return (
            {stem: total / most for stem, total in totals.items()},
            {stem: total / rarest for stem, total in rare.items()},
        )

    def _span_votes(self, sentences: Sequence[PassageSentence]) -> dict[str, float]:
        """Return the same for spans, by key, weighted by how close they are to the question's
        words."""
        by_article: dict[str, dict[str, float]] = defaultdict(dict)
        for sentence, strength in zip(sentences, self.guess.tolist(), strict=True):
            article = self.analysis.article_id(sentence)
            for each, near in zip(sentence.spans, sentence.near, strict=True):
                if each.key and (each.kinds & self.kinds or not self.kinds):
                    voices = by_article[each.key]
                    voices[article] = max(voices.get(article, 0.0), strength * (0.2 + near))
        return {key: sum(voices.values()) for key, voices in by_article.items()}

    def _alike(self, sentences: Sequence[PassageSentence]) -> list[float]:
        """Return how many other articles have a sentence with much the same words, as a share of
        three."""
        rows = self.rows[self.index]
        likeness = rows @ rows.T
        articles = np.array([hash(self.analysis.article_id(s)) for s in sentences])
        other = articles[:, None] != articles[None, :]
        found = ((likeness > 0.75) & other).sum(axis=1)
        return [min(int(n), 3) / 3 for n in found]


def _share(named: frozenset[str], words: frozenset[str], weights: Mapping[str, float]) -> float:
    total = sum(weights[stem] for stem in named)
    return sum(weights[s] for s in named & words) / total if total else 1.0


def _age(published_at: str | None, now: datetime) -> float:
    """Return the logarithm of an article's age in days, relative to that of a year; 1 without a
    date."""
    if published_at is None:
        return 1.0
    days = (now - parse_span(published_at).start).total_seconds() / 86_400
    return math.log1p(max(days, 0.0)) / math.log1p(365)
