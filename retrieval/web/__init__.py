"""Fetching from the web without being led astray.

Only http and https; every connection, redirects included, goes to an address that was resolved
once, found public and pinned; redirects, time, headers, kinds and size (unpacked) are bounded.
"""

from retrieval.web.fetcher import Fetcher
from retrieval.web.ip_addresses import is_public
from retrieval.web.redirects import MAX_REDIRECTS, RedirectChain, RedirectSeen
from retrieval.web.responses import FEEDS, PAGES, Fetched

__all__ = [
    "FEEDS",
    "MAX_REDIRECTS",
    "PAGES",
    "Fetched",
    "Fetcher",
    "RedirectChain",
    "RedirectSeen",
    "is_public",
]
