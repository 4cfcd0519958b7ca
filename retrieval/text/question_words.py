"""Words that questions are made of, in the languages of ``question_words.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from retrieval.text.words import folded, has_unspaced

Asking: TypeAlias = Literal["who", "when", "where", "why", "many", "percent", "what"]
_ASKING: tuple[Asking, ...] = get_args(Asking)


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """``asking`` are the patterns of what is asked for, ``question`` that of all words that ask,
    ``every`` that of all words which tell no passage from another, ``single`` those of one word."""

    asking: dict[Asking, re.Pattern[str]]
    question: re.Pattern[str]
    every: re.Pattern[str]
    single: frozenset[str]

    def asked(self, question: str) -> set[Asking]:
        """What a question asks for; nothing but "what" if nothing tells."""
        plain = plainly(question)
        return {what for what, pattern in self.asking.items() if pattern.search(plain)}

    def without(self, question: str) -> str:
        """A question without its words that ask and that stand in any text."""
        return self.every.sub(" ", unicodedata.normalize("NFC", question))


def plainly(text: str) -> str:
    """``text`` in small letters, characters that mean the same made alike."""
    return folded(text).lower().replace("i\u0307", "i")


def known_languages() -> Collection[str]:
    """The codes of the languages whose words are known."""
    return _listed().keys()


@cache
def question_words(language: str) -> QuestionWords | None:
    """The words of a language; None if they are not known."""
    listed = _listed().get(language)
    if listed is None:
        return None
    phrases = {name: _phrases(listed[name]) for name in (*_ASKING, "stop")}
    unspaced = any(map(has_unspaced, phrases["what"]))
    questions = [each for name in _ASKING for each in phrases[name]]
    every = [*questions, *phrases["stop"]]
    if unspaced:
        # Of one sign, it may be part of any word.
        every = [*questions, *(each for each in phrases["stop"] if len(each) > 1)]
    single = frozenset(each for each in [*questions, *phrases["stop"]] if " " not in each)
    return QuestionWords(
        {name: _pattern(phrases[name], unspaced=unspaced) for name in _ASKING},
        _pattern(questions, unspaced=unspaced),
        _pattern(every, unspaced=unspaced),
        single,
    )


@cache
def _listed() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("question_words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _phrases(listed: str) -> list[str]:
    return [plainly(each.strip()) for each in listed.split(",") if each.strip()]


def _pattern(phrases: list[str], *, unspaced: bool) -> re.Pattern[str]:
    """Any of the phrases, the longest first; whole words where there are spaces."""
    ordered = sorted(set(phrases), key=len, reverse=True)
    any_of = "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in ordered)
    if unspaced:
        return re.compile(any_of, re.IGNORECASE)
    # A vowel sign behind a letter is part of its word.
    marks = "\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd"
    return re.compile(rf"(?<![\w{marks}])(?:{any_of})(?![\w{marks}])", re.IGNORECASE)
