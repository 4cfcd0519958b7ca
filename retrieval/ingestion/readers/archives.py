"""Files inside files: a .zip of articles, an .epub of chapters."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from retrieval.errors import Note, UnreadableSource

_MOST_FILES = 2_000
_MOST_BYTES = 500_000_000
_CONTAINER = "META-INF/container.xml"
_OPF = "{http://www.idpf.org/2007/opf}"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of an archive: its name there and what it holds."""

    name: str
    data: bytes


def read_zip(data: bytes, max_bytes: int) -> Iterator[ArchivedFile | tuple[str, Note]]:
    """Yield the files of a zip in their order; for one that can't be had its name and the reason.

    ``max_bytes`` bounds each, unpacked. Raises ``UnreadableSource`` if it is no zip.
    """
    with _opened(data) as archive:
        total = count = 0
        for entry in archive.infolist():
            name = entry.filename
            if entry.is_dir() or _is_rubbish(name):
                continue
            count += 1
            if count > _MOST_FILES:
                yield name, Note("archive-too-many-files", most=_MOST_FILES)
                return
            try:
                content = _unpacked(archive, entry, max_bytes)
            except UnreadableSource as error:
                yield name, error.note
                continue
            total += len(content)
            if total > _MOST_BYTES:
                yield name, Note("archive-too-large")
                return
            yield ArchivedFile(name, content)


def read_epub(data: bytes, max_bytes: int) -> Iterator[ArchivedFile]:
    """Yield the pages of an e-book in their reading order.

    Raises ``UnreadableSource`` if it is none, or copy protection keeps it from being read.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    with _opened(data) as archive:
        names = set(archive.namelist())
        if "META-INF/encryption.xml" in names and "META-INF/rights.xml" in names:
            raise UnreadableSource("ebook-protected")
        try:
            container = etree.fromstring(_read(archive, _CONTAINER, max_bytes), parser)
            place = next(
                e.get("full-path") for e in container.iter() if str(e.tag).endswith("rootfile")
            )
            package = etree.fromstring(_read(archive, place, max_bytes), parser)
            hrefs = {
                item.get("id"): item.get("href")
                for item in package.iter(f"{_OPF}item")
                if item.get("media-type") in _PAGES
            }
            order = [ref.get("idref") for ref in package.iter(f"{_OPF}itemref")]
        except (etree.XMLSyntaxError, StopIteration, KeyError, TypeError, AttributeError) as error:
            raise UnreadableSource("ebook-damaged") from error
        for reference in order[:_MOST_FILES]:
            if href := hrefs.get(reference):
                name = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(href)))
                if name in names:
                    yield ArchivedFile(name, _read(archive, name, max_bytes))


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableSource("zip-damaged") from error


def _read(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    return _unpacked(archive, archive.getinfo(name), max_bytes)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    if entry.flag_bits & 0x1:
        raise UnreadableSource("archived-file-encrypted")
    try:
        with archive.open(entry) as file:
            content = file.read(max_bytes + 1)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        raise UnreadableSource("archived-file-damaged") from error
    if len(content) > max_bytes:
        raise UnreadableSource("archived-file-too-large")
    return content


def _is_rubbish(name: str) -> bool:
    """What systems add to archives: folders of macOS, hidden files."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)
