"""Find what a message is about: "summarise the ferry disaster please" is about the ferry
disaster."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from bot.answering.router.classifier import SMALL_TALK, Guess, Kind
from retrieval.indexes.common_words import is_common, news_share
from retrieval.text.spelling import nearest_word
from retrieval.text.words import has_unspaced, words

FRAMES = Path(__file__).parent / "frames.json"
# In scripts without spaces, the frame around a subject is matched by characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What is left of "今週は" without its time.
_PARTICLES = re.compile("[はがをのにでとも]{1,2}")
_REPEATED = re.compile(r"(.)\1+")
_LONG = 5  # the least letters of a word that may have a typing error
# What is left of "Alabama's" beside its name.
_POSSESSIVE = "s"
_ADDRESSED = ("you", "u")
# Shares of news passages: more common words, and rarer ones, tell little about a message.
_OFTEN, _RARE = 0.02, 0.005
# How likely a message with another word has to be small talk.
_SURE, _SURER = 0.6, 0.8
_EDGE = " \t\n,;:.!?…-–—\"“”„«»'’#()*_¿¡？！。，"


def subject_of(message: str, kind: Kind) -> str:
    """Return the message without the words that only say what kind it is; empty if nothing is left.

    These words are learned: they surround the subjects in the messages on which the classifier was
    trained.
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


def may_be_talk(message: str, guess: Guess) -> bool:
    """Return whether a short message that sounds like small talk can be it.

    The classifier uses parts of words, of which a name or a topic has few: "nato" resembles
    "hello", and "night trams" resembles "night". So a word has to be from the small talk on which
    the classifier was trained, or one edit away from it and no word of the news. Together with
    another word it has to be rare in news, or there have to be more such words: "thanks sarah",
    "good night alice". True for scripts without spaces, and for messages without words.
    """
    if has_unspaced(message):
        return True
    known = _talk()
    said = {_squeezed(word): word for word in words(message.casefold()) if word != _POSSESSIVE}
    talk = [word for short, word in said.items() if short in known]
    strange = [
        word for short, word in said.items() if short not in known and not _is_slip(short, word)
    ]
    if not strange:
        return True
    sure = guess.of(*SMALL_TALK)
    addressed = any(word in _ADDRESSED for word in talk)
    unsure = guess.language == "en" and sure < _SURE and not addressed
    if not talk or guess.language is None or unsure:
        return False
    telling = addressed or any(news_share(word) < _OFTEN for word in talk)
    usual = all(news_share(word) >= _RARE for word in strange)
    return telling or len(talk) > len(strange) or (usual and sure >= _SURER)


def _is_slip(squeezed: str, word: str) -> bool:
    """Return whether a word is one edit away from small talk, and not a word of the news."""
    long = len(squeezed) >= _LONG and not is_common(word)
    return long and nearest_word(squeezed, _talk(), 1) is not None


def squeezed_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without repeated letters."""
    return list(map(_squeezed, words(text.casefold())))


def _squeezed(word: str) -> str:
    return _REPEATED.sub(r"\1", word)


def _inner(text: str, kind: Kind) -> str:
    """Return what is between the longest known beginning and end."""
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
