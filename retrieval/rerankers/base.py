"""The interface of every reranker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RerankerOptions:
    """The model to use. ``folder`` contains its files; None downloads them once."""

    model: str = "Xenova/ms-marco-MiniLM-L-6-v2"
    folder: Path | None = None


class Reranker(ABC):
    """Scores a question and a passage together, which is more precise than comparing their
    vectors."""

    identity: str

    async def warm_up(self) -> None:
        """Load the model, however long it takes. Raise ``RerankerError``."""

    async def ready(self) -> None:
        """Load the model like ``warm_up``, but wait at most a few seconds. Raises
        ``RerankerError``."""

    @abstractmethod
    async def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return one score per passage, higher is better; only their order matters.

        Raise ``RerankerError``. Never blocks the event loop.
        """

    async def close(self) -> None:
        """Release what the reranker holds."""
