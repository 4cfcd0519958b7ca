"""Fetch pages from the web politely and extract their articles."""

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
    """Fetches pages and extracts articles. A page may have at most ``max_bytes``."""

    web: Crawler
    extractor: Extractor
    max_bytes: int
    respect_noai: bool = True

    async def article(self, url: str) -> IngestItem:
        """Return the article at ``url``, or why there is none. Raise ``UnreadableSource`` if the
        page can't be fetched or contains no article."""
        fetched = await self.web.page(url)
        for _ in range(_MOST_REFRESHES):
            if not (target := refresh_target(fetched)):
                break
            fetched = await self.web.page(target)
        return await read_answer(url, fetched, self.extractor, respect_noai=self.respect_noai)
