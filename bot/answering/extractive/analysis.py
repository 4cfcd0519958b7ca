"""The sentences of the passages that search found, read for one question.

Coverage of a text is the share of the question's weight (the inverse document frequency of its
words in the corpus) whose words stand in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.answering.extractive.answer_spans import AnswerSpan, names_inside, possible_answers
from bot.answering.extractive.answer_type import QuestionAnalysis, asked_for
from bot.answering.prompt_injection import is_injected_instruction
from retrieval.indexes.keyword_index import stems
from retrieval.models import SearchResult
from retrieval.text.sentences import sentence_spans

# Answers are read from the first hits, however many were asked for.
READ_HITS = 10
_SHORTEST, _LONGEST = 20, 400
_TOKEN = re.compile(r"[^\W_]+")

_FULL_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w’'-]*\w(?: [A-Z][\w’'-]*\w)+")


@dataclass(frozen=True, slots=True)
class PassageSentence:
    """A sentence of a passage. ``place`` counts the passage's sentences from 0; ``following`` is the
    coverage of it and the next one together; ``near`` says by key how much of the question stands
    close to each possible answer."""

    hit: int
    place: int
    text: str
    stems: frozenset[str]
    covers: float
    following: float
    pairs: float
    possible: tuple[AnswerSpan, ...]
    near: dict[str, float]

    def wanted(self, asked: QuestionAnalysis) -> list[AnswerSpan]:
        """What it has of the kind that the question asks for."""
        return [each for each in self.possible if each.kinds & asked.kinds]

    @property
    def quotable(self) -> bool:
        return _SHORTEST <= len(self.text) <= _LONGEST and not self.asks

    @property
    def asks(self) -> bool:
        return self.text.rstrip("\"”’'").endswith("?")


@dataclass(frozen=True, slots=True)
class PassageAnalysis:
    """``passages``, ``titles`` and ``articles`` hold the stems of each hit's passage with its title,
    of its title and of all that was found of its article."""

    question: str
    asked: QuestionAnalysis
    weights: Mapping[str, float]
    question_stems: frozenset[str]
    hits: Sequence[SearchResult]
    lines: list[PassageSentence]
    passages: list[frozenset[str]]
    titles: list[frozenset[str]]
    articles: list[frozenset[str]]

    def coverage(self, words: Set[str]) -> float:
        return _coverage(words, self.weights)


def read(
    question: str, hits: Sequence[SearchResult], weights: Mapping[str, float]
) -> PassageAnalysis:
    hits = hits[:READ_HITS]
    question_stems = frozenset(stems(question))
    known_names = names_inside("\n".join([question, *(hit.passage.text for hit in hits)]))
    titles = [frozenset(stems(hit.passage.article.title)) for hit in hits]
    lines: list[PassageSentence] = []
    passages: list[frozenset[str]] = []
    of_article: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, str] = defaultdict(str)
    for hit in hits:
        texts[hit.passage.article.article_id] += (
            f"{hit.passage.article.title}\n{hit.passage.text}\n"
        )
    for number, (hit, title) in enumerate(zip(hits, titles, strict=True)):
        meant = _short_names(question, texts[hit.passage.article.article_id])
        own = list(_lines(number, hit, weights, question_stems, known_names, meant))
        lines += own
        passages.append(title.union(*(line.stems for line in own)))
        of_article[hit.passage.article.article_id] |= passages[-1]
    articles = [frozenset(of_article[hit.passage.article.article_id]) for hit in hits]
    return PassageAnalysis(
        question, asked_for(question), weights, question_stems, hits, lines, passages, titles, articles
    )  # fmt: skip


def _short_names(question: str, article: str) -> dict[str, frozenset[str]]:
    """By the stem of its last word, the stems of each full name of the question that the article has
    in full: there "Wang" alone means Alexandr Wang."""
    return {
        parts[-1]: frozenset(parts)
        for match in _FULL_NAME.finditer(question)
        if match[0] in article and (parts := stems(match[0]))
    }


def _lines(
    number: int,
    hit: SearchResult,
    weights: Mapping[str, float],
    question_stems: Set[str],
    known_names: Set[str],
    meant: Mapping[str, frozenset[str]],
) -> Iterator[PassageSentence]:
    spans = sentence_spans(hit.passage.text)
    texts = [
        text
        for start, end in spans
        if not is_injected_instruction(text := hit.passage.text[start:end])
    ]
    terms = [stems(text) for text in texts]
    for place, (text, own) in enumerate(zip(texts, terms, strict=True)):
        words = frozenset(own).union(*(meant[stem] for stem in meant.keys() & set(own)))
        possible = tuple(
            each
            for each in possible_answers(text, known_names)
            if not key_stems(each.key) <= question_stems  # what the question says is no answer
        )
        following = words.union(terms[place + 1]) if place + 1 < len(terms) else words
        yield PassageSentence(
            number, place, text, words,
            covers=_coverage(words, weights),
            following=_coverage(following, weights),
            pairs=_pairs(own, weights),
            possible=possible,
            near=_near(text, own, possible, weights),
        )  # fmt: skip


@lru_cache(maxsize=4096)
def key_stems(key: str) -> frozenset[str]:
    return frozenset(stems(key))


def _coverage(words: Set[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return (
        sum(weight for stem, weight in weights.items() if stem in words) / total if total else 0.0
    )


def _pairs(terms: Sequence[str], weights: Mapping[str, float]) -> float:
    """The share of the question's weight that is in pairs of its words which stand together here."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, stem in enumerate(terms):
        if stem in weights:
            places[stem].append(place)
    found = sum(
        (weights[first] + weights[second]) / 2
        for first, second in pairwise(weights)
        if any(0 < b - a <= 2 for a in places.get(first, ()) for b in places.get(second, ()))
    )
    return found / (sum(weights.values()) or 1.0)


def _near(
    text: str, terms: Sequence[str], possible: Sequence[AnswerSpan], weights: Mapping[str, float]
) -> dict[str, float]:
    """By key, the share of the question's weight around a possible answer, less the farther off."""
    spans = [match.span() for match in _TOKEN.finditer(text)]
    if len(spans) != len(terms):
        return {}
    known = [(span, stem) for span, stem in zip(spans, terms, strict=True) if stem in weights]
    total = sum(weights.values()) or 1.0
    near: dict[str, float] = {}
    for each in possible:
        found: dict[str, float] = {}
        for (start, end), stem in known:
            if each.start <= start < each.end:
                continue
            gap = each.start - end if end <= each.start else start - each.end
            share = weights[stem] * (1.0 if gap <= 60 else 0.5 if gap <= 120 else 0.2)
            found[stem] = max(found.get(stem, 0.0), share)
        near[each.key] = max(near.get(each.key, 0.0), sum(found.values()) / total)
    return near
