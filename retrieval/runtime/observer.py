"""Observe how far work has come and how long its parts take. By default nobody does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

# Receives the step, how much of it is done, and of how much; None if that isn't known.
Tell: TypeAlias = Callable[[str, int, int | None], None]


def tell_nobody(step: str, done: int, total: int | None) -> None:
    """Ignore progress: the ``Tell`` of those who don't want it."""


class Tally:
    """Counts how much of a known total one step has done, and reports it."""

    def __init__(self, tell: Tell, step: str, total: int) -> None:
        self._tell, self._step, self._total = tell, step, total
        self._done = 0
        self.add(0)

    def add(self, more: int) -> None:
        """Count ``more`` as done, and report the sum."""
        self._done += more
        self._tell(self._step, self._done, self._total)


class StageObserver:
    """Observes stages; this one does nothing."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Return a context manager for one stage of the work. ``name`` is one of a few."""
        return nullcontext()
