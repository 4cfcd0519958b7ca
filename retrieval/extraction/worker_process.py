"""The process in which pages, documents and feeds are read. It may be killed at any instant.

Frames come on standard input and go to standard output: four bytes of length, JSON, and then the
bytes of the document, or the items of a feed as one line of JSON each. The process sets its own
limits before it reads anything that may be hostile.
"""

from __future__ import annotations

import json
import logging
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from retrieval.errors import Note, UnreadableSource
from retrieval.extraction.feeds.items import FeedDocument, FeedItem
from retrieval.models import Article
from retrieval.timestamps import Span, from_micros, to_micros

_LENGTH = struct.Struct(">I")
_MEMORY_BYTES = 1_500_000_000
_CPU_SECONDS = 30

Kind = Literal["page", "pdf", "docx", "email", "feed"]


@dataclass(frozen=True, slots=True)
class ExtractionJob:
    """One document to read, with the options of ``extract_article``."""

    kind: Kind
    url: str | None = None
    charset: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    teasers: bool = False
    respect_noai: bool = True


def read_document(job: ExtractionJob, data: bytes) -> Article:
    """Return the article of a page, a PDF, a Word document or an e-mail. Raises
    ``UnreadableSource``."""
    if job.kind == "pdf":
        from retrieval.extraction.pdf import article_from_pdf

        return article_from_pdf(data, job.url)
    if job.kind in {"docx", "email"}:
        from retrieval.extraction.office import article_from_docx, article_from_email

        return article_from_docx(data) if job.kind == "docx" else article_from_email(data)
    from retrieval.extraction.article import extract_article
    from retrieval.text.encoding import decode_page

    return extract_article(
        decode_page(data, job.charset),
        job.url,
        teasers=job.teasers,
        respect_noai=job.respect_noai,
        headers=job.headers,
    )


def write_frame(stream: IO[bytes], record: dict[str, Any], data: bytes = b"") -> None:
    """Write a frame: a record for JSON, and bytes. Raises ``OSError``."""
    header = json.dumps({**record, "size": len(data)}).encode()
    stream.write(_LENGTH.pack(len(header)) + header)
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Return the next frame as its record and its bytes; None if the other side is gone."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    header = stream.read(_LENGTH.unpack(length)[0])
    try:
        record: dict[str, Any] = json.loads(header)
    except ValueError:
        return None
    data = stream.read(record["size"])
    return (record, data) if len(data) == record["size"] else None


def article_record(article: Article) -> dict[str, Any]:
    """Return an article for JSON; ``article_of`` reads it back."""
    record = {
        name: getattr(article, name)
        for name in ("title", "text", "url", "source", "language", "picture_url")
    }
    record["authors"] = list(article.authors)
    for name in ("published", "updated"):
        span = getattr(article, name)
        record[name] = [to_micros(span.start), to_micros(span.end)] if span else None
    return record


def article_of(record: dict[str, Any]) -> Article:
    """Restore an article from its record."""
    spans = {
        name: Span(*map(from_micros, record[name])) if record[name] else None
        for name in ("published", "updated")
    }
    return Article(**{**record, **spans, "authors": tuple(record["authors"])})


def feed_record(document: FeedDocument) -> dict[str, Any]:
    """Return a feed for JSON without its items, which ``feed_lines`` returns."""
    names = ("kind", "title", "children", "every")
    return {name: getattr(document, name) for name in names}


def feed_lines(document: FeedDocument) -> bytes:
    """Return the items of a feed, one line of JSON each: small enough to be parsed one at a
    time."""
    return b"\n".join(json.dumps(item.to_record()).encode() for item in document.items)


def feed_of(record: dict[str, Any], lines: bytes) -> FeedDocument:
    """Restore a feed from its record and its lines."""
    items = tuple(FeedItem.from_record(json.loads(line)) for line in lines.splitlines())
    return FeedDocument(**{**record, "children": tuple(record["children"])}, items=items)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's time limit still holds.
        return
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
    ):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            continue


def _limit_cpu() -> None:
    """Limit the processor time of this job, in case no parent is left to end it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _warm_up() -> None:
    """Load what is loaded once: models and tables."""
    from retrieval.extraction.article import extract_article

    page = (
        "<html lang=nl><h1>Een titel van vier woorden</h1><p>Door Ilse Krog</p><p>24 november 2026</p>"
        + "<p>Een eerste tekst, waarmee de detector zijn model leest en meer niet.</p>" * 5
    )
    extract_article(page, "https://courier.example/first", teasers=True)


def main() -> None:
    """Read documents until standard input ends."""
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the frames.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    logging.disable(logging.CRITICAL)
    import feedparser
    import trafilatura

    from retrieval.extraction import article
    from retrieval.extraction.feeds.parser import parse_feed

    # Imported before the limits, and before the first document is timed.
    del feedparser, trafilatura, article
    _warm_up()
    _limit()
    write_frame(answers, {"ready": True})
    while (frame := read_frame(jobs)) is not None:
        record, data = frame
        record.pop("size")
        _limit_cpu()
        try:
            job = ExtractionJob(**record)
            if job.kind == "feed":
                document = parse_feed(data, url=job.url, charset=job.charset)
                write_frame(answers, {"feed": feed_record(document)}, feed_lines(document))
            else:
                write_frame(answers, {"article": article_record(read_document(job, data))})
        except UnreadableSource as error:
            write_frame(answers, {"reason": error.note.to_record()})
        except MemoryError:
            write_frame(answers, {"reason": Note("too-large-to-read").to_record()})
        except Exception as error:  # noqa: BLE001 - a library's failure is this document's, not ours
            failure = Note("not-readable", detail=type(error).__name__)
            write_frame(answers, {"reason": failure.to_record()})


if __name__ == "__main__":
    main()
