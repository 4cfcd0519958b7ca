"""Answers without a model: the sentences that answer the question, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.articles import Hit
from retrieval.sentences import sentence_spans

Stems = Callable[[str], list[str]]

# Shares of the question's weight (the idf of its words), chosen on the dev set.
MIN_PASSAGE_COVERAGE = 0.5
_MIN_SENTENCE_COVERAGE = 0.2
_NEXT_TO_BEST = 0.72
_MAX_SENTENCES = 3
_READ_HITS = 8

_NUMBER = r"(?:\d[\d,.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|billions?|half|third|quarter)\b)"
_EXPECTED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"\bhow much\b.*\b(?:cost|pay|paid|pays|spen[dt]|invest(?:ed)?|worth|price|raised?|fined?|bill)\b", re.I),
        re.compile(r"[$£€¥]\s?\d|\d[\d.,]*\s(?:(?:thousand|[mbtr]+illion|bn|m)\b|dollars?|euros?|pounds?|crowns?|yen|yuan)", re.I),
    ),
    (
        re.compile(r"\bhow (?:many|much|old|long|far|big|large|high)\b|\bwhat (?:percentage|share|number|price)\b", re.I),
        re.compile(_NUMBER, re.I),
    ),
    (
        re.compile(r"\bwhen\b|\bwhat (?:year|date|day|time)\b|\bhow (?:soon|long)\b", re.I),
        re.compile(
            r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:january|february|march|april|may|june|july|august"
            r"|september|october|november|december)\b|\b(?:19|20)\d\d\b|\byears?\b|\bmonths?\b|\bweeks?\b"
            r"|\bdays?\b|\btoday\b|\btomorrow\b|\byesterday\b|\d (?:a|p)\.?m\b",
            re.I,
        ),
    ),
    (
        re.compile(r"\bwho(?:m|se)?\b|\bwhich (?:person|player|actor|singer|politician|companies|company)\b", re.I),
        re.compile(r"(?<=[a-z,“\"] )[A-Z][\w’'-]+"),
    ),
    (
        re.compile(r"\bwhat did\b.*\bsay\b|\bwhat does\b.*\bsay\b", re.I),
        re.compile(r"[“”\"]|\bsaid\b|\btold\b"),
    ),
    (re.compile(r"\bwhere\b", re.I), re.compile(r"\b(?:in|at|near|from|to|of) (?:the )?[A-Z]")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence of a hit's passage, exactly as it stands there."""

    hit: Hit
    text: str
    score: float
    fits: float


def choose_quotations(
    question: str, hits: Sequence[Hit], weights: dict[str, float], stems: Stems
) -> list[Quotation]:
    """The sentences that answer ``question`` best, best first; none if the evidence is weak.

    A passage is evidence if it and its title hold enough of the weight of the question's words. A
    sentence scores by the words that it holds itself, by those of its passage, by the passage's
    rank score and by whether it has what the question asks for (a number, a date, a name).
    """
    total = sum(weights.values())
    if not total:
        return []

    def coverage(text: str) -> float:
        return sum(weights.get(stem, 0.0) for stem in set(stems(text))) / total

    expected = [answer for asked, answer in _EXPECTED if asked.search(question)]
    quotations: list[Quotation] = []
    read: dict[str, str] = {}
    for hit in hits[:_READ_HITS]:
        article_id = hit.passage.article.article_id
        read[article_id] = f"{read.get(article_id, '')}\n{hit.passage.text}"
    for hit in hits[:_READ_HITS]:
        passage = hit.passage
        title = passage.article.title
        # Articles name people in full once; what their other passages say speaks for this one.
        own_words = coverage(f"{title}\n{passage.text}")
        around = (own_words + coverage(f"{title}\n{read[passage.article.article_id]}")) / 2
        if around < MIN_PASSAGE_COVERAGE:
            continue
        for start, end in sentence_spans(passage.text):
            sentence = passage.text[start:end]
            if len(sentence) < 20 or sentence.endswith("?"):
                continue
            own = coverage(sentence)
            if own < _MIN_SENTENCE_COVERAGE:
                continue
            fits = sum(bool(pattern.search(sentence)) for pattern in expected) / max(
                1, len(expected)
            )
            score = own + 0.4 * around + 0.3 * hit.score + 0.35 * fits
            quotations.append(Quotation(hit, sentence, score, fits))
    quotations.sort(key=lambda q: -q.score)
    chosen: list[Quotation] = []
    said: list[set[str]] = []
    for quotation in quotations:
        if chosen and quotation.score < _NEXT_TO_BEST * chosen[0].score:
            break
        if chosen and quotation.fits < chosen[0].fits:
            continue  # has not what the question asks for, while another one has
        words = set(stems(quotation.text))
        if any(_repeats(words, other) for other in said):
            continue
        chosen.append(quotation)
        said.append(words)
        if len(chosen) == _MAX_SENTENCES:
            break
    return chosen


def _repeats(words: set[str], other: set[str]) -> bool:
    """Whether one sentence says little that the other does not. Another figure is always news."""
    if {w for w in words if w.isdigit()} != {w for w in other if w.isdigit()}:
        return False
    return len(words & other) > 0.7 * min(len(words), len(other))
