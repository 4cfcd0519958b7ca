"""Split long texts into parts that Discord accepts, at the ends of sentences."""

from __future__ import annotations

from collections.abc import Iterable


def split(pieces: Iterable[str], most: int, glue: str = " ") -> list[str]:
    """Join ``pieces`` to texts of at most ``most`` characters; a piece is only cut if it has to be.

    A piece that is too long by itself is cut at a space, so never within ``[1][2]``, which has
    none.
    """
    texts: list[str] = []
    for piece in pieces:
        for part in _parts(piece, most):
            if texts and len(texts[-1]) + len(glue) + len(part) <= most:
                texts[-1] += glue + part
            else:
                texts.append(part)
    return texts


def _parts(piece: str, most: int) -> list[str]:
    parts = []
    while len(piece) > most:
        at = piece.rfind(" ", most // 2, most + 1)
        if at < 0:
            at = most
            # Keep an escaped character with its backslash.
            while piece[at - 1] == "\\":
                at -= 1
        parts.append(piece[:at].rstrip())
        piece = piece[at:].lstrip()
    return [*parts, piece] if piece else parts
