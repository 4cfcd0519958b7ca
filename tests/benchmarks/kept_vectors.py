"""An embedder whose vectors are kept in a folder, so that measuring again computes none again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np

from retrieval.embedders import Embedder, Vectors, make_embedder


class KeptVectors(Embedder):
    """``inner`` with what it made before in ``folder``."""

    def __init__(self, inner: Embedder, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.inner = inner
        self.identity = inner.identity
        self.languages = inner.languages
        self._file = sqlite3.connect(folder / "vectors.sqlite3", isolation_level=None)
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, vector BLOB)")

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await self._all("passage", texts, self.inner.embed)

    async def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return await self._all("question", texts, self.inner.embed_questions)

    async def close(self) -> None:
        self._file.close()
        await self.inner.close()

    async def _all(
        self, kind: str, texts: Sequence[str], make: Callable[[Sequence[str]], Awaitable[Vectors]]
    ) -> Vectors:
        return np.array([await self._one(kind, text, make) for text in texts], dtype=np.float32)

    async def _one(
        self, kind: str, text: str, make: Callable[[Sequence[str]], Awaitable[Vectors]]
    ) -> Vectors:
        key = hashlib.sha256(f"{self.identity}\n{kind}\n{text}".encode()).digest()
        row = self._file.execute("SELECT vector FROM kept WHERE key = ?", (key,)).fetchone()
        if row is None:
            vector = (await make([text]))[0]
            row = (vector.astype("<f4").tobytes(),)
            self._file.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, *row))
        return np.frombuffer(row[0], dtype="<f4").astype(np.float32)


def kept_vectors(name: str, folder: Path) -> KeptVectors:
    """The embedder of that name, with what it made before in ``folder``."""
    return KeptVectors(make_embedder(name), folder / name)
