"""Words for time in other languages, put into English, which is read exactly."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


def english_time(text: str, language: str) -> str:
    """The text with its first words for time in English: "was ist heute passiert" with "today"."""
    found = _words().get(language)
    if found is None:
        return text
    pattern, meanings = found
    return pattern.sub(lambda match: f" {meanings[match[0].casefold()]} ", text, count=1)


@cache
def _words() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    path = Path(__file__).with_name("times.toml")
    found = {}
    for language, meanings in tomllib.loads(path.read_text(encoding="utf-8")).items():
        words = "|".join(map(re.escape, sorted(meanings, key=len, reverse=True)))
        bounded = words if language == "zh" else rf"(?<!\w)(?:{words})(?!\w)"
        found[language] = (re.compile(bounded, re.IGNORECASE), meanings)
    return found
