"""Responses, unpacked within limits."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from retrieval.errors import FetchRefused
from retrieval.text.encoding import describe_size

# What to ask for (the Accept header).
PAGES = "text/html,application/xhtml+xml,application/pdf;q=0.8,*/*;q=0.5"
FEEDS = "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.5"

# The headers of an answer that are kept.
_KEPT = frozenset(
    [
        "cache-control",
        "content-language",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "retry-after",
        "tdm-reservation",
        "x-robots-tag",
    ]
)
_READABLE = re.compile(
    r"text/(?!css|javascript|calendar).+|application/(?:.+\+)?(?:xml|json)|application/(?:pdf|x-pdf|rdf|atom|rss|json|gzip|x-gzip|octet-stream)|binary/octet-stream|"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LONGEST_WAIT = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: ``url`` is the last URL after redirects, ``content`` is unpacked.

    ``status`` is 200, or 304 without content for a conditional request. ``headers`` contains, by
    lower-case name, the headers for caching, robots rules and licences. ``moved`` is True if every
    redirect was permanent.
    """

    url: str
    content: bytes
    content_type: str
    charset: str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False

    @property
    def not_modified(self) -> bool:
        """Return whether nothing has changed since the last request."""
        return self.status == 304


def relevant_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers worth keeping; repeated ones are joined with commas."""
    kept: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        if key in _KEPT:
            text = value.decode("latin-1").strip()
            kept[key] = f"{kept[key]}, {text}" if key in kept else text
    return kept


def content_type(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the media type and charset. Raise ``FetchRefused`` for unsupported types."""
    value = headers.get("content-type", "")
    kind = value.partition(";")[0].strip().lower()
    if not _READABLE.fullmatch(kind):
        raise FetchRefused("content-type-unsupported", type=kind[:80])
    charset = _CHARSET.search(value)
    return kind, charset[1] if charset else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait from a Retry-After header in either form, at most a week."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value) if value.isdecimal() else _until(value, now)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_WAIT)


async def read_bounded(chunks: AsyncIterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the unpacked content. Never holds more than ``max_bytes`` and one chunk.

    Raise ``FetchRefused`` if it is too large, packed or unpacked, or can't be unpacked.
    """
    unpack = _unpacker(encoding.strip().lower())
    content = bytearray()
    arrived = 0
    try:
        async for chunk in chunks:
            arrived += len(chunk)
            content += unpack(chunk, max_bytes + 1 - len(content))
            if max(arrived, len(content)) > max_bytes:
                raise FetchRefused("page-too-large", size=describe_size(max_bytes))
        if not unpack.is_whole:
            raise FetchRefused("response-truncated", retry=True)
    except zlib.error as error:
        raise FetchRefused("response-not-decodable") from error
    return bytes(content)


class _IdentityDecoder:
    is_whole = True

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        return chunk


class _DeflateDecoder:
    """gzip and both things that servers call deflate, never more than asked for at a time."""

    def __init__(self, bits: int) -> None:
        self._raw_too = bits == zlib.MAX_WBITS
        self._inflate = zlib.decompressobj(bits)
        self._started = False

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        if self._inflate.eof:
            return b""
        try:
            out = self._inflate.decompress(chunk, max(1, limit))
        except zlib.error:
            if self._started or not self._raw_too:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            out = self._inflate.decompress(chunk, max(1, limit))
        self._started = self._started or bool(chunk)
        return out

    @property
    def is_whole(self) -> bool:
        return self._inflate.eof or not self._started


def _unpacker(encoding: str) -> _IdentityDecoder | _DeflateDecoder:
    if encoding in {"", "identity"}:
        return _IdentityDecoder()
    if encoding in {"gzip", "x-gzip"}:
        return _DeflateDecoder(zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return _DeflateDecoder(zlib.MAX_WBITS)
    raise FetchRefused("response-encoding-unexpected")


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
