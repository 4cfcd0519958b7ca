"""The interface that ingestion needs of a library."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from retrieval.catalogue import Catalogue
from retrieval.ingestion.indexer import Indexer
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

    async def indexer(self, corpus: str) -> Indexer:
        """Return what writes articles into a corpus, which is created if necessary."""
