"""Words that questions are made of, in the languages of ``question_words.toml``."""

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
    """The words of one language. A pattern is made when it is first needed: to tell languages apart
    takes the words of all of them, and hardly a pattern."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self._phrases = phrases
        self._unspaced = any(map(has_unspaced, phrases["what"]))
        self._asking = [each for name in _ASKING for each in phrases[name]]
        # Those of one word, and which of them ask.
        self.single = _single([*self._asking, *phrases["stop"]])
        self.single_asking = _single(self._asking)

    @cached_property
    def asking(self) -> dict[Asking, re.Pattern[str]]:
        """The patterns of what is asked for."""
        return {name: self._pattern(self._phrases[name]) for name in _ASKING}

    @cached_property
    def question(self) -> re.Pattern[str]:
        """All words that ask."""
        return self._pattern(self._asking)

    @cached_property
    def every(self) -> re.Pattern[str]:
        """All words which tell no passage from another."""
        # Of one sign, it may be part of any word.
        stop = [each for each in self._phrases["stop"] if not self._unspaced or len(each) > 1]
        return self._pattern([*self._asking, *stop])

    def asked(self, question: str) -> set[Asking]:
        """What a question asks for; nothing but "what" if nothing tells."""
        plain = plainly(question)
        return {what for what, pattern in self.asking.items() if pattern.search(plain)}

    def without(self, question: str) -> str:
        """A question without its words that ask and that stand in any text."""
        return self.every.sub(" ", unicodedata.normalize("NFC", question))

    def _pattern(self, phrases: Sequence[str]) -> re.Pattern[str]:
        return _any_of(phrases, unspaced=self._unspaced)


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
    """Any of the phrases, the longest first; whole words where there are spaces."""
    ordered = sorted(dict.fromkeys(phrases), key=len, reverse=True)
    any_of = "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in ordered)
    if unspaced:
        return re.compile(any_of, re.IGNORECASE)
    # A vowel sign behind a letter is part of its word.
    marks = "\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd"
    return re.compile(rf"(?<![\w{marks}])(?:{any_of})(?![\w{marks}])", re.IGNORECASE)
