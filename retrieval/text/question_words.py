"""Question words and stop words in the languages of ``question_words.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from retrieval.text.words import folded, has_unspaced

Asking: TypeAlias = Literal["who", "when", "where", "why", "many", "percent", "what"]
_ASKING: tuple[Asking, ...] = get_args(Asking)


class QuestionWords:
    """The words of one language. Patterns are compiled on first use: telling languages apart needs
    the words of all of them, but hardly a pattern."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self._phrases = phrases
        self._unspaced = any(map(has_unspaced, phrases["what"]))
        self._asking = [each for name in _ASKING for each in phrases[name]]
        # Phrases of a single word, and those among them that ask.
        self.single = _single([*self._asking, *phrases["stop"]])
        self.single_asking = _single(self._asking)

    @cached_property
    def asking(self) -> dict[Asking, re.Pattern[str]]:
        """The patterns of question words, by what they ask for."""
        return {name: self._pattern(self._phrases[name]) for name in _ASKING}

    @cached_property
    def question(self) -> re.Pattern[str]:
        """The pattern of all question words."""
        return self._pattern(self._asking)

    @cached_property
    def every(self) -> re.Pattern[str]:
        """The pattern of all words that don't distinguish passages."""
        # A single character may be part of any word.
        stop = [each for each in self._phrases["stop"] if not self._unspaced or len(each) > 1]
        return self._pattern([*self._asking, *stop])

    def asked(self, question: str) -> set[Asking]:
        """Return what a question asks for; empty if none of its words tells."""
        plain = plainly(question)
        return {what for what, pattern in self.asking.items() if pattern.search(plain)}

    def without(self, question: str) -> str:
        """Return a question without its question words and stop words."""
        return self.every.sub(" ", unicodedata.normalize("NFC", question))

    def _pattern(self, phrases: Sequence[str]) -> re.Pattern[str]:
        return _any_of(phrases, unspaced=self._unspaced)


def plainly(text: str) -> str:
    """Return ``text`` in lower case, with equivalent characters made alike."""
    return folded(text).lower().replace("i\u0307", "i")


def known_languages() -> Collection[str]:
    """Return the codes of the languages whose words are known."""
    return _listed().keys()


@cache
def question_words(language: str) -> QuestionWords | None:
    """Return the words of a language; None if they aren't known."""
    listed = _listed().get(language)
    if listed is None:
        return None
    return QuestionWords({name: _phrases(listed[name]) for name in (*_ASKING, "stop")})


@cache
def _listed() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("question_words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _phrases(listed: str) -> list[str]:
    return [plainly(each.strip()) for each in listed.split(",") if each.strip()]


def _single(phrases: Sequence[str]) -> frozenset[str]:
    return frozenset(each for each in phrases if " " not in each)


def _any_of(phrases: Sequence[str], *, unspaced: bool) -> re.Pattern[str]:
    """Return the pattern of any of the phrases, the longest first; as whole words where there are
    spaces."""
    ordered = sorted(dict.fromkeys(phrases), key=len, reverse=True)
    any_of = "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in ordered)
    if unspaced:
        return re.compile(any_of, re.IGNORECASE)
    # A vowel sign behind a letter is part of its word.
    marks = "\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd"
    return re.compile(rf"(?<![\w{marks}])(?:{any_of})(?![\w{marks}])", re.IGNORECASE)
