"""A saved or fetched HTML page."""

from __future__ import annotations

from retrieval.articles import Incoming
from retrieval.decoding import decode_page
from retrieval.errors import UnreadableSource
from retrieval.extraction import extract_article


def read_page(
    label: str, data: bytes, *, url: str | None = None, charset: str | None = None
) -> Incoming:
    """Take the article out of a page; without one, the reason."""
    try:
        return Incoming(label, article=extract_article(decode_page(data, charset), url))
    except UnreadableSource as error:
        return Incoming(label, reason=error.message, url=url)
