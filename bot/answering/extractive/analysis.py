"""The sentences of the passages that search found, analysed for one question.

Coverage of a text is the share of the question's weight (the inverse document frequency of its
words in the corpus) whose words occur in it.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from bot.answering.extractive.answer_spans import AnswerSpan, names_inside
from bot.answering.extractive.question_parts import asking_part
from bot.answering.extractive.sentences import SentenceSpan, asks, readable_sentences
from bot.answering.extractive.spans_by_language import spans_in
from bot.answering.extractive.vectors import TextVectors, text_vectors
from bot.answering.prompt_injection import (
    asks_about_instructions,
    is_stray,
    is_unquotable,
    overlaps,
    unquotable_in,
)
from retrieval.models import SearchResult
from retrieval.text.answer_types import AnswerKind, AnswerType, expected_answer_type
from retrieval.text.lengths import english_length
from retrieval.text.question_words import question_words
from retrieval.text.stemming import stems, stems_of
from retrieval.text.stop_words import news_words
from retrieval.text.words import placed_words

# Answers are read from the first results, however many were asked for.
READ_RESULTS = 8
_LONGEST = 400
# At this distance in words, a word counts half.
_REACH = 6
# The weight of a statement before the question.
_LEADS_UP = 0.4
_CACHED_PASSAGES = 1_024
_TOKEN = re.compile(r"[^\W_]+")
_FULL_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w’'-]*\w(?: [A-Z][\w’'-]*\w)+")
_POSSESSIVE = re.compile(r"[’']s?$")
_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!:] )\b(?:[A-Z][\w’'-]*|\d[\d,.]*)")


@dataclass(frozen=True, slots=True)
class PassageSentence:
    """A sentence of a passage. ``place`` counts the passage's sentences from 0, ``offset`` the
    characters of the article before it. ``stems`` includes the words that short names stand for.
    How much of the question is close by: ``near`` says it for each of ``spans``, ``closeness`` for
    each of ``terms``, whose offsets are ``tokens``."""

    result: int
    place: int
    offset: int
    text: str
    terms: tuple[str, ...]
    stems: frozenset[str]
    finished: bool
    covers: float
    pairs: float
    spans: tuple[AnswerSpan, ...]
    near: tuple[float, ...]
    tokens: tuple[tuple[int, int], ...]
    closeness: tuple[float, ...]

    def wanted(self, expected: AnswerType) -> list[AnswerSpan]:
        """Return its spans of a kind that the question asks for."""
        return [each for each in self.spans if each.kinds & expected.kinds]

    @property
    def quotable(self) -> bool:
        """Whether it is short enough to be quoted and not a question."""
        return english_length(self.text) <= _LONGEST and not self.asks

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return asks(self.text)


@dataclass(frozen=True, slots=True)
class PassageAnalysis:
    """The results of a search, analysed. ``passages``, ``titles`` and ``articles`` hold for each
    result the stems of its passage with its title, of its title (none if the passage begins with
    it) and of all passages of its article. ``focus`` is ``weights`` with less for what only leads
    up to the question. ``vectors`` are those of the question, of what it asks for, and of the
    sentences, in this order."""

    question: str
    expected: AnswerType
    weights: Mapping[str, float]
    focus: Mapping[str, float]
    question_stems: frozenset[str]
    named: frozenset[str]
    results: Sequence[SearchResult]
    sentences: list[PassageSentence]
    passages: list[frozenset[str]]
    titles: list[frozenset[str]]
    articles: list[frozenset[str]]
    vectors: TextVectors
    language: str = "en"
    stemming: str = "en"

    @property
    def common(self) -> frozenset[str]:
        """The stems of words that carry no news."""
        return common_stems(self.language, self.stemming)

    def coverage(self, words: Set[str]) -> float:
        """Return the share of the question's weight whose stems are in ``words``, from 0 to 1."""
        return coverage(words, self.weights)

    def article_id(self, sentence: PassageSentence) -> str:
        """Return the article of a sentence."""
        return self.results[sentence.result].passage.article.article_id


def analyse(
    question: str,
    results: Sequence[SearchResult],
    weights: Mapping[str, float],
    part: str | None = None,
    language: str = "en",
    stemming: str = "en",
    *,
    trusting: bool = False,
) -> PassageAnalysis:
    """Analyse the first results for ``question``; ``part`` is the part of it that is asked now,
    ``language`` the question's, and ``stemming`` the language by which its words became the stems
    of ``weights``. Raises ``EmbedderError``.

    Sentences that may be injected instructions are left out, unless it is ``trusting``: detecting
    them takes as long as all the rest, so the few chosen sentences are checked with ``is_order``
    afterwards.
    """
    results = results[:READ_RESULTS]
    question_stems = frozenset(stems(question, stemming))
    expected = expected_answer_type(part or question, language)
    known_names = names_inside("\n".join([question, *(each.passage.text for each in results)]))
    asking = frozenset(stems(asking_part(part or question, language), stemming))
    focus = {stem: w * (1.0 if stem in asking else _LEADS_UP) for stem, w in weights.items()}
    titles = [_title_stems(each, stemming) for each in results]
    texts: dict[str, str] = defaultdict(str)
    for each in results:
        article = each.passage.article
        texts[article.article_id] += f"{article.title}\n{each.passage.text}\n"
    quotes_orders = asks_about_instructions(question)
    keeps_orders = trusting or quotes_orders
    sentences: list[PassageSentence] = []
    passages: list[frozenset[str]] = []
    of_article: dict[str, set[str]] = defaultdict(set)
    for number, (each, title) in enumerate(zip(results, titles, strict=True)):
        meant = _short_names(question, texts[each.passage.article.article_id], stemming)
        own = list(
            _sentences(
                number,
                each,
                weights,
                focus,
                question_stems,
                known_names,
                meant,
                expected.kinds,
                language,
                stemming,
                keeps_orders=keeps_orders,
                quotes_orders=quotes_orders,
            )
        )
        sentences += own
        passages.append(title.union(*(sentence.stems for sentence in own)))
        of_article[each.passage.article.article_id] |= passages[-1]
    articles = [frozenset(of_article[each.passage.article.article_id]) for each in results]
    vectors = text_vectors(
        [question, expected.prototype, *(sentence.text for sentence in sentences)]
    )
    return PassageAnalysis(
        question,
        expected,
        weights,
        focus,
        question_stems,
        names_of(question, weights, stemming),
        results,
        sentences,
        passages,
        titles,
        articles,
        vectors,
        language,
        stemming,
    )


def is_order(result: SearchResult, text: str) -> bool:
    """Return whether a sentence of a result, verbatim, may be or contain an injected
    instruction."""
    passage = result.passage
    start = passage.text.find(text)
    return is_unquotable(passage.text, passage.article.title, start, start + len(text))


def names_of(question: str, weights: Mapping[str, float], stemming: str = "en") -> frozenset[str]:
    """Return the stems of the names and numbers in a question that have a weight."""
    return frozenset(
        stem
        for word in _NAME_OR_NUMBER.findall(question)
        for stem in stems(_POSSESSIVE.sub("", word), stemming)
        if stem in weights
    )


def coverage(words: Set[str], weights: Mapping[str, float]) -> float:
    """Return the share of ``weights`` whose stems are in ``words``, from 0 to 1."""
    total = found = 0.0
    for stem, weight in weights.items():
        total += weight
        if stem in words:
            found += weight
    return found / total if total else 0.0


def _title_stems(result: SearchResult, stemming: str) -> frozenset[str]:
    """Return the stems of a title; none if it only repeats how the passage begins, as in
    excerpts."""
    title = _plain(result.passage.article.title)
    repeats = _plain(result.passage.text[: 2 * len(title) + 20]).startswith(title)
    return frozenset() if repeats else frozenset(stems(title, stemming))


def _plain(text: str) -> str:
    return " ".join(_TOKEN.findall(text.casefold()))


def _short_names(question: str, article: str, stemming: str) -> dict[str, frozenset[str]]:
    """Return by the stem of its last word the stems of each full name in the question that the
    article also has in full: there "Wang" alone means Alexandr Wang."""
    return {
        parts[-1]: frozenset(parts)
        for match in _FULL_NAME.finditer(question)
        if (name := _POSSESSIVE.sub("", match[0])) in article and (parts := stems(name, stemming))
    }


def _sentences(
    number: int,
    result: SearchResult,
    weights: Mapping[str, float],
    focus: Mapping[str, float],
    question_stems: frozenset[str],
    known_names: Set[str],
    meant: Mapping[str, frozenset[str]],
    expected: Set[AnswerKind],
    language: str,
    stemming: str,
    *,
    keeps_orders: bool,
    quotes_orders: bool,
) -> Iterator[PassageSentence]:
    passage = result.passage
    title = passage.article.title
    orders = () if keeps_orders else unquotable_in(passage.text, title)
    for place, (span, text, terms, tokens) in enumerate(
        _split_sentences(passage.text, title, stemming)
    ):
        if overlaps(span.start, span.end, orders):
            continue
        # A question that repeats this sentence would otherwise get an instruction quoted.
        repeated = question_stems.issuperset(terms)
        if repeated and not quotes_orders and is_stray(passage.text, title, span.start, span.end):
            continue
        words = frozenset(terms)
        words = words.union(*(meant[stem] for stem in meant.keys() & words))
        # What the question says isn't an answer.
        possible = tuple(
            each
            for each in spans_in(text, known_names, expected, language)
            if not each.key or not key_stems(each.key, stemming) <= question_stems
        )
        closeness = _closeness(terms, focus)
        yield PassageSentence(
            number,
            place,
            passage.start + span.start,
            text,
            terms,
            words,
            span.finished,
            covers=coverage(words, weights),
            pairs=_pairs(terms, weights),
            spans=possible,
            near=_near(possible, tokens, closeness),
            tokens=tokens,
            closeness=closeness,
        )


class _SplitSentence(NamedTuple):
    """A sentence that can be quoted, with the stems of its words and their offsets in it."""

    span: SentenceSpan
    text: str
    terms: tuple[str, ...]
    tokens: tuple[tuple[int, int], ...]


@lru_cache(maxsize=_CACHED_PASSAGES)
def _split_sentences(text: str, title: str, stemming: str) -> tuple[_SplitSentence, ...]:
    """Return what is the same of a passage for every question."""
    spans = readable_sentences(text, title)
    words_of = [placed_words(text[span.start : span.end]) for span in spans]
    # All at once: stemming one word takes as long as stemming a hundred.
    stemmed = iter(stems_of([word.text for placed in words_of for word in placed], stemming))
    return tuple(
        _SplitSentence(
            span,
            text[span.start : span.end],
            tuple(sys.intern(stem) for stem in islice(stemmed, len(placed))),
            tuple((word.start, word.end) for word in placed),
        )
        for span, placed in zip(spans, words_of, strict=True)
    )


@lru_cache(maxsize=4096)
def key_stems(key: str, stemming: str = "en") -> frozenset[str]:
    """Return the stems of a span's key."""
    return frozenset(stems(key, stemming))


def _pairs(terms: Sequence[str], weights: Mapping[str, float]) -> float:
    """Return the share of the question's weight in pairs of its words that are next to each other
    here."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, stem in enumerate(terms):
        if stem in weights:
            places[stem].append(place)
    if len(places) < 2:
        return 0.0
    found = sum(
        (weights[first] + weights[second]) / 2
        for first, second in pairwise(weights)
        if first in places and second in places
        if any(0 < b - a <= 2 for a in places[first] for b in places[second])
    )
    return found / (sum(weights.values()) or 1.0)


def _closeness(terms: Sequence[str], weights: Mapping[str, float]) -> tuple[float, ...]:
    """Return for each word the share of the question's weight around it, decreasing with the
    distance."""
    total = sum(weights.values()) or 1.0
    places: dict[str, list[int]] = defaultdict(list)
    for place, stem in enumerate(terms):
        if stem in weights:
            places[stem].append(place)
    found = [0.0] * len(terms)
    for stem, at in places.items():
        weight = weights[stem]
        # From each place, halfway to the ones beside it.
        bounds = [0, *((a + b) // 2 + 1 for a, b in pairwise(at)), len(terms)]
        for place, (start, end) in zip(at, pairwise(bounds), strict=True):
            for here in range(start, place):
                found[here] += weight / (1 + (place - here) / _REACH)
            for here in range(place + 1, end):
                found[here] += weight / (1 + (here - place) / _REACH)
    return tuple(value / total for value in found)


def _near(
    spans: Sequence[AnswerSpan], tokens: Sequence[tuple[int, int]], closeness: Sequence[float]
) -> tuple[float, ...]:
    """Return for each span how close it is to the words of the question."""
    starts = [start for start, _ in tokens]
    return tuple(
        max(closeness[bisect_left(starts, each.start) : bisect_left(starts, each.end)], default=0.0)
        for each in spans
    )


@cache
def common_stems(language: str = "en", stemming: str = "en") -> frozenset[str]:
    """Return the stems of words that carry no news."""
    if language == "en":
        words = news_words()
    else:
        listed = question_words(language)
        words = listed.single if listed else frozenset()
    return frozenset(stem for word in words for stem in stems(word, stemming))
