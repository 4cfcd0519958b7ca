"""Small work on plain text."""

from __future__ import annotations

import re


def cut_out(text: str, start: int, end: int) -> str:
    """``text`` without the characters from ``start`` to ``end``, white space tidied."""
    rest = " ".join(f"{text[:start]} {text[end:]}".split())
    return re.sub(r"\s+([?!.,;:])", r"\1", rest).lstrip(",;: ")
