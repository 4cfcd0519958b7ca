"""What a message is about: "summarise the ferry disaster please" is about the ferry disaster."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from bot.answering.router.classifier import Kind

FRAMES = Path(__file__).parent / "frames.json"
# Where words are not apart, what frames a subject is matched by characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What is left of "今週は" without its time.
_PARTICLES = re.compile("[はがをのにでとも]{1,2}")
_EDGE = " \t\n,;:.!?…-–—\"“”„«»'’#()*_¿¡？！。，"


def subject_of(message: str, kind: Kind) -> str:
    """The message without the words that only say what kind it is; empty if nothing is left.

    These words are learned: those that stand around the subjects in the messages that the
    classifier was trained with.
    """
    text = message.strip(_EDGE)
    if _UNSPACED.search(text):
        return _inner(text, kind)
    framing = _words(kind)
    words = text.split()
    while words and _bare(words[0]) in framing:
        words.pop(0)
    while words and _bare(words[-1]) in framing:
        words.pop()
    return " ".join(words).strip(_EDGE)


def _inner(text: str, kind: Kind) -> str:
    """What stands between the longest known beginning and end."""
    best = text
    for before, after in _affixes(kind):
        fits = text.startswith(before) and text.endswith(after)
        if fits and len(before) + len(after) <= len(text):
            inner = text[len(before) : len(text) - len(after)]
            if len(inner) < len(best):
                best = inner
    best = best.strip(_EDGE)
    return "" if _PARTICLES.fullmatch(best) else best


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").strip(_EDGE.replace("'", ""))


@cache
def _frames() -> dict[str, dict[str, list[str]]]:
    kept: dict[str, dict[str, list[str]]] = json.loads(FRAMES.read_text(encoding="utf-8"))
    return kept


@cache
def _words(kind: Kind) -> frozenset[str]:
    return frozenset(_frames()["words"].get(kind, ()))


@cache
def _affixes(kind: Kind) -> tuple[tuple[str, str], ...]:
    pairs = (pair.split("…") for pair in _frames()["affixes"].get(kind, ()))
    return tuple((before, after) for before, after in pairs)
