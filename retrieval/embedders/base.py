"""The interface of every embedder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """Options for embedders behind an API and neural ones. ``api_key`` is left out of ``repr``;
    ``neural_folder`` contains the network's files, None downloads them once."""

    model: str = "text-embedding-3-small"
    base_url: str | None = None
    api_key: str | None = None
    seconds: float = 30.0
    neural_model: str = "BAAI/bge-small-en-v1.5"
    neural_folder: Path | None = None

    def __repr__(self) -> str:
        return f"EmbedderOptions(model={self.model!r}, base_url={self.base_url!r})"


class Embedder(ABC):
    """Turns texts into vectors.

    ``identity`` is the full name of the model. Collections record it, and vectors with different
    identities are never compared.
    """

    identity: str
    # Whether embedding is so much slower than the rest of ingestion that articles are shown before
    # they have vectors.
    deferred: bool = False
    # The languages whose meaning it captures; None for so many that the others don't matter.
    languages: frozenset[str] | None = None

    async def warm_up(self) -> None:
        """Load what the first call would otherwise wait for."""

    @abstractmethod
    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return an array of shape ``(len(texts), dimensions)`` whose rows have length 1.

        Raise ``EmbedderError``. Never blocks the event loop.
        """

    async def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Like ``embed``, for questions: some models treat questions and passages differently."""
        return await self.embed(texts)

    async def close(self) -> None:
        """Release what the embedder holds."""


def normalised(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def nearest_rows(cosines: Vectors, limit: int) -> NDArray[np.intp]:
    """Return the rows with the largest of ``cosines``, shape ``(rows,)``, best first; of equals the
    first."""
    best = np.arange(len(cosines))
    if len(cosines) > limit:
        best = np.sort(np.argpartition(-cosines, limit)[:limit])
    found: NDArray[np.intp] = best[np.argsort(-cosines[best], kind="stable")]
    return found


def packed(vectors: Vectors) -> list[bytes]:
    """Return each row as little-endian float16: half the size, without changing any rank."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def unpacked(rows: Sequence[bytes | None], dimensions: int) -> Vectors:
    """Return the rows again, shape ``(len(rows), dimensions)``; a missing row is zeros."""
    nothing = bytes(2 * dimensions)
    joined = b"".join(row if row and len(row) == len(nothing) else nothing for row in rows)
    return np.frombuffer(joined, dtype="<f2").reshape(-1, dimensions).astype(np.float32)
