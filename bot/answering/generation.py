"""What is to be written, and what came of it."""

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
    """What is to be written: the prompts for its rules and for what is asked, by name."""

    rules: str
    asked: str


ANSWER = PromptTask("answer_rules", "answer_question")


@dataclass(slots=True)
class GenerationResult:
    """What came of it. ``refused``: the model says that the passages do not answer the question.
    ``cut``: it was stopped before it had finished. ``other_language``: it wrote in another one than
    it was asked to. ``error`` ended it early."""

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
        """Keep a sentence that was decided on, and tell ``passed`` if it may be shown."""
        self.observer.sentence_checked(result)
        if isinstance(result, VerifiedSentence):
            self.passed.append(result)
            passed(result, self.passages)
        else:
            self.dropped.append(result)

    def add_usage(self, usage: Usage | None) -> None:
        """Add what one more call took, None if nothing is known of it."""
        if usage is not None:
            self.usage = usage + self.usage if self.usage else usage

    def time_out(self, error: ModelError) -> None:
        """End it early, since it took too long: which no call of the model tells."""
        self.observer.model_failed(error)
        self.error = error

    def begin_again(self) -> None:
        """Forget what was written so far, not what it took."""
        self.passed.clear()
        self.dropped.clear()
        self.refused = self.cut = self.other_language = False
