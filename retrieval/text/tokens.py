"""Small operations on plain text."""

from __future__ import annotations

import re

from retrieval.text.words import has_unspaced, without_marks

_OTHER_SEPARATOR = re.compile(r"[^\w\x00-\x7f]")
_SEPARATED = bytes(byte if byte > 127 or chr(byte).isalnum() else ord(" ") for byte in range(256))


def stands_whole(part: str, text: str) -> bool:
    """Return whether ``part`` occurs in ``text`` as whole words and numbers, in upper or lower
    case: "5" is in neither "2015" nor "1.5". In scripts without spaces any occurrence counts."""
    return place_of_whole(part.casefold(), text.casefold()) is not None


def place_of_whole(part: str, text: str) -> int | None:
    """Return the offset of the first such occurrence, case-sensitive; None if there is none."""
    if not part or part not in text:
        return None
    before, after = "", ""
    if part[:1].isalnum() and not has_unspaced(part[0]):
        before = r"(?<![^\W_])" + r"(?<!\d[.,])" * part[0].isdigit()
    if part[-1:].isalnum() and not has_unspaced(part[-1]):
        after = r"(?![^\W_])" + r"(?![.,]\d)" * part[-1].isdigit()
    found = re.search(before + re.escape(part) + after, text)
    return found.start() if found else None


def encoded_words(text: str) -> list[bytes]:
    """Return the runs of letters and digits in UTF-8: what ``[^\\W_]+`` finds, but faster."""
    text = without_marks(text)
    if not text.isascii():
        text = _OTHER_SEPARATOR.sub(" ", text)
    return text.encode("utf-8", "surrogatepass").translate(_SEPARATED).split()


def remove_span(text: str, start: int, end: int) -> str:
    """Return ``text`` without the characters from ``start`` to ``end``, with white space tidied."""
    rest = " ".join(f"{text[:start]} {text[end:]}".split())
    return re.sub(r"\s+([?!.,;:])", r"\1", rest).lstrip(",;: ")
