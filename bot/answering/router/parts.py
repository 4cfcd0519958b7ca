"""Split two questions in one message: "who won the Booker and who won the Nobel"."""

from __future__ import annotations

import re

_AND_ASKS = re.compile(
    r",?\s+(?:and|&|und|y|ve|и)\s+(?=(?:also\s+)?(?:who|whom|whose|what|which|when|where|why|how|wer|was|wann|wo|warum|wie|quién|qué|cuándo|dónde|cuánto|кто|что|когда|где|сколько)(?:['’]?s)?\b)",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"\s+(?:vs\.?|versus)\s+", re.IGNORECASE)
_MOST = 3


def parts_of(question: str) -> list[str]:
    """Return the questions that a message asks, each complete; the message itself if it asks
    one."""
    bare = question.strip().rstrip("?")
    pieces = [piece.strip() for piece in _AND_ASKS.split(bare)]
    if 2 <= len(pieces) <= _MOST and all(len(piece.split()) >= 3 for piece in pieces):
        return [f"{piece}?" for piece in pieces]
    sides = _AGAINST.split(bare)
    if len(sides) == 2:
        left, right = sides[0].split(), sides[1].split()
        if len(left) > len(right) + 1 and len(left) >= 4:
            return [f"{sides[0]}?", f"{' '.join([*left[: -len(right)], *right])}?"]
    return [question]
