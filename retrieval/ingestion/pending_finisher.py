"""Index and show what other processes have accepted."""

from __future__ import annotations

import asyncio
import logging

from retrieval.catalogue.notices import ARTICLES_ACCEPTED
from retrieval.errors import NewsdeskError
from retrieval.ingestion.target import IngestTarget

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_AGAIN_SECONDS = 30.0


class PendingFinisher:
    """Finishes, in the process that writes the indexes, the articles that workers accepted; the
    corpora take turns."""

    def __init__(self, library: IngestTarget) -> None:
        self._library = library
        # Corpora that can't be indexed at present, with when to try again.
        self._failed: dict[int, float] = {}

    async def run(self) -> None:
        """Finish articles as they are accepted, until cancelled. Raises ``StorageError`` if the
        database can't be read."""
        notices = self._library.catalogue.database.notices
        async with notices.listen(ARTICLES_ACCEPTED) as accepted:
            while True:
                if not await self.finish_some():
                    await accepted.wait(_LOOK_SECONDS)

    async def finish_some(self) -> int:
        """Finish a batch of each corpus that has any. Return how many articles that were."""
        unfinished = await self._library.catalogue.articles.corpora_with_accepted()
        if not unfinished:
            return 0
        now, finished = asyncio.get_running_loop().time(), 0
        for corpus in await self._library.catalogue.corpora.all():
            if corpus.id not in unfinished or self._failed.get(corpus.id, 0) > now:
                continue
            try:
                indexer = await self._library.indexer(corpus.name)
                finished += await indexer.finish_accepted()
                self._failed.pop(corpus.id, None)
            except NewsdeskError as error:
                # Say another embedder's vectors, or an index that is being mended: others go on.
                _log.warning("%s: accepted articles can't be indexed yet: %s", corpus.name, error)
                self._failed[corpus.id] = now + _AGAIN_SECONDS
        return finished
