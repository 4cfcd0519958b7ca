"""Conversations as a file of lines: what is said, each line with its kind before it, and answers.

A line that begins with "=" is what was answered to the line before it; what follows it is said after
that answer, and an empty line ends the conversation. "# en" says the language of those below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.answering.conversation import Conversation, Turn

FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """What is said after ``before``; ``kind`` is the file's word for it."""

    text: str
    kind: str
    language: str
    before: Conversation

    @property
    def follows(self) -> bool:
        return self.kind == FOLLOWS


def conversations(path: Path) -> list[list[SaidTurn]]:
    """The conversations of a file, in its order."""
    found = []
    language = ""
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("# "):
            language = lines.pop(0)[2:]
        found.append(list(_turns(lines, language)))
    return found


def _turns(lines: Sequence[str], language: str) -> Iterator[SaidTurn]:
    before = Conversation()
    text = ""
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "=":
            before = before.after(Turn(text, rest))
        else:
            text = rest
            yield SaidTurn(text, kind, language, before)
