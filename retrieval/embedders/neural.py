"""Sentence embeddings by a neural network that fastembed runs locally (the extra `neural`)."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from retrieval.embedders.base import Embedder, EmbedderOptions, Vectors, normalised
from retrieval.errors import EmbedderError

# The names of models for English alone say so.
_OF_ENGLISH = re.compile(r"(?:^|[-_/])en(?:$|[-_.])|all-MiniLM", re.IGNORECASE)


class NeuralEmbedder(Embedder):
    """Loads its model on first use; embeds one batch at a time."""

    deferred = True

    def __init__(self, options: EmbedderOptions) -> None:
        self.identity = f"neural/{options.neural_model}"
        if _OF_ENGLISH.search(options.neural_model):
            self.languages = frozenset({"en"})
        self._options = options
        self._model: Any = None
        self._lock = threading.Lock()

    async def warm_up(self) -> None:
        await self.embed(["warm up"])

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(self._embed, list(texts))

    def _embed(self, texts: list[str]) -> Vectors:
        with self._lock:
            if self._model is None:
                self._model = _load(self._options)
            rows = list(self._model.embed(texts))
        if not rows:
            return np.zeros((0, 0), dtype=np.float32)
        return normalised(np.asarray(rows, dtype=np.float32))


def _load(options: EmbedderOptions) -> Any:
    from retrieval.embedders.fastembed_loader import NotDownloaded, load_network

    try:
        return load_network("TextEmbedding", options.neural_model, options.neural_folder)
    except ImportError as error:
        raise EmbedderError("embedder-needs-fastembed") from error
    except NotDownloaded as error:
        raise EmbedderError(
            "embedder-not-downloaded",
            model=options.neural_model,
            origin=str(error),
            retry=True,
        ) from error
    except Exception as error:
        raise EmbedderError("embedder-not-loaded", model=options.neural_model) from error
