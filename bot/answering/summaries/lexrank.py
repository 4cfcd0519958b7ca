"""Extract the sentences that summarize one text or several, word for word.

LexRank (Erkan and Radev, 2004): a sentence is central if central sentences resemble it; the
resemblance is the cosine of tf-idf vectors. In news what comes first matters most, so centrality is
weighted by the place in the article. Sentences are chosen by maximal marginal relevance (Carbonell
and Goldstein, 1998): central, and unlike those already chosen.
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
_REPEATS = 0.8  # a sentence this similar says nothing new
# In an article of so many sentences, one less similar to all others hardly belongs to it.
_ENOUGH, _UNLIKE, _STRANGE = 4, 0.03, 0.1
# Statements end like this, unlike questions, headings and lines of a list.
_ENDS = re.compile(r"[.!][\"”’)]*$")
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"][.!?]?$")
# What writers say about themselves, only in English: "I" is an article in Italian.
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
    """How much place and repetition count, chosen on the development data of
    `tests/benchmarks/summaries.py`."""

    lead: float = 0.6
    # A sentence this many places after the first has half of the lead's weight.
    half_life: float = 4.0
    relevance: float = 0.7
    leaning: float = 0.3


@dataclass(frozen=True, slots=True)
class ExtractedSentence:
    """A sentence, its passage, and how much it says of the whole, from 0 to 1. ``place`` counts
    sentences from the article's first."""

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
    """Return at most ``most`` sentences of the articles, each given as its passages in order, in
    the order in which they are chosen. There are fewer if the others only repeat them, or ``told``.

    Only sentences that are ``wanted`` are chosen, and only those that one ``prefers`` if there are
    any; all count for centrality. ``worth`` scales the sentences of each article; if empty, all
    count 1.
    """
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
    """Return the sentences in the order of their articles' texts, articles in the order in which
    their first sentence was chosen."""
    first: dict[int, int] = {}
    for one in found:
        first.setdefault(one.article, len(first))
    return sorted(found, key=lambda one: (first[one.article], one.place))


def _strangers(
    candidates: Sequence[tuple[str, Passage, int, int]], similar: Matrix
) -> npt.NDArray[np.bool_]:
    """Return the mask of sentences that share no important word with the rest of their article:
    their place says nothing about their worth."""
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
    """Return how similar texts are, from 0 to 1; shape ``(texts, texts)``."""
    vectors = _vectors(texts)
    result: Matrix = vectors @ vectors.T
    return result


def quotable_sentences(passage: Passage) -> list[str]:
    """Return the sentences of a passage that can be quoted by themselves, in order, without
    possible injected instructions."""
    text, title = passage.text, passage.article.title
    orders = orders_in(text, title, level=STRAY)
    # A title that is a whole sentence may be quoted where the text repeats it.
    heading = "" if _ENDS.search(title) else title
    found = (
        text[span.start : span.end]
        for span in readable_sentences(text, heading)
        if span.finished and not overlaps(span.start, span.end, orders)
    )
    return [sentence for sentence in found if _says_something(sentence)]


def leans(text: str) -> bool:
    """Return whether a sentence begins with a word that needs what precedes it."""
    return bool(_LEANS.search(text))


def _says_something(text: str) -> bool:
    """Return whether a sentence has a form that can be quoted by itself."""
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
    """Return the tf-idf vectors of sentences, of length 1; shape ``(sentences, words)``."""
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
    """Return each sentence's share of a random walk over sentences, shape ``(sentences,)``."""
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
