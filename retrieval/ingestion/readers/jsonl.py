"""Articles as JSON Lines, one object a line; files of any size are streamed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from retrieval.errors import InvalidRecord, InvalidURL, Note, UnreadableSource
from retrieval.extraction.metadata import declared_language
from retrieval.models import Article, IngestItem
from retrieval.text.encoding import bom_encoding, describe_size, open_plain_or_gzip
from retrieval.timestamps import Span, parse_span
from retrieval.web.urls import host_name


class JsonLines(Protocol):
    def readline(self, limit: int, /) -> bytes: ...


def read_file(path: Path, max_bytes: int) -> Iterator[IngestItem]:
    """Yield the articles of a file, labelled ``name:line``; a bad line is one rejection."""
    try:
        with open_plain_or_gzip(path) as file:
            yield from read_stream(file, str(path), max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSource("gzip-damaged") from error
    except OSError as error:
        raise UnreadableSource("not-readable", detail=error.strerror or str(error)) from error


def read_stream(stream: JsonLines, label: str, max_bytes: int) -> Iterator[IngestItem]:
    """As ``read_file``, from any binary stream. A line longer than ``max_bytes`` is skipped."""
    number = 0
    articles_seen = False
    while line := stream.readline(max_bytes + 1):
        number += 1
        place = f"{label}:{number}"
        too_long = len(line) > max_bytes
        while too_long and not line.endswith(b"\n"):
            if not (line := stream.readline(65_536)):
                break
        if too_long:
            articles_seen = True
            yield IngestItem(place, reason=Note("article-too-large", size=describe_size(max_bytes)))
            continue
        if number == 1:
            encoding = bom_encoding(line)
            if encoding and encoding != "utf-8-sig":
                raise UnreadableSource("jsonl-not-utf8", encoding=encoding.upper())
            if b"\x00" in line:
                raise UnreadableSource("jsonl-is-binary")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            articles_seen = True
            yield _read_line(place, line)
    if not articles_seen:
        raise UnreadableSource("empty-file")


def _read_line(place: str, line: bytes) -> IngestItem:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return IngestItem(place, reason=Note("line-not-utf8"))
    except json.JSONDecodeError as error:
        return IngestItem(place, reason=Note("line-not-json", detail=error.msg, column=error.colno))
    except RecursionError:
        return IngestItem(place, reason=Note("line-too-nested"))
    if not isinstance(record, dict):
        return IngestItem(place, reason=Note("line-not-an-object"))
    url, title = record.get("url"), record.get("title")
    try:
        corpus = _string(record, "corpus")
        return IngestItem(place, article=article_from_record(record), corpus=corpus)
    except InvalidRecord as error:
        return IngestItem(
            place,
            reason=error.note,
            url=url if isinstance(url, str) else None,
            title=title if isinstance(title, str) else None,
        )


def article_from_record(record: dict[str, Any]) -> Article:
    """Build an article from an object of the contract. Unknown keys are ignored.

    Raises ``InvalidRecord``, also for a URL that is none.
    """
    title = _string(record, "title")
    text = _string(record, "text")
    url = _string(record, "url")
    if title is None:
        raise InvalidRecord("title-missing")
    if text is None:
        raise InvalidRecord("text-missing")
    try:
        host = host_name(url) if url else None
    except InvalidURL as error:
        raise InvalidRecord.of(error.note) from error
    authors = record.get("authors") or []
    if isinstance(authors, str):
        authors = [authors]
    if not isinstance(authors, list) or not all(isinstance(name, str) for name in authors):
        raise InvalidRecord("authors-invalid")
    return Article(
        title=" ".join(title.split()),
        text=text,
        url=url,
        source=_string(record, "source") or host,
        authors=tuple(name.strip() for name in authors if name.strip()),
        published=_published(record.get("published_at")),
        language=declared_language(_string(record, "language")),
    )


def _string(record: dict[str, Any], key: str) -> str | None:
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidRecord("not-a-string", name=key)
    try:
        value.encode()
    except UnicodeEncodeError:  # halves of surrogate pairs
        raise InvalidRecord("invalid-characters", name=key) from None
    if "\x00" in value:
        raise InvalidRecord("invalid-characters", name=key)
    return value.strip() or None


def _published(value: object) -> Span | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidRecord("date-not-text")
    try:
        return parse_span(value)
    except ValueError as error:
        raise InvalidRecord("date-invalid", value=value[:40]) from error
