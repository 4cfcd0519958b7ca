"""Who hears how far work has come and how long its parts take: nobody, unless somebody is handed in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

# Hears what is being done, how much of it is, and of how much, None where nobody knows.
Tell: TypeAlias = Callable[[str, int, int | None], None]


def tell_nobody(step: str, done: int, total: int | None) -> None:
    """The ``Tell`` of who doesn't want to hear."""


class Tally:
    """Counts what one step has done of a known total, and tells it."""

    def __init__(self, tell: Tell, step: str, total: int) -> None:
        self._tell, self._step, self._total = tell, step, total
        self._done = 0
        self.add(0)

    def add(self, more: int) -> None:
        self._done += more
        self._tell(self._step, self._done, self._total)


class StageObserver:
    """Hears of stages; this one does nothing with it."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Enclose one stage of the work, from its beginning to its end. ``name`` is one of a few."""
        return nullcontext()
