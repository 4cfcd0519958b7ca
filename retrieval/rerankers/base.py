"""What every reranker does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RerankerOptions:
    """``folder`` holds the model's files; None downloads them once."""

    model: str = "Xenova/ms-marco-MiniLM-L-6-v2"
    folder: Path | None = None


class Reranker(ABC):
    """Reads question and passage together, which finds more than comparing their vectors."""

    identity: str

    async def warm_up(self) -> None:
        """Load what it needs, however long that takes. Raises ``RerankerError``."""

    async def ready(self) -> None:
        """As ``warm_up``, but wait a few seconds at most."""

    @abstractmethod
    async def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """One score for each passage, the higher the better; only their order means something.

        Raises ``RerankerError``. Never blocks the event loop.
        """

    async def close(self) -> None:
        """Give back what the reranker holds."""
