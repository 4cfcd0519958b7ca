"""Fetching from the web without being led astray.

Only http and https; every connection, redirects included, goes to an address that was resolved
once, found public and pinned; redirects, time, headers, kinds and size (unpacked) are bounded.
"""

from retrieval.web.ip_addresses import is_public
from retrieval.web.responses import FEEDS, PAGES, Fetched

__all__ = [
    "FEEDS",
    "PAGES",
    "Fetched",
    "is_public",
]
