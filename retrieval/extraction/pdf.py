"""PDFs to articles, through pypdf."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import datetime
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.models import Article
from retrieval.text.language import detect_language
from retrieval.timestamps import Span, parse_span
from retrieval.web.urls import host_name

_PAGES = 300
_MOST_CHARS = 3_000_000
_LEAST_LETTERS = 100
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": None})  # fmt: skip
_PAGE_NUMBER = re.compile(r"\W*(?:(?:page|seite|p\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|de)\s*\d{1,4})?\W*", re.IGNORECASE)  # fmt: skip
_NO_TITLE = re.compile(r"untitled.*|microsoft word\b.*|(?:doc|document|layout|print|slide)\s?\d*|\S+\.(?:pdf|docx?|indd|qxp|qxd|rtf|odt|tex|dvi|html?|pptx?)|\W*|https?:\S+|about:blank", re.IGNORECASE)  # fmt: skip
_SENTENCE_END = re.compile(r"[.!?…:][\"”’»)\]]*$")
_WORD = re.compile(r"[^\W\d_]")
# Lines at the top and the bottom of a page where its furniture stands.
_MARGIN = 3


def article_from_pdf(data: bytes, url: str | None) -> Article:
    """The text of a PDF as an article; title, authors and date from its metadata.

    Raises ``UnreadableSource`` for one that is encrypted, damaged or holds pictures of text only.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableSource("the PDF is encrypted; save it without a password")
        pages = _pages(reader)
        said = reader.metadata
        title, names, published = _title(said), _authors(said), _date(said)
    except (DependencyError, NotImplementedError) as error:
        raise UnreadableSource("the PDF is encrypted; save it without a password") from error
    except (PyPdfError, RecursionError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError) as error:  # fmt: skip
        raise UnreadableSource("it is no PDF, or a damaged one") from error
    blocks = _paragraphs(_without_furniture(pages))
    text = "\n\n".join(blocks)
    if len(_WORD.findall(text)) < _LEAST_LETTERS:
        raise UnreadableSource("the PDF holds pictures, not text; run text recognition (OCR) over it first")  # fmt: skip
    if title is None:
        title, text = _first_line(blocks)
    return Article(
        title=title,
        text=text,
        url=url,
        source=host_name(url) if url else None,
        authors=names,
        published=published,
        language=detect_language(text),
    )


def _pages(reader: Any) -> list[list[str]]:
    pages = []
    size = 0
    for number, page in enumerate(reader.pages):
        if number >= _PAGES or size > _MOST_CHARS:
            break
        text = (page.extract_text() or "").translate(_LIGATURES)
        size += len(text)
        pages.append([" ".join(line.split()) for line in text.split("\n")])
    return pages


def _without_furniture(pages: list[list[str]]) -> list[str]:
    """Lines of all pages but page numbers and what stands at the edge of page after page."""
    seen = Counter(
        mark for lines in pages for mark in {_mark(line) for line in _edges(lines)} if mark
    )
    repeated = {mark for mark, count in seen.items() if count >= max(3, len(pages) // 3)}
    kept: list[str] = []
    for lines in pages:
        filled = [place for place, line in enumerate(lines) if line]
        edges = set(filled[:_MARGIN] + filled[-_MARGIN:])
        outermost = set(filled[:1] + filled[-1:])
        for place, line in enumerate(lines):
            if place in edges and _mark(line) in repeated:
                continue
            if place in outermost and _PAGE_NUMBER.fullmatch(line):
                continue
            kept.append(line)
    return kept


def _edges(lines: list[str]) -> list[str]:
    filled = [line for line in lines if line]
    return filled[:_MARGIN] + filled[-_MARGIN:]


def _mark(line: str) -> str:
    """A line but for its numbers, which change from page to page."""
    return re.sub(r"\d+", "#", line).strip().lower()


def _paragraphs(lines: list[str]) -> list[str]:
    """Join lines to paragraphs: one ends at an empty line, or after a short line with a stop."""
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[int(len(lengths) * 0.8)] if lengths else 0
    blocks: list[str] = []
    current = ""
    for line in lines:
        if line:
            current = _joined(current, line)
        ends = not line or (len(line) < 0.8 * width and _SENTENCE_END.search(line))
        # A heading: short, without a stop, where a paragraph could begin.
        ends = ends or (current == line and len(line) < 0.6 * width)
        if current and ends:
            blocks.append(current)
            current = ""
    return [*blocks, current] if current else blocks


def _joined(before: str, line: str) -> str:
    if not before:
        return line
    # A word that was parted at the end of a line; "Anglo-" before a capital keeps its hyphen.
    if before.endswith("-") and before[-2:-1].isalpha():
        return before[:-1] + line if line[0].islower() else before + line
    return f"{before} {line}"


def _first_line(blocks: list[str]) -> tuple[str, str]:
    """A heading at the top is the title, and no part of the text then."""
    first, rest = blocks[0], blocks[1:]
    if rest and len(first) <= 200 and not first.endswith("."):
        return first, "\n\n".join(rest)
    return first if len(first) <= 120 else first[:119].rsplit(" ", 1)[0] + "…", "\n\n".join(blocks)


def _title(said: Any) -> str | None:
    title = " ".join(str(said.title).split()) if said and said.title else ""
    return title if len(title) > 3 and not _NO_TITLE.fullmatch(title) else None


def _authors(said: Any) -> tuple[str, ...]:
    names = re.split(r"\s*[;,]\s*", str(said.author)) if said and said.author else []
    return tuple(name for name in names if 2 < len(name) <= 60 and " " in name)[:12]


def _date(said: Any) -> Span | None:
    try:
        made: datetime | None = said.creation_date if said else None
        return parse_span(made.isoformat()) if made and made.year >= 1900 else None
    except (ValueError, TypeError, OverflowError):
        return None
