"""Make vectors after ingestion, for embedders that are slower than all the rest of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from retrieval.errors import EmbedderMismatch, NewsdeskError
from retrieval.ingestion.indexer import Indexer
from retrieval.ingestion.target import IngestTarget

_log = logging.getLogger(__name__)

_AGAIN_SECONDS = 60.0


class VectorWorker:
    """Makes the vectors that shown passages lack. What is interrupted continues the next time: the
    catalogue knows which are missing."""

    def __init__(self, target: IngestTarget) -> None:
        self._target = target

    async def run(self) -> None:
        """Make vectors whenever some are missing, until cancelled. After an error it tries again
        within a minute."""
        backlog = self._target.vector_backlog
        while True:
            backlog.clear()
            wait = None
            try:
                async for _ in self.finish():
                    pass
            except NewsdeskError as error:
                _log.warning("Vectors can't be made, which is tried again: %s", error)
                wait = _AGAIN_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await backlog.wait()

    async def lacking(self) -> int:
        """Return how many vectors are missing in all corpora."""
        lacking = await self._target.catalogue.vectors.lacking_by_corpus()
        return sum(lacking.get(each.corpus.id, 0) for each in await self._indexers())

    async def finish(self) -> AsyncIterator[int]:
        """Make all missing vectors; yield how many are made so far. The corpora take turns, so that
        a large one doesn't hold up another. Raises ``EmbedderError`` and ``StorageError``."""
        under_way = [indexer.make_vectors() for indexer in await self._indexers()]
        made = [0] * len(under_way)
        going = list(enumerate(under_way))
        try:
            while going:
                for place, steps in list(going):
                    # Whoever asks a corpus with another embedder's vectors is told so.
                    with contextlib.suppress(EmbedderMismatch):
                        if (done := await anext(steps, None)) is not None:
                            made[place] = done
                            yield sum(made)
                            continue
                    going.remove((place, steps))
        finally:
            for steps in under_way:
                await steps.aclose()

    async def _indexers(self) -> list[Indexer]:
        indexers: list[Indexer] = []
        for corpus in await self._target.catalogue.corpora.all():
            indexer = await self._target.indexer(corpus.name)
            if not indexer.makes_vectors_later:  # nor does any other: they share one embedder
                break
            indexers.append(indexer)
        return indexers
