"""Which reader a source gets, by its address or the ending of its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from retrieval.articles import Incoming
from retrieval.decoding import read_bounded
from retrieval.errors import UnreadableSource
from retrieval.readers import feed, jsonl, page, pasted

KINDS = (".html", ".htm", ".txt", ".md", ".jsonl", ".xml")


def read_source(path: Path, max_bytes: int) -> Iterator[Incoming]:
    """Yield what a file holds, lazily.

    What can't be read comes as an ``Incoming`` with a reason: this never raises for bad input.
    ``max_bytes`` bounds one article; a JSON Lines file may be of any size.
    """
    label = str(path)
    try:
        kind = _kind(path)
        if kind == ".jsonl":
            yield from jsonl.read_file(path, max_bytes)
            return
        # A saved feed holds many articles.
        limit = max_bytes * 10 if kind == ".xml" else max_bytes
        yield from _read_whole(label, kind, read_bounded(path, limit))
    except UnreadableSource as error:
        yield Incoming(label, reason=error.message)


def read_stdin(stream: IO[bytes], max_bytes: int) -> Iterator[Incoming]:
    """Standard input: JSON Lines if its first character is ``{``, else one pasted text."""
    label = "-"
    try:
        head = stream.read(4096)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            yield from jsonl.read_stream(_Rejoined(head, stream), label, max_bytes)
            return
        data = head + stream.read(max(0, max_bytes + 1 - len(head)))
        if len(data) > max_bytes:
            raise UnreadableSource("it is larger than one article may be")
        yield pasted.read_text(label, data)
    except UnreadableSource as error:
        yield Incoming(label, reason=error.message)


def _kind(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    kind = Path(name).suffix
    if path.is_dir():
        raise UnreadableSource("it is a folder; name the files in it")
    if not path.exists():
        raise UnreadableSource("there is no such file")
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise UnreadableSource(f"files ending in {kind or 'nothing'} can't be read, only {known} (and .gz of these)")  # fmt: skip
    return kind


def _read_whole(label: str, kind: str, data: bytes) -> Iterator[Incoming]:
    if not data.strip():
        raise UnreadableSource("the file is empty")
    if kind == ".xml":
        yield from feed.read_feed(label, data)
    elif kind == ".md":
        yield pasted.read_markdown(label, data)
    elif kind == ".txt":
        yield pasted.read_text(label, data)
    else:
        yield page.read_page(label, data)


class _Rejoined:
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
