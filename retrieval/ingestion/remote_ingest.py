"""Add articles to a corpus whose indexes another process writes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING

from retrieval.catalogue import Catalogue, Corpus
from retrieval.catalogue.notices import ARTICLES_ACCEPTED, say
from retrieval.ingestion.accepted_batch import AcceptedBatch, Settle, accept_batch
from retrieval.ingestion.pipeline import with_languages
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.executors import INGESTING
from retrieval.timestamps import Clock

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_log = logging.getLogger(__name__)

# Batches that the writer may still be indexing while the next one is read.
_AHEAD = 2
_FIRST_LOOK, _LONGEST_LOOK = 0.1, 2.0
_LONG_SECONDS = 60.0


async def accept_batches(
    catalogue: Catalogue,
    corpus: Corpus,
    batches: AsyncIterator[list[IngestItem]],
    *,
    actor: str,
    clock: Clock,
    origin: str | None = None,
    settle: Settle | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[list[tuple[IngestItem, IngestResult]]]:
    """Accept articles batch by batch, and yield each batch when the writer has indexed and shown it.

    ``settle`` writes in the same transaction as a batch's articles. Once it is ``stopped``, what was
    accepted isn't waited for. Raises as ``ArticleRepository.accept`` does.
    """

    async def settled(
        connection: AsyncConnection, outcomes: list[tuple[IngestItem, IngestResult]]
    ) -> None:
        if settle is not None:
            await settle(connection, outcomes)
        await say(connection, ARTICLES_ACCEPTED)

    waiting: deque[AcceptedBatch] = deque()
    async for batch in batches:
        known = await INGESTING.run(with_languages, batch)
        accepted = await accept_batch(
            catalogue, corpus, known, actor=actor, origin=origin, now=clock(), settle=settled
        )
        waiting.append(accepted)
        while len(waiting) > _AHEAD:
            yield await _shown(catalogue, waiting.popleft(), stopped)
    while waiting:
        yield await _shown(catalogue, waiting.popleft(), stopped)


async def _shown(
    catalogue: Catalogue, batch: AcceptedBatch, stopped: Callable[[], bool]
) -> list[tuple[IngestItem, IngestResult]]:
    look, waited = _FIRST_LOOK, 0.0
    while not stopped() and await catalogue.articles.still_accepted(batch.version_ids):
        await asyncio.sleep(look)
        waited += look
        if waited >= _LONG_SECONDS:
            _log.info("accepted articles wait to be indexed: is `newsdesk run` running?")
            waited = 0.0
        look = min(2 * look, _LONGEST_LOOK)
    return batch.outcomes()
