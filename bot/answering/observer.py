"""What is counted while people get answers, reported to an observer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

from bot.answering.models import RejectedSentence, Usage
from bot.answering.providers import ModelError
from bot.answering.sentence_check import VerifiedSentence
from retrieval.runtime.observer import StageObserver

RequestKind = Literal["question", "summary"]
OutcomeCode = Literal[
    "answered",
    "declined",
    "no-choice",
    "not-shown",
    "cut-short",
    "deleted",
    "dropped",
    "refused",
    "failed",
]


@dataclass(slots=True)
class RequestOutcome:
    """How a request ended, in words for the log and as a code to count; set during the request."""

    words: str = "failed"
    code: OutcomeCode = "failed"

    def end(self, code: OutcomeCode, words: str) -> None:
        """Set how the request ended."""
        self.code, self.words = code, words


class Observer(StageObserver):
    """Receives requests, stages, sentences and model calls. This one ignores them.

    Stages are ``queue``, ``search``, ``model`` (one call, to its last word), ``verification`` (of
    one sentence) and ``posting``. Nothing reported says who asked, where, or what.
    """

    def request(self, kind: RequestKind, outcome: RequestOutcome) -> AbstractContextManager[None]:
        """Enclose a request. ``outcome`` says at the end how it ended."""
        return nullcontext()

    def answered(self, form: str, reason: str | None = None) -> None:
        """Report that an answer of this form was shown; ``reason`` is set for a decline."""

    def sentence_checked(self, result: VerifiedSentence | RejectedSentence) -> None:
        """Report the result of checking a sentence that a model wrote."""

    def model_spent(self, usage: Usage) -> None:
        """Report the usage of a call that the model's server accepted, whether it was answered or
        not."""

    def model_answered(self) -> None:
        """Report that a call was answered."""

    def model_failed(self, error: ModelError) -> None:
        """Report that a call failed after all attempts."""


class Observers(Observer):
    """Forwards everything to several observers."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._all = list(observers)

    def add(self, observer: Observer) -> None:
        """Add an observer."""
        self._all.append(observer)

    def stage(self, name: str) -> AbstractContextManager[None]:
        return _together([each.stage(name) for each in self._all])

    def request(self, kind: RequestKind, outcome: RequestOutcome) -> AbstractContextManager[None]:
        return _together([each.request(kind, outcome) for each in self._all])

    def answered(self, form: str, reason: str | None = None) -> None:
        for each in self._all:
            each.answered(form, reason)

    def sentence_checked(self, result: VerifiedSentence | RejectedSentence) -> None:
        for each in self._all:
            each.sentence_checked(result)

    def model_spent(self, usage: Usage) -> None:
        for each in self._all:
            each.model_spent(usage)

    def model_answered(self) -> None:
        for each in self._all:
            each.model_answered()

    def model_failed(self, error: ModelError) -> None:
        for each in self._all:
            each.model_failed(error)


@contextlib.contextmanager
def _together(parts: Sequence[AbstractContextManager[None]]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield
