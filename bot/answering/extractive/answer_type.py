"""What a question asks for: a number, a date, a person, a place, a reason, a speaker, a meaning.

The words that tell are data by language (``answer_words.json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from retrieval.text.question_words import Asking, question_words

AnswerKind: TypeAlias = Literal[
    "number",
    "percent",
    "money",
    "date",
    "person",
    "country",
    "state",
    "place",
    "name",
    "quote",
    "reason",
    "speaker",
    "opinion",
    "definition",
]

PEOPLE: frozenset[AnswerKind] = frozenset(["person", "speaker"])
NAMES: frozenset[AnswerKind] = frozenset(["name", "country", "state", "place"])
FIGURES: frozenset[AnswerKind] = frozenset(["number", "money", "percent"])
AMOUNTS: frozenset[AnswerKind] = FIGURES | {"date"}

_TYPE = re.compile(
    r"\b(?:which|what)(?:\s+(?:types?|kinds?|sorts?|forms?|pieces?)\s+of)?((?:\s+[\w’'-]+){1,6})",
    re.I,
)
_SENTENCE_END = re.compile(
    r"(?:(?<=[^\W\d_]{3}[.?!])|(?<=[”\"’][.?!])|(?<=[.?!][”\"]))\s+(?=[\"“‘]?[A-Z])"
)
_QUESTION_END = re.compile(r"(?<=[?？؟])\s*(?=\w)")


@dataclass(frozen=True, slots=True)
class AnswerType:
    """``kinds`` of answer that a question asks for, none if nothing tells; ``thing`` is the noun after
    "which" or "what", in lower case: "car maker"."""

    kinds: frozenset[AnswerKind]
    thing: str

    @property
    def prototype(self) -> str:
        """Words that stand for what is asked for: ``thing``, else those of its kind."""
        listed = answer_words()["prototypes"]
        return self.thing or " ".join(sorted(listed[kind] for kind in self.kinds))


@cache
def answer_words(language: str = "en") -> dict[str, Any]:
    """The words of one language that tell kinds of questions and answers."""
    path = Path(__file__).with_name("answer_words.json")
    words: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[language]
    return words


@lru_cache(maxsize=256)
def expected_answer_type(question: str, language: str = "en") -> AnswerType:
    """Tell what kinds of answer ``question`` asks for; there may be several."""
    if language != "en":
        return _asked_elsewhere(question, language)
    thing = _thing(question)
    kinds = {kind for kind, pattern in _asks().items() if pattern.search(question)}
    # The last noun tells: a "state fair" is no state.
    found = [(match.start(), kind) for kind, nouns in _nouns() for match in nouns.finditer(thing)]
    if found:
        kinds.add(max(found)[1])
    if "speaker" in kinds:
        kinds.discard("opinion")
    return AnswerType(frozenset(kinds), thing)


def separate_questions(question: str, language: str = "en") -> list[str]:
    """Split what asks two things ("who won, and where was it held?"); one that asks one is alone, and
    so is one in another language than English.

    The first of the parts names the subject; statements before a question belong to it.
    """
    if language != "en":
        return [question]
    asking = _question_word()
    parts: list[str] = []
    for sentence in _QUESTION_END.split(question.strip()):
        pieces = _two_questions().split(sentence)
        if len(pieces) > 1 and not asking.search(pieces[0]):
            pieces = [sentence]
        for piece in pieces:
            if (parts and not asking.search(parts[-1])) or (parts and not asking.search(piece)):
                parts[-1] = f"{parts[-1]} {piece}"
            else:
                parts.append(piece)
    return parts


def asking_part(question: str, language: str = "en") -> str:
    """The words of a question from the sentence on that asks; what leads up to it is left out."""
    listed = question_words(language)
    asking = listed.question if listed and language != "en" else _question_word()
    sentences = _SENTENCE_END.split(question.strip())
    for number, sentence in enumerate(sentences):
        if asking.search(sentence):
            return " ".join(sentences[number:])
    return question


# What words of other languages ask for, as kinds of answers.
_KINDS: Mapping[Asking, frozenset[AnswerKind]] = {
    "who": frozenset({"person"}),
    "when": frozenset({"date"}),
    "where": frozenset({"place"}),
    "why": frozenset({"reason"}),
    "many": frozenset({"number"}),
    "percent": frozenset({"percent", "number"}),
    "what": frozenset(),
}


def _asked_elsewhere(question: str, language: str) -> AnswerType:
    listed = question_words(language)
    asked = listed.asked(question) if listed is not None else set()
    return AnswerType(frozenset(kind for each in asked for kind in _KINDS[each]), "")


@cache
def _asks() -> dict[AnswerKind, re.Pattern[str]]:
    return {kind: re.compile(p, re.I) for kind, p in answer_words()["asks"].items()}


@cache
def _nouns() -> list[tuple[AnswerKind, re.Pattern[str]]]:
    return [
        (kind, re.compile(rf"\b(?:{nouns})(?:e?s)?\b"))
        for kind, nouns in answer_words()["nouns"].items()
    ]


@cache
def _two_questions() -> re.Pattern[str]:
    return re.compile(answer_words()["two_questions"], re.I)


@cache
def _question_word() -> re.Pattern[str]:
    return re.compile(r"\b(?:who|whom|whose|what|when|where|why|which|how)\b", re.I)


@cache
def _ends_type() -> frozenset[str]:
    return frozenset(answer_words()["ends_type"].split())


def _thing(question: str) -> str:
    words: list[str] = []
    if found := _TYPE.search(question):
        for word in found[1].lower().split():
            if word in _ends_type() or (words and word.endswith(("ed", "ly"))):
                break
            words.append(word)
    return " ".join(words)
