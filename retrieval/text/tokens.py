"""Small work on plain text."""

from __future__ import annotations

import re

from retrieval.text.words import has_unspaced, without_marks

_OTHER_SEPARATOR = re.compile(r"[^\w\x00-\x7f]")
_SEPARATED = bytes(byte if byte > 127 or chr(byte).isalnum() else ord(" ") for byte in range(256))


def stands_whole(part: str, text: str) -> bool:
    """Whether ``part`` stands in ``text`` as whole words and numbers, whatever their case: "5" stands
    in neither "2015" nor "1.5". Where no spaces part words, any place will do."""
    return place_of_whole(part.casefold(), text.casefold()) is not None


def place_of_whole(part: str, text: str) -> int | None:
    """Where ``part`` first stands so in ``text``, in this very case; None where it doesn't."""
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
    """The runs of letters and digits of a text, in UTF-8; as ``[^\\W_]+`` finds them, only faster."""
    text = without_marks(text)
    if not text.isascii():
        text = _OTHER_SEPARATOR.sub(" ", text)
    return text.encode("utf-8", "surrogatepass").translate(_SEPARATED).split()


def remove_span(text: str, start: int, end: int) -> str:
    """``text`` without the characters from ``start`` to ``end``, white space tidied."""
    rest = " ".join(f"{text[:start]} {text[end:]}".split())
    return re.sub(r"\s+([?!.,;:])", r"\1", rest).lstrip(",;: ")
