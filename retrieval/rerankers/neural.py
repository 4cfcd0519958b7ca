"""A cross-encoder (Nogueira and Cho, 2019) that fastembed runs locally (the extra `neural`)."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from retrieval.errors import RerankerError
from retrieval.rerankers.base import Reranker, RerankerOptions

_log = logging.getLogger(__name__)

_LOADING_SECONDS = 5.0
_AGAIN_SECONDS = 600.0


class NeuralReranker(Reranker):
    """Loads its model on first use, in the background: questions wait a moment for it, then do
    without. It works on one question at a time; a second one that comes meanwhile does without
    too."""

    def __init__(self, options: RerankerOptions) -> None:
        self.identity = f"neural/{options.model}"
        self._options = options
        self._loading: Future[Any] | None = None
        self._began = 0.0
        self._told = False
        self._working = threading.Lock()

    async def warm_up(self) -> None:
        await asyncio.shield(asyncio.wrap_future(self._load()))

    async def ready(self) -> None:
        await self._loaded()

    async def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        model = await self._loaded()
        return await asyncio.to_thread(self._scores, model, question, list(passages))

    async def _loaded(self) -> Any:
        loading = self._load()
        left = max(0.0, self._began + _LOADING_SECONDS - time.monotonic())
        try:
            async with asyncio.timeout(None if loading.done() else left):
                return await asyncio.shield(asyncio.wrap_future(loading))
        except TimeoutError:
            late = RerankerError("reranker-loading", model=self._options.model, retry=True)
            self._tell(late)
            raise late from None
        except RerankerError as error:
            self._tell(error)
            raise

    def _load(self) -> Future[Any]:
        """Return the outcome of loading, which begins here, and again some minutes after it
        failed."""
        now = time.monotonic()
        done = self._loading
        if done is None or (
            done.done() and done.exception() and now > self._began + _AGAIN_SECONDS
        ):
            self._loading, self._began = done, now = Future(), now
            # Not a thread of a pool: the end of the program doesn't wait for it.
            threading.Thread(
                target=_load_into, args=(done, self._options), name="reranker", daemon=True
            ).start()
        return done

    def _tell(self, error: RerankerError) -> None:
        """Log an error once, for the operator; those who ask get the order of the search."""
        if error.retry and not self._told:
            self._told = True
            _log.error("Answers go without the reranker for now: %s", error)

    def _scores(self, model: Any, question: str, passages: list[str]) -> list[float]:
        # A thread whose time is up can't be stopped; waiting for it would only make a queue.
        if not self._working.acquire(blocking=False):
            raise RerankerError("reranker-busy", retry=True)
        try:
            return [float(score) for score in model.rerank(question, passages)]
        finally:
            self._working.release()


def _load_into(future: Future[Any], options: RerankerOptions) -> None:
    try:
        future.set_result(_load(options))
    except BaseException as error:  # noqa: BLE001 - handed over to those who wait
        future.set_exception(error)


def _load(options: RerankerOptions) -> Any:
    from retrieval.embedders.fastembed_loader import NotDownloaded, load_network

    try:
        return load_network("TextCrossEncoder", options.model, options.folder)
    except ImportError as error:
        raise RerankerError("reranker-needs-fastembed") from error
    except NotDownloaded as error:
        raise RerankerError(
            "reranker-not-downloaded",
            model=options.model,
            origin=str(error),
            retry=True,
        ) from error
    except Exception as error:
        raise RerankerError("reranker-not-loaded", model=options.model) from error
