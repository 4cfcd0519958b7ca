"""Quotations: word for word in the passage, and by the same speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.words import Token

_SHOWN = 60  # characters of a quotation in a reason
# A quotation does not end with them, unless the speaker did.
_DANGLING = word_set(
    "the a an of and or his her their our my your its more very so be is are was to with for on "
    "in at by from"
)


def quotations(line: Line) -> list[list[Line]]:
    """The quotations of a sentence, each in the pieces that an ellipsis or brackets make of it.

    One that ends with an ellipsis or brackets has an empty last piece.
    """
    found: list[list[Line]] = []
    piece: list[Token] = []
    inside = bracket = False
    for token in line:
        if token.text == '"':
            if inside and piece:
                found[-1].append(tuple(piece))
            piece = []
            inside = not inside
            if inside:
                found.append([])
        elif not inside:
            continue
        elif token.text in {"...", "[", "]"}:
            found[-1] += [tuple(piece), ()]
            piece = []
            bracket = token.text == "["
        elif token.kind != "mark" and not bracket:
            piece.append(token)
    if piece:
        found[-1].append(tuple(piece))
    return [pieces for pieces in found if any(pieces)]


def literal(token: Token) -> str:
    """What has to be the same in a quotation: the word itself, or the figure."""
    return token.stem if token.kind == "number" else token.text.lower()


def altered(claim: Line, material: Material) -> Iterator[str]:
    """The quotations of a claim that do not stand in the passages word for word."""
    streams = list(_streams(material))
    for pieces in quotations(claim):
        for piece in filter(None, pieces):
            wanted = _spaced(piece)
            if not any(wanted in stream for stream in streams):
                text = " ".join(token.text for token in piece)
                shown = text if len(text) <= _SHOWN else text[:_SHOWN].rsplit(" ", 1)[0] + "…"
                yield f"the quotation “{shown}” is not in the passage word for word"
        last = pieces[-1]
        if last and last[-1].text.lower() in _DANGLING and not _ends_so(last, material):
            yield f"the quotation breaks off after “{last[-1].text}”"


def _ends_so(piece: Line, material: Material) -> bool:
    """Whether the last words of a piece come before a mark in the passages, too."""
    tail = [literal(token) for token in piece[-4:]]
    for line in material.lines:
        places = [at for at, token in enumerate(line) if token.kind != "mark"]
        said = [literal(line[at]) for at in places]
        for first in range(len(said) - len(tail) + 1):
            if said[first : first + len(tail)] == tail:
                following = places[first + len(tail) - 1] + 1
                if following >= len(line) or line[following].kind == "mark":
                    return True
    return False


def _streams(material: Material) -> Iterator[str]:
    """Each passage as one string of words: all of it, and only what it quotes."""
    for passage in material.passages:
        tokens = [token for line in passage for token in line if token.kind != "mark"]
        yield _spaced(tokens)
        yield _spaced([token for token in tokens if token.quoted])


def _spaced(tokens: Sequence[Token]) -> str:
    return f" {' '.join(map(literal, tokens))} "


def lines_of(piece: Line, passage: Sequence[Line]) -> list[int]:
    """Which sentences of a passage hold the piece, or the head of it if it runs over several."""
    flat = [_spaced([token for token in line if token.kind != "mark"]) for line in passage]
    for wanted in (_spaced(piece), _spaced(piece[:4])):
        if found := [at for at, words in enumerate(flat) if wanted in words]:
            return found
    return []
