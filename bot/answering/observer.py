"""What is worth counting while people are answered, told to whoever is handed in."""

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
    """How a request ended, in words for the log and by a code to count; set while it is worked on."""

    words: str = "failed"
    code: OutcomeCode = "failed"

    def end(self, code: OutcomeCode, words: str) -> None:
        self.code, self.words = code, words


class Observer(StageObserver):
    """Hears of requests, stages, sentences and calls of the model; this one does nothing with it.

    Stages are ``queue``, ``search``, ``model`` (a call, to its last word), ``verification`` (of one
    sentence) and ``posting``. Nothing that is told says who asked, where, or what.
    """

    def request(self, kind: RequestKind, outcome: RequestOutcome) -> AbstractContextManager[None]:
        """Enclose a request; ``outcome`` says in the end how it ended."""
        return nullcontext()

    def answered(self, form: str, reason: str | None = None) -> None:
        """An answer of this form is shown; ``reason`` is that of a decline."""

    def sentence_checked(self, result: VerifiedSentence | RejectedSentence) -> None:
        """A sentence that a model wrote was held against its sources."""

    def model_spent(self, usage: Usage) -> None:
        """A call that the model's server took came to this, whether it was answered or not."""

    def model_answered(self) -> None:
        """A call of the model was answered."""

    def model_failed(self, error: ModelError) -> None:
        """A call of the model failed, after all its tries."""


class Observers(Observer):
    """Several that hear the same."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._all = list(observers)

    def add(self, observer: Observer) -> None:
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
