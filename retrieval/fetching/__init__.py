"""Fetching from the web without being led astray.

Only http and https; every connection, redirects included, goes to an address that was resolved
once, found public and pinned; redirects, time, headers, kinds and size (unpacked) are bounded.
"""

from retrieval.fetching.addresses import is_public
from retrieval.fetching.answers import FEEDS, PAGES, Fetched
from retrieval.fetching.fetcher import Fetcher
from retrieval.fetching.journeys import MAX_REDIRECTS, Journey, Redirected

__all__ = [
    "FEEDS", "MAX_REDIRECTS", "PAGES", "Fetched", "Fetcher", "Journey", "Redirected", "is_public",
]  # fmt: skip
