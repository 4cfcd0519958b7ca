"""The words of the bot that are not code, as Markdown files, and their strict loader."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class PromptError(Exception):
    """A prompt is unknown, or its variables are not the ones that it was given."""


def render(name: str, /, **variables: str) -> str:
    """The prompt ``name`` with its ``{{ variables }}`` filled in.

    Raises ``PromptError`` for an unknown prompt, a missing variable or one that it does not have.
    """
    text = _load(name)
    wanted = set(_VARIABLE.findall(text))
    if missing := wanted - variables.keys():
        raise PromptError(f"The prompt {name} needs {', '.join(sorted(missing))}.")
    if unknown := variables.keys() - wanted:
        raise PromptError(f"The prompt {name} has no {', '.join(sorted(unknown))}.")
    return _VARIABLE.sub(lambda match: variables[match[1]], text)


@cache
def _load(name: str) -> str:
    path = Path(__file__).parent / f"{name}.md"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        raise PromptError(f"There is no prompt called {name}.")
    return path.read_text(encoding="utf-8").strip()
