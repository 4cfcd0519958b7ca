"""Pages from the web, politely fetched and read."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.extraction.process_pool import Extractor
from retrieval.ingestion.readers.url import read_answer, refresh_target
from retrieval.models import IngestItem
from retrieval.web.crawler import Crawler

# How often a page may send its readers on.
_MOST_REFRESHES = 3


@dataclass(frozen=True, slots=True)
class PageLoader:
    """What fetches pages and what takes the articles out of them. ``max_bytes`` bounds one."""

    web: Crawler
    extractor: Extractor
    max_bytes: int
    respect_noai: bool = True

    async def article(self, url: str) -> IngestItem:
        """The article at ``url``, or why there is none. Raises ``UnreadableSource`` if the page
        can't be had or holds nothing that could be one."""
        fetched = await self.web.page(url)
        for _ in range(_MOST_REFRESHES):
            if not (target := refresh_target(fetched)):
                break
            fetched = await self.web.page(target)
        return await read_answer(url, fetched, self.extractor, respect_noai=self.respect_noai)
