"""Find the language that somebody wants an answer in: "in German please"."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


def language_named(message: str) -> str | None:
    """Return the English name of the language that a message names; None if it names none."""
    text = message.casefold()
    words = re.findall(r"[^\W\d_]+", text)
    for name, beginnings in _languages().items():
        for beginning in beginnings:
            unspaced = ord(beginning[0]) > 0x2E80
            if (unspaced and beginning in text) or any(
                word.startswith(beginning) for word in words
            ):
                return name
    return None


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    path = Path(__file__).with_name("languages.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: tuple(beginnings.split()) for name, beginnings in found.items()}
