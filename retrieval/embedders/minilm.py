"""all-MiniLM-L6-v2 as ONNX, Chroma's default. Downloads 80 MB on first use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from retrieval.embedders.base import Embedder, Vectors, normalised
from retrieval.errors import EmbedderError


class MiniLmEmbedder(Embedder):
    """384 dimensions; reads at most 256 tokens of a text."""

    identity = "minilm/all-MiniLM-L6-v2"
    deferred = True
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._function: Any = None

    async def warm_up(self) -> None:
        await self.embed(["warm-up"])

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(self._embed, list(texts))

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 384), dtype=np.float32)
        from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2

        with self._lock:
            try:
                if self._function is None:
                    self._function = ONNXMiniLM_L6_V2(preferred_providers=["CPUExecutionProvider"])
                vectors = self._function(texts)
            except Exception as error:
                raise EmbedderError("minilm-not-loaded") from error
        return normalised(np.asarray(vectors, dtype=np.float32))
