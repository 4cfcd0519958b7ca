"""What an answer is, and what is heard of it while it is made."""

from __future__ import annotations

from collections.abc import Mapping
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


# What an answer is. A question that is asked back is declined.
Form = Literal["answer", "summary", "digest", "timeline", "help", "smalltalk", "declined"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source; ``quote`` stands in its article just so. ``also`` names the other outlets
    that have the story."""

    n: int
    article: Reference
    quote: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """``date`` (ISO 8601) is that of its article, where the sentence should not stand without: it
    says "yesterday", or a newer report of the story is there."""

    text: str
    citations: tuple[int, ...]
    date: str | None = None


@dataclass(frozen=True, slots=True)
class ConflictValue:
    """One of several answers that articles give, with the numbers of the sources that give it."""

    value: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the sources of an answer differ on; ``subject`` says what it is, in the question's words."""

    subject: str
    values: tuple[ConflictValue, ...]

    def renumbered(self, numbers: Mapping[int, int]) -> Conflict:
        """The same with the new numbers of its sources; those that have none are left out."""
        values = (
            replace(value, citations=tuple(numbers[n] for n in value.citations if n in numbers))
            for value in self.values
        )
        return replace(self, values=tuple(values))


@dataclass(frozen=True, slots=True)
class RejectedSentence:
    """A sentence that the model wrote and that is not shown, with what speaks against it.

    ``verdict`` is "refuted" or "uncertain", None for what is no claim ("Sure!", a heading).
    ``replaced`` tells that its passage's own words are shown instead.
    """

    text: str
    reasons: tuple[str, ...]
    verdict: Literal["refuted", "uncertain"] | None = None
    replaced: bool = False

    @property
    def left_out(self) -> bool:
        """Whether readers are told that something is missing."""
        return self.verdict is not None and not self.replaced


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took of the model. ``cost`` in US dollars, None for a model without a price."""

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
    """An answer made of cited sentences, or a decline with the nearest coverage.

    ``question`` is as it was asked; ``asked`` as it was understood, where a follow-up needed the
    turns before it. ``problem`` is for the operator: what went wrong and what to do.
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

    def __post_init__(self) -> None:
        if self.abstained and self.form != "declined":
            object.__setattr__(self, "form", "declined")


@dataclass(frozen=True, slots=True)
class SearchCompleted:
    """Passages were found and an answer is being made of them."""

    passages: int


@dataclass(frozen=True, slots=True)
class SentenceAccepted:
    """A sentence that passed its check, with those of its citations that are new."""

    sentence: AnswerSentence
    new: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class SentencesRetracted:
    """The sentences until now are no part of the answer: the model was only thinking."""


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The whole answer; the last event."""

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
