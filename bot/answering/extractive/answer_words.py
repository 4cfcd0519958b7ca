"""The words by which answers are recognized, as data (``answer_words.json``)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def answer_words(language: str = "en") -> dict[str, Any]:
    """Return the words of one language by which answers are recognized."""
    path = Path(__file__).with_name("answer_words.json")
    words: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[language]
    return words
