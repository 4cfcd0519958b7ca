"""Which reader a source gets, by its address or the ending of its name."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from retrieval.errors import UnreadableSource
from retrieval.extraction.feeds.parser import parse_feed
from retrieval.extraction.process_pool import Extractor
from retrieval.extraction.worker_process import ExtractionJob, Kind
from retrieval.ingestion.readers import feed, jsonl, pasted
from retrieval.ingestion.readers.archives import ArchivedFile, read_epub, read_zip
from retrieval.ingestion.readers.page import start_reading
from retrieval.models import IngestItem
from retrieval.text.encoding import read_bounded

KINDS = (
    ".html",
    ".htm",
    ".xhtml",
    ".pdf",
    ".docx",
    ".eml",
    ".txt",
    ".md",
    ".jsonl",
    ".xml",
    ".zip",
    ".epub",
)
# What is read in a process of its own, as what.
_DOCUMENTS: dict[str, Kind] = {
    ".html": "page",
    ".htm": "page",
    ".xhtml": "page",
    ".pdf": "pdf",
    ".docx": "docx",
    ".eml": "email",
}
# A saved feed holds many articles, a PDF many pictures.
_LARGER = {".xml": 10, ".pdf": 4, ".docx": 4, ".eml": 4, ".epub": 10, ".zip": 20}


def read_source(
    path: Path,
    max_bytes: int,
    extractor: Extractor | None = None,
    *,
    respect_noai: bool = True,
) -> Iterator[IngestItem]:
    """Yield what a file holds, lazily; pages, PDFs and feeds are read by ``extractor`` if there is one.

    What can't be read comes as an ``IngestItem`` with a reason: this never raises for bad input.
    ``max_bytes`` bounds one article; a JSON Lines file may be of any size.
    """
    return read_sources([path], max_bytes, extractor, respect_noai=respect_noai)


def read_sources(
    paths: Iterable[Path],
    max_bytes: int,
    extractor: Extractor | None = None,
    *,
    respect_noai: bool = True,
) -> Iterator[IngestItem]:
    """As ``read_source``, of one file after the other; the next pages are read ahead."""
    ahead = 2 * extractor.workers if extractor else 0
    started: deque[Callable[[], IngestItem]] = deque()
    for path in paths:
        label = str(path)
        try:
            kind = _kind(path)
            if kind in _DOCUMENTS:
                data = _filled(read_bounded(path, max_bytes * _LARGER.get(kind, 1)))
                job = ExtractionJob(_DOCUMENTS[kind], respect_noai=respect_noai)
                started.append(start_reading(label, job, data, extractor))
                while len(started) > ahead:
                    yield started.popleft()()
                continue
            while started:
                yield started.popleft()()
            if kind in {".zip", ".epub"}:
                data = _filled(read_bounded(path, max_bytes * _LARGER[kind]))
                yield from _read_archive(label, kind, data, max_bytes, extractor, respect_noai)
                continue
            if kind == ".jsonl":
                yield from jsonl.read_file(path, max_bytes)
            else:
                data = _filled(read_bounded(path, max_bytes * _LARGER.get(kind, 1)))
                yield from _read_whole(label, kind, data, extractor)
        except UnreadableSource as error:
            while started:
                yield started.popleft()()
            yield IngestItem(label, reason=error.note)
    while started:
        yield started.popleft()()


def _read_archive(
    label: str,
    kind: str,
    data: bytes,
    max_bytes: int,
    extractor: Extractor | None,
    respect_noai: bool,
) -> Iterator[IngestItem]:
    """The articles of an archive's files, labelled ``name:file``; of an e-book its chapters."""
    files = (
        read_epub(data, max_bytes)
        if kind == ".epub"
        else read_zip(data, _LARGER[".pdf"] * max_bytes)
    )
    any_file = False
    for file in files:
        any_file = True
        if not isinstance(file, ArchivedFile):
            yield IngestItem(f"{label}:{file[0]}", reason=file[1])
            continue
        inner = f"{label}:{file.name}"
        try:
            if kind == ".epub":
                job = ExtractionJob("page", respect_noai=respect_noai)
                item = start_reading(inner, job, file.data, extractor)()
                # Covers, tables of contents and the like are no articles and no failures.
                if item.article is not None:
                    yield replace(item, fetched=False)
                continue
            yield from _read_inner(inner, file, max_bytes, extractor, respect_noai)
        except UnreadableSource as error:
            yield IngestItem(inner, reason=error.note)
    if not any_file:
        raise UnreadableSource("archive-empty")


def _read_inner(
    label: str, file: ArchivedFile, max_bytes: int, extractor: Extractor | None, respect_noai: bool
) -> Iterator[IngestItem]:
    kind = Path(file.name.lower()).suffix
    if kind not in KINDS or kind in {".zip", ".epub"}:
        raise UnreadableSource("archived-type-unsupported", name=Path(file.name).name)
    data = _filled(file.data)
    if kind in _DOCUMENTS:
        job = ExtractionJob(_DOCUMENTS[kind], respect_noai=respect_noai)
        yield start_reading(label, job, data, extractor)()
    elif kind == ".jsonl":
        yield from jsonl.read_stream(io.BytesIO(data), label, max_bytes)
    else:
        yield from _read_whole(label, kind, data, extractor)


def read_stdin(stream: IO[bytes], max_bytes: int) -> Iterator[IngestItem]:
    """Standard input: JSON Lines if its first character is ``{``, else one pasted text."""
    label = "-"
    try:
        head = stream.read(4096)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            yield from jsonl.read_stream(_RejoinedStream(head, stream), label, max_bytes)
            return
        data = head + stream.read(max(0, max_bytes + 1 - len(head)))
        if len(data) > max_bytes:
            raise UnreadableSource("text-too-large")
        yield pasted.read_text(label, data)
    except UnreadableSource as error:
        yield IngestItem(label, reason=error.note)


def _kind(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    kind = Path(name).suffix
    if path.is_dir():
        raise UnreadableSource("is-a-folder")
    if not path.exists():
        raise UnreadableSource("path-not-found")
    if kind not in KINDS:
        known = ", ".join(KINDS)
        if not kind:
            raise UnreadableSource("file-type-missing", known=known)
        raise UnreadableSource("file-type-unsupported", kind=kind, known=known)
    return kind


def _read_whole(
    label: str, kind: str, data: bytes, extractor: Extractor | None
) -> Iterator[IngestItem]:
    if kind == ".xml":
        document = extractor.submit_feed(data).result() if extractor else parse_feed(data)
        yield from feed.read_items(label, document)
    elif kind == ".md":
        yield pasted.read_markdown(label, data)
    else:
        yield pasted.read_text(label, data)


def _filled(data: bytes) -> bytes:
    if not data.strip():
        raise UnreadableSource("empty-file")
    return data


class _RejoinedStream:
    """A stream whose first bytes were read already. Only what JSON Lines need of it."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readline(self, limit: int) -> bytes:
        if not self._head:
            return self._rest.readline(limit)
        end = self._head.find(b"\n") + 1
        if end:
            line, self._head = self._head[:end], self._head[end:]
            return line
        line, self._head = self._head, b""
        return line + self._rest.readline(max(0, limit - len(line)))


def document_kind(name: str, data: bytes) -> Kind:
    """What a single document is, by its first bytes and its name; a page where nothing else fits."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    return _DOCUMENTS.get(Path(name.lower().removesuffix(".gz")).suffix, "page")
