"""A cross-encoder, run here by fastembed (the extra `neural`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from retrieval.errors import RerankerError
from retrieval.rerankers.base import Reranker
from retrieval.rerankers.factory import RerankerOptions


class NeuralReranker(Reranker):
    """Works on one question at a time; another one that comes meanwhile is told to do without."""

    def __init__(self, options: RerankerOptions) -> None:
        self.identity = f"neural/{options.model}"
        self._options = options
        self._model: Any = None
        self._working = threading.Lock()

    async def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        return await asyncio.to_thread(self._scores, question, list(passages))

    def _scores(self, question: str, passages: list[str]) -> list[float]:
        # A thread whose time is up can't be stopped; waiting for it would only make a queue.
        if not self._working.acquire(blocking=False):
            raise RerankerError("The reranker is busy.", retry=True)
        try:
            if self._model is None:
                self._model = _load(self._options)
            return [float(score) for score in self._model.rerank(question, passages)]
        finally:
            self._working.release()


def _load(options: RerankerOptions) -> Any:
    try:
        from fastembed.rerank.cross_encoder import TextCrossEncoder
    except ImportError as error:
        raise RerankerError(
            "The reranker neural needs fastembed; run `pip install 'newsdesk[neural]'` or set NEWSDESK_RERANKER=none."
        ) from error
    where: dict[str, Any] = {"specific_model_path": str(options.folder)} if options.folder else {}
    try:
        return TextCrossEncoder(options.model, **where)
    except Exception as error:
        raise RerankerError(
            f"The model {options.model} could not be loaded (it downloads once); check its name and the network, "
            "or set NEWSDESK_RERANKER=none."
        ) from error
