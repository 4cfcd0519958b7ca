"""Fetching from the web without being led astray.

Only http and https; every connection, redirects included, goes to an address that was resolved
once, found public and pinned; redirects, time, headers, kinds and size (unpacked) are bounded.
"""

from retrieval.fetching.addresses import is_public
from retrieval.fetching.answers import FEEDS, PAGES, Fetched
from retrieval.fetching.fetcher import MAX_REDIRECTS, Fetcher

__all__ = ["FEEDS", "MAX_REDIRECTS", "PAGES", "Fetched", "Fetcher", "is_public"]
