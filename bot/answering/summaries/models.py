"""The parts of a summary, and the numbering of its sentences and sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from bot.answering.models import QUOTATIONS, AnswerSentence, Citation, RejectedSentence, Usage
from retrieval.errors import NewsdeskError, Note
from retrieval.models import Passage, Reference
from retrieval.timestamps import TimeRange

if TYPE_CHECKING:
    from bot.answering.summaries.lexrank import ExtractedSentence

Kind = Literal["article", "story"]
SectionName = Literal["summary", "what-happened", "who-says-what", "disputed", "changed"]


class NothingToSummarize(NewsdeskError):
    """There is nothing to summarize: no such article, an empty range, or a topic without
    articles."""


class NothingOnTopic(NothingToSummarize):
    """No article is about a topic, or none in the range, if there was one."""

    def __init__(self, topic: str, within: TimeRange) -> None:
        if within.since is None and within.until is None:
            super().__init__("nothing-on-topic", topic=topic)
        else:
            super().__init__("nothing-on-topic-then", topic=topic)


class EmptyCorpus(NothingToSummarize):
    """The corpus has no articles."""

    def __init__(self, corpus: str) -> None:
        super().__init__("nothing-in-corpus", name=corpus)


class NotIngested(NothingToSummarize):
    """The link is to an article that isn't in the corpus but could be ingested."""

    def __init__(self, url: str) -> None:
        super().__init__("not-ingested-url", url=url)
        self.url = url


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence with the passages that say it; ``quotes`` are from these passages, in the same
    order."""

    text: str
    passages: tuple[Passage, ...]
    quotes: tuple[str, ...]

    @classmethod
    def quoted(cls, extract: ExtractedSentence) -> CitedSentence:
        """Return a sentence that quotes its passage."""
        return cls(extract.text, (extract.passage,), (extract.text,))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a summary with its sentences."""

    name: SectionName
    sentences: tuple[AnswerSentence, ...]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure with what it counts, and the sentence of an article that gives it and contains
    ``text``."""

    text: str
    sentence: AnswerSentence


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of one article or story, in sections. ``articles`` were read, newest last.

    ``problem`` is for the operator: what went wrong and what to do.
    """

    kind: Kind
    title: str
    story_id: int
    sections: tuple[Section, ...]
    figures: tuple[KeyFigure, ...]
    citations: tuple[Citation, ...]
    articles: tuple[Reference, ...]
    model: str = QUOTATIONS
    notes: tuple[Note, ...] = ()
    usage: Usage | None = None
    dropped: tuple[RejectedSentence, ...] = field(default=(), repr=False)
    problem: Note | None = None

    @property
    def outlets(self) -> tuple[str, ...]:
        """The publishers of the articles, without duplicates."""
        return tuple(dict.fromkeys(a.source for a in self.articles if a.source))


@dataclass(frozen=True, slots=True)
class SummaryProgress:
    """How many of the parts of a summary are done."""

    done: int
    total: int


Progress: TypeAlias = Callable[[SummaryProgress], None]


def no_progress(step: SummaryProgress) -> None:
    """Ignore progress."""


class SummaryNumberer:
    """Numbers sources in the order in which they are first cited."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self.citations: list[Citation] = []

    def sentence(self, line: CitedSentence) -> AnswerSentence:
        """Return a line with the numbers of its sources."""
        return AnswerSentence(line.text, tuple(map(self._number, line.passages, line.quotes)))

    def section(self, name: SectionName, lines: Iterable[CitedSentence]) -> Section:
        """Return a section of these lines."""
        return Section(name, tuple(self.sentence(line) for line in lines))

    def _number(self, passage: Passage, quote: str) -> int:
        key = passage.passage_id, quote
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self.citations.append(Citation(self._numbers[key], passage.article, quote))
        return self._numbers[key]


def texts_of(lines: Sequence[CitedSentence]) -> list[str]:
    """Return the texts of these lines."""
    return [line.text for line in lines]
