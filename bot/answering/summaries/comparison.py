"""Compare what publishers say about a topic: one sentence each, with those that agree together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.conflicts import numbers_in
from bot.answering.models import AnswerSentence, Citation
from bot.answering.summaries.lexrank import ExtractedSentence
from bot.answering.summaries.models import CitedSentence, SummaryNumberer
from retrieval.models import Reference
from retrieval.search.query import content_words
from retrieval.text.stemming import stems

# Two sentences agree if they share this much of the words of the shorter one.
_AGREED = 0.6


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """What one publisher says, or several that agree; ``articles`` are theirs, in the same
    order."""

    sentence: AnswerSentence
    articles: tuple[Reference, ...]

    @property
    def publishers(self) -> tuple[str, ...]:
        """Their names, without duplicates."""
        return tuple(dict.fromkeys(article.source or article.title for article in self.articles))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What publishers say about a topic, first what most of them say."""

    topic: str
    rows: tuple[ComparisonRow, ...]
    citations: tuple[Citation, ...]


def compared(topic: str, said: Sequence[ExtractedSentence]) -> Comparison:
    """Combine sentences of different publishers that agree into one row, with the words of the
    first."""
    groups: list[list[ExtractedSentence]] = []
    for one in said:
        for group in groups:
            if _agree(group[0].text, one.text):
                group.append(one)
                break
        else:
            groups.append([one])
    groups.sort(key=len, reverse=True)
    numberer = SummaryNumberer()
    rows = tuple(
        ComparisonRow(
            numberer.sentence(
                CitedSentence(
                    group[0].text,
                    tuple(one.passage for one in group),
                    tuple(one.text for one in group),
                )
            ),
            tuple(one.passage.article for one in group),
        )
        for group in groups
    )
    return Comparison(topic, rows, tuple(numberer.citations))


def _agree(first: str, second: str) -> bool:
    """Return whether two sentences say the same; with different numbers they don't."""
    own, other = (frozenset(stems(" ".join(content_words(text)))) for text in (first, second))
    if len(own & other) < _AGREED * min(len(own), len(other)):
        return False
    numbers = numbers_in(first), numbers_in(second)
    return numbers[0] <= numbers[1] or numbers[1] <= numbers[0]
