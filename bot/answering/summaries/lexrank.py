"""The sentences that sum up a text or several, word for word.

LexRank (Erkan and Radev, 2004): a sentence is central if central sentences resemble it; the
resemblance is the cosine of tf-idf vectors. In news what comes first matters most, so centrality is
weighed by the place in the article. Sentences are taken by maximal marginal relevance (Carbonell and
Goldstein, 1998): central, and unlike those taken already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.sentences import readable_sentences
from bot.answering.prompt_injection import STRAY, orders_in, overlaps
from retrieval.models import Passage
from retrieval.text.stemming import stems_of_each

Matrix = npt.NDArray[np.float64]

_DAMPING = 0.85
_ROUNDS = 40
_MOST_SENTENCES = 400
_SHORT, _LONG = 30, 400
_QUOTATION = re.compile(r"[“\"][^”\"]*[”\"]")
_REPEATS = 0.8  # so alike, a sentence says nothing new
# Of an article with so many sentences, one that is less like any other is hardly of it.
_ENOUGH, _UNLIKE, _STRANGE = 4, 0.03, 0.1
# Not a sentence that says something by itself: a question, a heading, a line of a list.
_ENDS = re.compile(r"[.!][\"”’)]*$")
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"][.!?]?$")
# What its writer says of himself or herself, in English: "I" is an article in Italian.
_FIRST_PERSON = re.compile(r"(?=.*\b(?:the|of|and|to|was|with|that|for)\b).*\b(?:I|I['’]\w+|my)\b")
_LEANS = re.compile(
    r"^(?:[\"“‘]?(?:he|she|it|its|they|their|his|her|this|that|these|those|but|and|so|however|also|then|meanwhile|still"
    r"|instead|for now|in the (?:memo|letter|statement|interview|video|post)|the (?:ban|move|decision|deal|ruling|order))\b)",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"\b(?:editor[’']s note|ai-assisted summary|this page is a summary of news|for the latest news,|sign up|subscribe|newsletter|click here|read more|follow us|cookies?|advertisement|all rights reserved|getty images)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CentralityWeights:
    """How much place and repetition count. Chosen on the dev data of `tests/benchmarks/summaries.py`."""

    lead: float = 0.6
    # A sentence so many places behind the first has half of the lead's weight.
    half_life: float = 4.0
    relevance: float = 0.7
    leaning: float = 0.3


@dataclass(frozen=True, slots=True)
class ExtractedSentence:
    """A sentence, its passage and how much it says of the whole, from 0 to 1. ``place`` counts
    sentences from the article's first one."""

    text: str
    passage: Passage
    score: float
    article: int
    place: int


def extract(
    articles: Sequence[Sequence[Passage]],
    most: int,
    weights: CentralityWeights | None = None,
    *,
    wanted: Callable[[str], bool] = bool,
    prefers: Callable[[str, Passage], bool] | None = None,
    told: Sequence[str] = (),
    worth: Sequence[float] = (),
) -> list[ExtractedSentence]:
    """At most ``most`` sentences of the articles, given as their passages in order; in the order in
    which they were chosen. Fewer if the others only repeat them, or what has been ``told`` already.
    Only sentences that are ``wanted`` are chosen, and of these only what one ``prefers`` if there is
    such a one; all count for what is central. ``worth`` scales the sentences of each article, 1 if
    it is empty."""
    weights = weights or CentralityWeights()
    candidates = _sentences(articles)[:_MOST_SENTENCES]
    if not candidates:
        return []
    vectors = _vectors([*(text for text, *_ in candidates), *told])
    vectors, known = vectors[: len(candidates)], vectors[len(candidates) :]
    similar = vectors @ vectors.T
    repeated = (vectors @ known.T).max(axis=1) if told else np.zeros(len(candidates))
    unwanted = np.array([not wanted(text) for text, *_ in candidates])
    if prefers is not None:
        liked = [
            not unfit and prefers(text, passage)
            for (text, passage, *_), unfit in zip(candidates, unwanted, strict=True)
        ]
        unwanted = ~np.array(liked) if any(liked) else unwanted
    central = _lexrank(similar)
    central /= np.max(central)
    places = np.array([place for *_, place in candidates], dtype=np.float64)
    lead = np.exp2(-places / weights.half_life)
    scores = (1 - weights.lead) * central + weights.lead * lead
    scores *= [weights.leaning if leans(text) else 1.0 for text, *_ in candidates]
    if worth:
        scores *= [worth[article] for *_, article, _ in candidates]
    scores *= np.where(_strangers(candidates, similar), _STRANGE, 1.0)
    chosen: list[int] = []
    for _ in range(min(most, len(candidates))):
        gain = weights.relevance * scores - (1 - weights.relevance) * repeated
        gain[unwanted | (repeated > _REPEATS)] = -np.inf
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        if not np.isfinite(gain[best]):
            break
        chosen.append(best)
        repeated = np.maximum(repeated, similar[:, best])
    return [
        ExtractedSentence(text, passage, float(scores[i]), article, place)
        for i in chosen
        for text, passage, article, place in (candidates[i],)
    ]


def in_reading_order(found: Sequence[ExtractedSentence]) -> list[ExtractedSentence]:
    """The sentences of an article one after the other as they stand there; articles in the order in
    which their first sentence was chosen."""
    first: dict[int, int] = {}
    for one in found:
        first.setdefault(one.article, len(first))
    return sorted(found, key=lambda one: (first[one.article], one.place))


def _strangers(
    candidates: Sequence[tuple[str, Passage, int, int]], similar: Matrix
) -> npt.NDArray[np.bool_]:
    """Which sentences have no word of weight in common with the rest of their own article: where
    they stand says nothing of what they are worth."""
    found = np.zeros(len(candidates), dtype=bool)
    of = np.array([article for *_, article, _ in candidates])
    for article in np.unique(of):
        rows = np.flatnonzero(of == article)
        if len(rows) >= _ENOUGH:
            alike = similar[np.ix_(rows, rows)].copy()
            np.fill_diagonal(alike, 0)
            found[rows] = alike.max(axis=1) < _UNLIKE
    return found


def likeness(texts: Sequence[str]) -> Matrix:
    """How alike texts are, from 0 to 1; shape ``(texts, texts)``."""
    vectors = _vectors(texts)
    result: Matrix = vectors @ vectors.T
    return result


def quotable_sentences(passage: Passage) -> list[str]:
    """The sentences of a passage that can be quoted by themselves, in order; none that may be meant
    for a reader's assistant."""
    text, title = passage.text, passage.article.title
    orders = orders_in(text, title, level=STRAY)
    # A title that is a whole sentence says something where the text says it again.
    heading = "" if _ENDS.search(title) else title
    found = (
        text[span.start : span.end]
        for span in readable_sentences(text, heading)
        if span.finished and not overlaps(span.start, span.end, orders)
    )
    return [sentence for sentence in found if _says_something(sentence)]


def leans(text: str) -> bool:
    """Whether a sentence begins with a word that needs what stood before it."""
    return bool(_LEANS.search(text))


def _says_something(text: str) -> bool:
    """Whether a sentence is of a form that can be quoted by itself."""
    if not _SHORT <= len(text) <= _LONG or not _ENDS.search(text) or _FURNITURE.search(text):
        return False
    if text.count("“") != text.count("”") or text.count('"') % 2 or _QUOTED.match(text):
        return False
    unquoted = _QUOTATION.sub("", text)
    return not _FIRST_PERSON.match(unquoted)


def _sentences(articles: Sequence[Sequence[Passage]]) -> list[tuple[str, Passage, int, int]]:
    found = []
    for number, article in enumerate(articles):
        place = 0
        for passage in article:
            for text in quotable_sentences(passage):
                found.append((text, passage, number, place))
                place += 1
    # The beginnings of all articles before the ends of any.
    return sorted(found, key=lambda entry: entry[3])


def _vectors(texts: Sequence[str]) -> Matrix:
    """tf-idf of each sentence, of length 1; shape ``(sentences, words)``."""
    counts = [Counter(each) for each in stems_of_each(texts)]
    words = {word: i for i, word in enumerate(dict.fromkeys(w for c in counts for w in c))}
    frequency = Counter(word for count in counts for word in count)
    matrix = np.zeros((len(texts), max(1, len(words))))
    for row, count in enumerate(counts):
        for word, number in count.items():
            matrix[row, words[word]] = number * np.log(1 + len(texts) / frequency[word])
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    result: Matrix = matrix / np.where(lengths, lengths, 1)
    return result


def _lexrank(similar: Matrix) -> Matrix:
    """The share of a random walk over sentences that each one has."""
    steps = similar.copy()
    np.fill_diagonal(steps, 0)
    steps[steps < 0.05] = 0
    sums = steps.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, steps / np.where(sums > 0, sums, 1), 1 / len(steps))
    rank = np.full(len(steps), 1 / len(steps))
    for _ in range(_ROUNDS):
        rank = (1 - _DAMPING) / len(steps) + _DAMPING * rank @ steps
    result: Matrix = rank
    return result
