"""What is to be written, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.answering.models import RejectedSentence, Usage
from bot.answering.observer import Observer
from bot.answering.prompt_passages import PromptPassage
from bot.answering.providers import ModelError
from bot.answering.sentence_check import VerifiedSentence


@dataclass(frozen=True, slots=True)
class PromptTask:
    """What is to be written, by the names of the prompts for its rules and for the request."""

    rules: str
    asked: str


ANSWER = PromptTask("answer_rules", "answer_question")


@dataclass(slots=True)
class GenerationResult:
    """The result of writing. ``refused``: the model says that the passages don't answer the
    question; ``cut``: it was stopped before it had finished; ``other_language``: it wrote in
    another language than requested. ``error`` ended it early."""

    passages: list[PromptPassage]
    passed: list[VerifiedSentence] = field(default_factory=list)
    dropped: list[RejectedSentence] = field(default_factory=list)
    usage: Usage | None = None
    refused: bool = False
    cut: bool = False
    other_language: bool = False
    error: ModelError | None = None
    observer: Observer = field(default_factory=Observer, repr=False)

    def take(
        self,
        result: VerifiedSentence | RejectedSentence,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
    ) -> None:
        """Store a sentence that was decided on, and pass it to ``passed`` if it may be shown."""
        self.observer.sentence_checked(result)
        if isinstance(result, VerifiedSentence):
            self.passed.append(result)
            passed(result, self.passages)
        else:
            self.dropped.append(result)

    def add_usage(self, usage: Usage | None) -> None:
        """Add the usage of one more call; None if it isn't known."""
        if usage is not None:
            self.usage = usage + self.usage if self.usage else usage

    def time_out(self, error: ModelError) -> None:
        """Record that it took too long, which no call of the model does."""
        self.observer.model_failed(error)
        self.error = error

    def begin_again(self) -> None:
        """Discard what was written so far, but not the usage."""
        self.passed.clear()
        self.dropped.clear()
        self.refused = self.cut = self.other_language = False
