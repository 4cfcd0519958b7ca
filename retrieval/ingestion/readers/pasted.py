"""Text that a person pasted, or saved as .txt or .md."""

from __future__ import annotations

import re
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.ingestion.pasted_text import PastedText, clean_pasted
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.models import Article, IngestItem
from retrieval.text.encoding import decode_text
from retrieval.timestamps import parse_span

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_WORD = re.compile(r"\w")


def read_text(label: str, data: bytes) -> IngestItem:
    """A plain text, cleaned of what was copied along with it."""
    try:
        return IngestItem(label, article=article_from_text(decode_text(data)))
    except UnreadableSource as error:
        return IngestItem(label, reason=error.note)


def read_pasted(label: str, record: dict[str, Any]) -> IngestItem:
    """A pasted text with what is known of it: keys of an article, of which the text is enough."""
    try:
        pasted = clean_pasted(str(record.get("text", "")))
        _require_words(pasted)
        title = record.get("title") or pasted.title or _lead(pasted.text)
        text = pasted.text
        if pasted.title and pasted.title != title:
            text = f"{pasted.title}\n\n{text}"
        article = article_from_record({**record, "title": title, "text": text})
        return IngestItem(label, article=article)
    except UnreadableSource as error:
        return IngestItem(label, reason=error.note)


def article_from_text(text: str) -> Article:
    """Raises ``UnreadableSource`` if nothing is left after cleaning."""
    pasted = clean_pasted(text)
    _require_words(pasted)
    return Article(title=pasted.title or _lead(pasted.text), text=pasted.text)


def read_markdown(label: str, data: bytes) -> IngestItem:
    """Markdown, with optional YAML front matter holding keys of an article."""
    try:
        text = decode_text(data)
        front: dict[str, Any] = {}
        if match := _FRONT_MATTER.match(text):
            front, text = _front_matter(match[1]), text[match.end() :]
        pasted = clean_pasted(_plain(text))
        _require_words(pasted)
        title = front.pop("title", None) or pasted.title or _lead(pasted.text)
        article = article_from_record({**front, "title": title, "text": pasted.text})
        return IngestItem(label, article=article)
    except UnreadableSource as error:
        return IngestItem(label, reason=error.note)


def _require_words(pasted: PastedText) -> None:
    if not _WORD.search(pasted.text):
        raise UnreadableSource("no-text")


def _lead(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 120 else line[:119].rsplit(" ", 1)[0] + "…"


def _front_matter(block: str) -> dict[str, Any]:
    import yaml

    try:
        # BaseLoader leaves every scalar a string, so that a date stays as it was written.
        loaded = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds only strings, lists and dicts
    except yaml.YAMLError as error:
        raise UnreadableSource("front-matter-invalid") from error
    if not isinstance(loaded, dict):
        return {}
    known = {"url", "title", "source", "authors", "published_at", "language"}
    front = {key: value for key, value in loaded.items() if key in known}
    for alias, key in (("author", "authors"), ("link", "url"), ("publisher", "source")):
        if alias in loaded:
            front.setdefault(key, loaded[alias])
    if "published_at" not in front and isinstance(date := loaded.get("date"), str):
        # Blog engines write dates in their own ways; only a readable one is taken over.
        try:
            parse_span(date)
            front["published_at"] = date
        except ValueError:
            pass
    return front


def _plain(markdown: str) -> str:
    """The words of a Markdown text: no marks, link targets or images; blocks stay paragraphs."""
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "inline":
            parts = [
                "\n" if child.type in {"softbreak", "hardbreak"} else child.content
                for child in token.children or []
                if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
            ]
            blocks.append("".join(parts))
        elif token.type in {"fence", "code_block"}:
            blocks.append(token.content.strip())
    return "\n\n".join(block for block in blocks if block.strip())
