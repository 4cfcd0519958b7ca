"""Read PDFs as articles, with PDFium."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

from retrieval.errors import EmbedderError, UnreadableSource
from retrieval.extraction.authors import names_in
from retrieval.extraction.dates import parse_date
from retrieval.extraction.pdf_layout import COLUMN_END, TextBox, lines_of
from retrieval.extraction.wording import tidy
from retrieval.models import Article
from retrieval.text.language import detect_language
from retrieval.text.wordllama_files import TOKENIZER, wordllama_file
from retrieval.timestamps import Span
from retrieval.web.urls import host_name

_PAGES = 300
_MOST_CHARS = 3_000_000
_LEAST_LETTERS = 100
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": None}
)
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|de)\s*\d{1,4})?\W*", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"untitled.*|microsoft word\b.*|(?:doc|document|layout|print|slide)\s?\d*|\S+\.(?:pdf|docx?|indd|qxp|qxd|rtf|odt|tex|dvi|html?|pptx?)|\W*|https?:\S+|about:blank",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…:。！？；।؟][\"”’»)\]」』]*$")
_STOP = re.compile(r"[.。।．][\"”’»)\]」』]*$")
_WORD = re.compile(r"[^\W\d_]")
_WHOLE_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_LINE_END_HYPHEN = re.compile("[\x02\ufffe\u00ad](?=\\s*$)")
_PDF_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d'?\d{0,2})?")
_MOST_PIECES = 50_000
# Shorter halves of a word aren't words of their own.
_LEAST_LEFT, _LEAST_RIGHT = 3, 4
# The least height of a line as a share of its font's, which is read from so many letters.
_LEAST_HEIGHT, _SAMPLED = 0.9, 60
# How many lines at the top and the bottom of a page may be headers and footers.
_MARGIN = 3


def article_from_pdf(data: bytes, url: str | None) -> Article:
    """Return the text of a PDF as an article, with title, authors and date from its metadata. Reads
    300 pages at most.

    Raises ``UnreadableSource`` (``pdf-encrypted``, ``pdf-damaged``, ``pdf-blank``,
    ``pdf-without-text``).
    """
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
        try:
            pages = _pages(document)
            said = document.get_metadata_dict()
            is_blank = not any(pages) and not _draws(document)
        finally:
            document.close()
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise UnreadableSource("pdf-encrypted") from error
        raise UnreadableSource("pdf-damaged") from error
    title, names, published = _title(said), _authors(said), _date(said)
    blocks = _paragraphs(_without_furniture(pages))
    text = "\n\n".join(blocks)
    if is_blank:
        raise UnreadableSource("pdf-blank")
    if len(_WORD.findall(text)) < _LEAST_LETTERS:
        raise UnreadableSource("pdf-without-text")
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


def _pages(document: Any) -> list[list[str]]:
    pages = []
    size = 0
    for number in range(min(len(document), _PAGES)):
        if size > _MOST_CHARS:
            break
        page = document[number]
        lines = [tidy(line.translate(_LIGATURES)) for line in lines_of(_boxes(page))]
        page.close()
        size += sum(map(len, lines))
        pages.append(lines)
    return pages


def _draws(document: Any) -> bool:
    """Return whether anything is drawn on a page."""
    for number in range(min(len(document), _PAGES)):
        page = document[number]
        drawn = next(iter(page.get_objects(max_depth=1)), None) is not None
        page.close()
        if drawn:
            return True
    return False


def _boxes(page: Any) -> list[TextBox]:
    text = page.get_textpage()
    boxes = []
    try:
        least = _LEAST_HEIGHT * _font_height(text)
        for number in range(min(text.count_rects(), _MOST_PIECES)):
            left, bottom, right, top = text.get_rect(number)
            words = text.get_text_bounded(left, bottom, right, top)
            top = max(top, bottom + least)
            # PDFium returns a hyphen at the end of a line as one of these.
            words = _LINE_END_HYPHEN.sub("-", words)
            boxes.append(TextBox(" ".join(words.split()), left, bottom, right, top))
    finally:
        text.close()
    return boxes


def _font_height(text: Any) -> float:
    """Return the median height of a page's letters in points, by their font: if a font is missing,
    what is drawn of them has no height."""
    count = text.count_chars()
    places = range(0, count, max(1, count // _SAMPLED))
    heights = sorted(
        top - bottom for _, bottom, _, top in (text.get_charbox(n, loose=True) for n in places)
    )
    return heights[len(heights) // 2] if heights else 0.0


def _without_furniture(pages: list[list[str]]) -> list[str]:
    """Return the lines of all pages without page numbers, headers and footers."""
    seen = Counter(
        mark for lines in pages for mark in {_mark(line) for line in _edges(lines)} if mark
    )
    repeated = {mark for mark, count in seen.items() if count >= max(3, len(pages) // 3)}
    kept: list[str] = []
    for lines in pages:
        filled = [place for place, line in enumerate(lines) if line.strip()]
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
    filled = [line for line in lines if line.strip()]
    return filled[:_MARGIN] + filled[-_MARGIN:]


def _mark(line: str) -> str:
    """Return a line with its numbers masked, which change from page to page."""
    return re.sub(r"\d+", "#", line).strip().lower()


def _paragraphs(laid_out: list[str]) -> list[str]:
    """Join lines to paragraphs: one ends at an empty line, or after a short line with a full
    stop."""
    lines = [line.strip(COLUMN_END) for line in laid_out]
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[int(len(lengths) * 0.8)] if lengths else 0
    words = Counter(word.lower() for line in lines for word in _WHOLE_WORD.findall(line))
    blocks: list[str] = []
    current = before = ""
    for place, line in enumerate(lines):
        if line:
            before = line
            current = _joined(current, line, words)
        # A column or a page may end in the middle of a sentence.
        goes_on = (
            not line
            and current
            and not _SENTENCE_END.search(current)
            and _goes_on(
                lines,
                place,
                is_full=laid_out[place] == COLUMN_END and len(before) >= 0.8 * width,
            )
        )
        is_last = len(line) < 0.8 * width and bool(_SENTENCE_END.search(line))
        ends = (not line and not goes_on) or (bool(line) and is_last)
        # A heading: short, without a full stop, where a paragraph could begin.
        is_heading = current == line and bool(line) and len(line) < 0.6 * width
        ends = ends or (is_heading and not line.endswith("-"))
        if current and ends:
            blocks.append(current)
            current = ""
    return [*blocks, current] if current else blocks


def _goes_on(lines: list[str], place: int, *, is_full: bool) -> bool:
    """Return whether the next line continues a sentence; in scripts without capitals any line may,
    after a column whose last line ``is_full``."""
    first = next((line for line in lines[place:] if line), "")[:1]
    return first.islower() or (is_full and first.isalpha() and not first.isupper())


def _joined(before: str, line: str, words: Counter[str]) -> str:
    if not before:
        return line
    if before.endswith("-") and before[-2:-1].isalpha():
        return before + line if _keeps_hyphen(before, line, words) else before[:-1] + line
    # Scripts without spaces have none at the end of a line either.
    glue = "" if _UNSPACED.fullmatch(before[-1]) and _UNSPACED.fullmatch(line[0]) else " "
    return f"{before}{glue}{line}"


def _keeps_hyphen(before: str, line: str, words: Counter[str]) -> bool:
    """Return whether a hyphen at the end of a line belongs to the word: before a capital or a
    digit, or between two words that also stand alone, if they aren't one word without it."""
    first = _WHOLE_WORD.findall(before[:-1])
    second = _WHOLE_WORD.findall(line)
    if not line[0].islower() or not first or not second:
        return True
    left, right = first[-1].lower(), second[0].lower()
    if (
        words[left + right]
        or words[f"{left}-{right}"]
        or len(left) < _LEAST_LEFT
        or len(right) < _LEAST_RIGHT
    ):
        return bool(words[f"{left}-{right}"])
    known = _common_words()
    if left + right in known:
        return False
    return all(half in known or words[half] > 1 for half in (left, right))


@cache
def _common_words() -> frozenset[str]:
    """Return the whole words in the vocabulary of the embedder that ships with the program."""
    try:
        listed = wordllama_file(TOKENIZER).read_text("utf-8")
        vocabulary = json.loads(listed)["model"]["vocab"]
    except (EmbedderError, OSError, ValueError, KeyError):
        return frozenset()
    return frozenset(
        token[1:].lower() for token in vocabulary if token.startswith("▁") and token[1:].isalpha()
    )


def _first_line(blocks: list[str]) -> tuple[str, str]:
    """Split off a heading at the top as the title, or else return the beginning of the text as the
    title."""
    first, rest = blocks[0], blocks[1:]
    if rest and len(first) <= 200 and not _STOP.search(first):
        return first, "\n\n".join(rest)
    return first if len(first) <= 120 else first[:119].rsplit(" ", 1)[0] + "…", "\n\n".join(blocks)


def _title(said: dict[str, str]) -> str | None:
    title = " ".join(tidy(said.get("Title", "")).split())
    return title if len(title) > 3 and not _NO_TITLE.fullmatch(title) else None


def _authors(said: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        name for name in names_in([said.get("Author", "")]) if len(name) > 2 and " " in name
    )


def _date(said: dict[str, str]) -> Span | None:
    """Read the creation date, such as ``D:20261129205022+01'00'``."""
    found = _PDF_DATE.match(said.get("CreationDate", ""))
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    time = f" {hour}:{minute or '00'}:{second or '00'}" if hour else ""
    return parse_date(
        f"{year}-{month or '01'}-{day or '01'}{time} {(zone or '').replace(chr(39), '')}"
    )
