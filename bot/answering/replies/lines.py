"""What the bot says of itself, in the language of who wrote."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

DEFAULT = "en"


def line(language: str, key: str, /, **variables: object) -> str:
    """The text ``key`` in a language, English where there is none, with its variables filled in.

    Raises ``KeyError`` for an unknown key or a missing variable.
    """
    texts = _texts()
    return texts.get(language, texts[DEFAULT])[key].format(**variables)


@cache
def _texts() -> dict[str, dict[str, str]]:
    path = Path(__file__).parent / "lines.toml"
    found: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return found
