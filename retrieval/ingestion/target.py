"""Where articles are brought into, as those see it who bring them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from retrieval.catalogue import Catalogue
from retrieval.ingestion.indexer import Indexer
from retrieval.timestamps import Clock


class IngestTarget(Protocol):
    """An open data folder, such as a ``Library``."""

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
        """Set when vectors are to be made of what came in."""

    async def indexer(self, corpus: str) -> Indexer:
        """What brings articles into a corpus, which is made if it is new."""
