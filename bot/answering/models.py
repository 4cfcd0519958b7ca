"""Answers, and the events while an answer is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from retrieval.errors import Note
from retrieval.models import Reference
from retrieval.search.query import day

QUOTATIONS = "quotations"

# Why there is no answer: nothing in the range of time, nothing on the subject, too little to go
# by, or sources of which the model says that they do not answer.
Reason = Literal["nothing-in-range", "nothing-on-it", "too-thin", "not-answered"]


# Notes that say that a question's limits leave nothing: the corpus, the publisher or the time.
_LIMITS = frozenset(
    [
        "corpus-unknown",
        "none-in-range",
        "none-of-source-in-range",
        "nothing-ingested",
        "nothing-such-source",
        "nothing-such-source-but",
    ]
)

# What an answer is. A question that is asked back is declined.
Form = Literal["answer", "summary", "digest", "timeline", "help", "smalltalk", "declined"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source. ``quote`` is a literal quotation from its article; ``also`` names other
    publishers of the story."""

    n: int
    article: Reference
    quote: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of an answer. ``date`` (ISO 8601) is its article's date, set if the sentence needs
    it: it says "yesterday", or the story has a newer article."""

    text: str
    citations: tuple[int, ...]
    date: str | None = None


@dataclass(frozen=True, slots=True)
class ConflictValue:
    """One of several answers that articles give, with the numbers of its sources."""

    value: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the sources of an answer disagree on; ``subject`` describes it in the question's words."""

    subject: str
    values: tuple[ConflictValue, ...]

    def renumbered(self, numbers: Mapping[int, int]) -> Conflict:
        """Return the conflict with new source numbers; sources without one are left out."""
        values = (
            replace(value, citations=tuple(numbers[n] for n in value.citations if n in numbers))
            for value in self.values
        )
        return replace(self, values=tuple(values))


@dataclass(frozen=True, slots=True)
class RejectedSentence:
    """A sentence that the model wrote and that isn't shown, with the reason.

    ``verdict`` is "refuted" or "uncertain", or None if it is no claim ("Sure!", a heading).
    ``replaced`` says that its passage's own words are shown instead.
    """

    text: str
    reasons: tuple[str, ...]
    verdict: Literal["refuted", "uncertain"] | None = None
    replaced: bool = False

    @property
    def left_out(self) -> bool:
        """Return whether to tell readers that something is missing."""
        return self.verdict is not None and not self.replaced


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of an answer. ``cost`` is in US dollars; None for a model without a price."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of cited sentences, or a decline with the nearest coverage.

    ``question`` is the question as asked; ``asked`` is the rewritten one if a follow-up needed
    earlier turns. ``problem`` tells the operator what went wrong and what to do.
    """

    question: str
    text: str
    abstained: bool
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Reference, ...] = ()
    model: str = QUOTATIONS
    notes: tuple[Note, ...] = ()
    reason: Reason | None = None
    usage: Usage | None = None
    dropped: tuple[RejectedSentence, ...] = field(default=(), repr=False)
    asked: str | None = None
    problem: Note | None = None
    cached: bool = False
    form: Form = "answer"
    conflicts: tuple[Conflict, ...] = ()
    # Whether ``text`` is a line of the bot's own, in the language of who wrote.
    reply: bool = False
    # The range that the question was limited to, by options or by its words.
    since: datetime | None = None
    until: datetime | None = None

    @property
    def left_nothing(self) -> Note | None:
        """Return the note that says that the question's limits left nothing to search, if that is
        why there is no answer."""
        if not self.abstained or self.reason is None:
            return None
        return next((note for note in self.notes if note.code in _LIMITS), None)

    def __post_init__(self) -> None:
        if self.abstained and self.form != "declined":
            object.__setattr__(self, "form", "declined")


@dataclass(frozen=True, slots=True)
class SearchCompleted:
    """Search is done and an answer is being made from the passages."""

    passages: int


@dataclass(frozen=True, slots=True)
class SentenceAccepted:
    """A sentence that passed its check, with its new citations."""

    sentence: AnswerSentence
    new: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class SentencesRetracted:
    """The sentences so far are not part of the answer: they were the model's thoughts."""


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The complete answer; the last event."""

    answer: Answer


Event: TypeAlias = SearchCompleted | SentenceAccepted | SentencesRetracted | AnswerCompleted


def text_with_citations(sentences: tuple[AnswerSentence, ...]) -> str:
    """``First sentence. [1] Second, on Tuesday. (14 November 2023) [1][2]``"""
    return " ".join(
        " ".join(
            part
            for part in (
                sentence.text,
                f"({day(sentence.date)})" if sentence.date else "",
                "".join(f"[{n}]" for n in sentence.citations),
            )
            if part
        )
        for sentence in sentences
    )


def grouped(citations: Iterable[Citation]) -> dict[Reference, list[Citation]]:
    """Return the citations of each article, ordered by number."""
    found: dict[Reference, list[Citation]] = {}
    for citation in citations:
        found.setdefault(citation.article, []).append(citation)
    return found
