"""The interface that ingestion needs of a library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

from retrieval.catalogue import Catalogue
from retrieval.ingestion.accepted_batch import Settle
from retrieval.ingestion.indexer import Indexer
from retrieval.models import IngestItem, IngestResult
from retrieval.timestamps import Clock


class IngestTarget(Protocol):
    """An open data folder that articles can be added to, such as a ``Library``."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def writable(self) -> bool: ...

    @property
    def data_dir(self) -> Path: ...

    @property
    def vector_backlog(self) -> asyncio.Event:
        """Return the event that is set while passages lack a vector."""

    def ingest(
        self,
        corpus: str,
        batches: AsyncIterator[list[IngestItem]],
        *,
        actor: str,
        origin: str | None = None,
        settle: Settle | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> AsyncGenerator[list[tuple[IngestItem, IngestResult]]]:
        """Add articles to a corpus and yield each batch once it is shown, whichever process indexes
        it."""

    async def indexer(self, corpus: str) -> Indexer:
        """Return what writes articles into a corpus, which is created if necessary."""
