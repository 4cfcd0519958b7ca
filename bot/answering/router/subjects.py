"""What a message is about: "summarise the ferry disaster please" is about the ferry disaster."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from bot.answering.router.classifier import Kind
from retrieval.indexes.common_words import is_common
from retrieval.text.spelling import nearest_word
from retrieval.text.words import has_unspaced, words

FRAMES = Path(__file__).parent / "frames.json"
# Where words are not apart, what frames a subject is matched by characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What is left of "今週は" without its time.
_PARTICLES = re.compile("[はがをのにでとも]{1,2}")
_REPEATED = re.compile(r"(.)\1+")
_LONG = 5  # letters of a word that may have a slip
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
    left = text.split()
    while left and _bare(left[0]) in framing:
        left.pop(0)
    while left and _bare(left[-1]) in framing:
        left.pop()
    return " ".join(left).strip(_EDGE)


def may_be_talk(message: str) -> bool:
    """Whether a message has a word of the small talk that the classifier was trained with, or one
    slip away from it that is no word of the news; true where words are not apart, and where there are none.

    The classifier goes by parts of words, and a name alone has few: "nato" is like "hello".
    """
    if has_unspaced(message):
        return True
    known = _talk()
    said = squeezed_words(message)
    return not said or any(
        word in known
        or (len(word) >= _LONG and not is_common(word) and nearest_word(word, known, 1))
        for word in said
    )


def squeezed_words(text: str) -> list[str]:
    """The words of a text in small letters, each letter that is repeated once."""
    return [_REPEATED.sub(r"\1", word) for word in words(text.casefold())]


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
def _talk() -> dict[str, float]:
    return dict.fromkeys(_frames()["talk"]["any"], 1.0)


@cache
def _words(kind: Kind) -> frozenset[str]:
    return frozenset(_frames()["words"].get(kind, ()))


@cache
def _affixes(kind: Kind) -> tuple[tuple[str, str], ...]:
    pairs = (pair.split("…") for pair in _frames()["affixes"].get(kind, ()))
    return tuple((before, after) for before, after in pairs)
