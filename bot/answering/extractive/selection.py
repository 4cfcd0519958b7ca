"""Select the sentences that answer a question, word for word, and say how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from bot.answering.extractive.analysis import (
    READ_RESULTS,
    PassageAnalysis,
    PassageSentence,
    analyse,
    common_stems,
    is_order,
)
from bot.answering.extractive.answer_evidence import (
    asks_of_the_unheld,
    evidence_features,
    passage_evidence,
)
from bot.answering.extractive.answer_words import answer_words
from bot.answering.extractive.candidates import Candidates, Floats
from bot.answering.extractive.question_parts import separate_questions
from bot.answering.extractive.scoring import Model, Models, learned_models
from bot.answering.extractive.sentence_features import QuestionContext
from bot.answering.extractive.speakers import with_speaker
from bot.answering.extractive.window_evidence import window_evidence
from bot.answering.models import Reason
from bot.answering.prompt_injection import asks_about_instructions, is_unquotable
from retrieval.models import SearchResult, SearchResults
from retrieval.text.lengths import count_words
from retrieval.text.stemming import stems

MAX_SENTENCES = 3
MAX_WORDS = 90
_MOST_PARTS = 2
# How much it counts, in log odds, that earlier sentences already have a sentence's likely answers.
_TOLD = 0.5
_LEAST = 1e-3
# How many other words may be before and among the words of what is defined.
_BEFORE = 1
_TELLING_WORDS = 2
_ALL = 0.99
_WORSE = 3.5
_SAME_SUBJECT = 0.4
_ON_IT = 0.5


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence of a result's passage, verbatim."""

    hit: SearchResult
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Selection:
    """The best sentences, best first, and the confidence, from 0 to 1, that they answer.

    ``reason`` says why no answer should be given, None if one should. ``tells`` says that the first
    sentence defines what was asked about, or has all the words of a question that names somebody or
    something. ``read`` are all sentences that could have been quoted.
    """

    quotations: tuple[Quotation, ...]
    confidence: float
    reason: Reason | None
    tells: bool = False
    read: tuple[Quotation, ...] = ()

    @property
    def thin(self) -> bool:
        """Whether no answer should be given."""
        return self.reason is not None


def select(found: SearchResults, models: Models | None = None) -> Selection:
    """Return the sentences that answer best, at most three with 90 words, none of which repeats
    another.

    Reads eight passages and blocks for some milliseconds: call it from a worker thread. Raises
    ``EmbedderError``.
    """
    if not found.hits:
        ranged = found.since is not None or found.phrase is not None
        return Selection((), 0.0, "nothing-in-range" if ranged else "nothing-on-it")
    model = (models or learned_models()).for_results(found.hits[:READ_RESULTS], found.language)
    reads = _reads(found, model, trusting=True)
    chosen = _merged([read.chosen for read in reads])
    if any(is_order(found.hits[each.result], each.text) for each, _ in chosen) and (
        not asks_about_instructions(found.question)
    ):
        reads = _reads(found, model, trusting=False)
        chosen = _merged([read.chosen for read in reads])
    first = reads[0]
    quotations = _with_speakers(
        Quotation(first.analysis.results[sentence.result], sentence.text, score)
        for sentence, score in chosen
    )
    sure = first.confidence if found.weights else 0.0
    reason: Reason | None = None
    if sure < model.threshold or asks_of_the_unheld(first.analysis):
        on_it = max(map(first.analysis.coverage, first.analysis.passages)) >= _ON_IT
        reason = "too-thin" if on_it else "nothing-on-it"
    if first.defining is not None:
        reason = None
    tells = first.defining is not None or (reason is None and first.tells_all)
    every = tuple(
        Quotation(first.analysis.results[sentence.result], sentence.text, float(score))
        for sentence, score in zip(first.sentences, first.scores, strict=True)
    )
    return Selection(quotations, sure, reason, tells, every)


@dataclass(frozen=True)
class _Read:
    """The quotable sentences, scored by ``model`` for a question or one of its parts."""

    model: Model
    analysis: PassageAnalysis
    sentences: list[PassageSentence]
    windows: list[dict[str, float]]
    features: Floats
    scores: Floats
    likelihoods: Floats
    candidates: Candidates

    @cached_property
    def chosen(self) -> list[tuple[PassageSentence, float]]:
        """The sentences to quote, best first, each with its score."""
        scores = self.scores
        if self.defining is not None:
            scores = scores.copy()
            scores[self.defining] = scores.max() + 1.0
        places = pick(self.analysis, self.sentences, scores, self.candidates, self.likelihoods)
        if self.defining is None:
            places = self.model.opened(
                places, self.features, scores, self.candidates, self.likelihoods
            )
        return [(self.sentences[place], float(self.scores[place])) for place in places]

    @cached_property
    def defining(self) -> int | None:
        """The index of the sentence that defines what was asked about; None if there is none."""
        if "definition" not in self.analysis.expected.kinds:
            return None
        found = [n for n, each in enumerate(self.sentences) if _defines(each, self.analysis)]
        return max(found, key=lambda place: float(self.scores[place]), default=None)

    @property
    def tells_all(self) -> bool:
        """Whether the best sentence has all the words of a question that names somebody."""
        if not self.analysis.named or len(self.analysis.weights) < _TELLING_WORDS:
            return False
        return any(sentence.covers >= _ALL for sentence, _ in self.chosen[:1])

    @property
    def confidence(self) -> float:
        """How sure it is that there is an answer, from 0 to 1."""
        if not self.sentences:
            return 0.0
        features = evidence_features(
            passage_evidence(self.analysis),
            self.windows[int(np.argmax(self.scores))],
            self.features,
            self.scores,
            self.likelihoods,
        )
        return self.model.confidence(features)


def _reads(found: SearchResults, model: Model, *, trusting: bool) -> list[_Read]:
    """Read the results for each part of the question."""
    parts = separate_questions(found.question, found.language)[:_MOST_PARTS]
    return [_read(found, part, model, trusting=trusting) for part in parts]


def _read(found: SearchResults, part: str, model: Model, *, trusting: bool) -> _Read:
    analysis = analyse(
        found.question,
        found.hits,
        telling_weights(found),
        part,
        found.language,
        found.stemming,
        trusting=trusting,
    )
    sentences = quotable(analysis)
    context = QuestionContext(analysis, sentences, found.until)
    candidates = context.candidates
    likelihoods = model.likelihoods(candidates)
    windows = window_evidence(analysis, sentences)
    features = model.sentence_features(context.features(), candidates, windows)
    scores = model.sentence.scores(features)
    return _Read(model, analysis, sentences, windows, features, scores, likelihoods, candidates)


def _merged(
    parts: Sequence[Sequence[tuple[PassageSentence, float]]],
) -> list[tuple[PassageSentence, float]]:
    """Return the best sentence for each part, then the rest of the parts in turns."""
    merged: list[tuple[PassageSentence, float]] = []
    words = 0
    for rank in range(MAX_SENTENCES):
        for part in parts:
            if rank >= len(part) or len(merged) == MAX_SENTENCES:
                continue
            sentence, score = part[rank]
            if any(_repeats(sentence.stems, other.stems) for other, _ in merged):
                continue
            words += count_words(sentence.text)
            if merged and words > MAX_WORDS:
                return merged
            merged.append((sentence, score))
    return merged


def _with_speakers(quotations: Iterable[Quotation]) -> tuple[Quotation, ...]:
    """Add to speech the sentence that says whose it is, as long as the whole stays short enough."""
    told: list[Quotation] = []
    words = 0
    for quotation in quotations:
        text = _with_speaker(quotation)
        length = count_words(text)
        if told and words + length > MAX_WORDS:
            continue
        if not any(text in other.text or other.text in text for other in told):
            told.append(replace(quotation, text=text))
            words += length
    return tuple(told)


def _with_speaker(quotation: Quotation) -> str:
    """Return a quotation with its speaker, unless that would include an injected instruction."""
    passage = quotation.hit.passage
    text = with_speaker(quotation.text, passage.text)
    if text == quotation.text:
        return text
    start = passage.text.find(text)
    ordered = is_unquotable(passage.text, passage.article.title, start, start + len(text))
    return quotation.text if ordered else text


def telling_weights(found: SearchResults) -> dict[str, float]:
    """Return the weights of the question's words, without common words and verbs of attitude.

    "When does she expect it?" is answered by what she believes, predicts or says: that an article
    uses another of these words doesn't count against it.
    """
    untelling = common_stems(found.language, found.stemming)
    if found.language == "en":
        untelling |= _attitudes()
    telling = {
        stem: weight
        for stem, weight in found.weights.items()
        if stem not in untelling and (len(stem) > 1 or not stem.isascii() or stem.isdigit())
    }
    return telling or found.weights


def quotable(analysis: PassageAnalysis) -> list[PassageSentence]:
    """Return the sentences that can be quoted: no questions, and no long ones if there are
    others."""
    sentences = [sentence for sentence in analysis.sentences if sentence.quotable]
    return sentences or [sentence for sentence in analysis.sentences if not sentence.asks]


def pick(
    analysis: PassageAnalysis,
    sentences: Sequence[PassageSentence],
    scores: Floats,
    candidates: Candidates,
    likelihoods: Floats,
) -> list[int]:
    """Return the indices into ``sentences`` of those to quote, best first.

    ``scores`` has the shape ``(sentences,)``, ``likelihoods`` the shape ``(candidates,)``: a
    sentence counts less if those before it already have its likely answers.
    """
    here = candidates.of_sentence
    mass = np.array([likelihoods[each].sum() for each in here]) + _LEAST
    told = np.zeros(len(likelihoods), dtype=bool)
    worth = scores
    chosen: list[int] = []
    length = 0
    left = list(range(len(sentences)))
    while left and len(chosen) < MAX_SENTENCES:
        best = max(left, key=lambda place: (worth[place], -place))
        left.remove(best)
        sentence = sentences[best]
        if any(_repeats(sentence.stems, sentences[other].stems) for other in chosen):
            continue
        words = count_words(sentence.text)
        if chosen and (
            length + words > MAX_WORDS
            or scores[best] < scores[chosen[0]] - _WORSE
            or _strays(sentence, sentences[chosen[0]], analysis)
        ):
            continue
        chosen.append(best)
        length += words
        told[here[best]] = True
        new = np.array([likelihoods[each[~told[each]]].sum() for each in here]) + _LEAST
        worth = scores + _TOLD * np.log(new / mass)
    return chosen


def _defines(sentence: PassageSentence, analysis: PassageAnalysis) -> bool:
    """Return whether a sentence defines everything that the question names: "a cubesat is a small
    satellite" at its beginning, or "the cubesat, a small satellite" anywhere."""
    wanted = analysis.weights.keys()
    if not wanted or not sentence.tokens:
        return False
    reach = len(wanted) + _BEFORE
    for at, stem in enumerate(sentence.terms):
        if stem not in wanted or not wanted <= set(sentence.terms[max(0, at + 1 - reach) : at + 1]):
            continue
        end = sentence.tokens[at][1]
        if at < reach and _pattern("is").match(sentence.text, end):
            return True
        if _pattern("apposition").match(sentence.text, end):
            return True
    return False


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(answer_words()[name])


def _strays(sentence: PassageSentence, first: PassageSentence, analysis: PassageAnalysis) -> bool:
    """Return whether a sentence is about something else than the first, or lacks the kind of answer
    that it has."""
    coverage = [analysis.coverage(analysis.passages[each.result]) for each in (sentence, first)]
    if coverage[0] < _SAME_SUBJECT * coverage[1]:
        return True
    return bool(first.wanted(analysis.expected)) and not sentence.wanted(analysis.expected)


def _repeats(words: Set[str], other: Set[str]) -> bool:
    """Return whether one sentence says little that the other doesn't. Another number is always
    new."""
    if {w for w in words if w.isdigit()} != {w for w in other if w.isdigit()}:
        return False
    return len(words & other) > 0.7 * min(len(words), len(other))


@cache
def _attitudes() -> frozenset[str]:
    return frozenset(stem for word in answer_words()["attitudes"].split() for stem in stems(word))
