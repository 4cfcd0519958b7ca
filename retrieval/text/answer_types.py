"""Tell what a question asks for: a number, a date, a person, a place, a reason, a speaker, a
meaning.

The words that tell are data: ``answer_types.toml`` for English, ``question_words.toml`` for other
languages.
"""

from __future__ import annotations

import re
import tomllib
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


_POSSESSIVE = re.compile(r"(?<=\w)[’']s?$")


@dataclass(frozen=True, slots=True)
class AnswerType:
    """What a question asks for. ``kinds`` of answer are empty if nothing tells; ``thing`` is the
    noun after "which" or "what", in lower case: "car maker"."""

    kinds: frozenset[AnswerKind]
    thing: str

    @property
    def prototype(self) -> str:
        """Words that stand for what is asked for: ``thing``, or else those of the kinds."""
        listed = _words()["prototypes"]
        return self.thing or " ".join(sorted(listed[kind] for kind in self.kinds))


@lru_cache(maxsize=256)
def expected_answer_type(question: str, language: str = "en") -> AnswerType:
    """Return what kinds of answer ``question`` asks for; there may be several. ``language`` is an
    ISO 639-1 code."""
    if language != "en":
        return _asked_elsewhere(question, language)
    thing = _thing(question)
    kinds = {kind for kind, pattern in _asks().items() if pattern.search(question)}
    # The last noun decides: a "state fair" is not a state.
    found = [(match.start(), kind) for kind, nouns in _nouns() for match in nouns.finditer(thing)]
    if found:
        kinds.add(max(found)[1])
    if "speaker" in kinds:
        kinds.discard("opinion")
    return AnswerType(frozenset(kinds), thing)


# The kinds of answer that question words of other languages ask for.
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
    return {kind: re.compile(p, re.I) for kind, p in _words()["asks"].items()}


@cache
def _nouns() -> list[tuple[AnswerKind, re.Pattern[str]]]:
    return [
        (kind, re.compile(rf"\b(?:{'|'.join(nouns.split())})(?:e?s)?\b"))
        for kind, nouns in _words()["nouns"].items()
    ]


@cache
def _ends_type() -> frozenset[str]:
    return frozenset(_words()["ends_type"].split())


def _thing(question: str) -> str:
    words: list[str] = []
    if found := _TYPE.search(question):
        for word in found[1].lower().split():
            if word in _ends_type() or (words and word.endswith(("ed", "ly"))):
                break
            words.append(_POSSESSIVE.sub("", word))
            # "Which country's minister" asks for a country.
            if words[-1] != word:
                break
    return " ".join(words)


@cache
def _words() -> dict[str, Any]:
    path = Path(__file__).with_name("answer_types.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
