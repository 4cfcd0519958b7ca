"""Load ``lexicon.toml``: the few words that decide about facts."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from bot.answering.verification.tokens import key


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))


@cache
def negations(language: str) -> frozenset[str]:
    """Return the lower-case words that negate in a language; those of all languages if it is
    unknown."""
    table = _tables()["negation"]
    return frozenset(table.get(language, " ".join(table.values())).split())


@cache
def denials(language: str) -> frozenset[str]:
    """Return the words that deny what follows, including negations."""
    return negations(language) | frozenset(_tables()["denial"].get(language, "").split())


@cache
def unsure(language: str) -> frozenset[str]:
    """Return the words by which a sentence avoids saying that something is so."""
    table = _tables()["unsure"]
    return frozenset(table.get(language, "").split())


@cache
def stages() -> dict[str, tuple[str, int]]:
    """Return by word its family and its stage in it."""
    return {
        word: (family, stage)
        for family, lines in _tables()["stages"].items()
        for stage, line in enumerate(lines)
        for word in line.split()
    }


@cache
def counterparts() -> dict[str, frozenset[str]]:
    """Return by word those for the same relation or role of the other sex."""
    found: dict[str, frozenset[str]] = {}
    for pair in _tables()["kinship"]["pairs"]:
        first, second = pair.split()
        found[first] = found.get(first, frozenset()) | {second}
        found[second] = found.get(second, frozenset()) | {first}
    return found


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Return by key the keys of its opposites."""
    found: dict[str, frozenset[str]] = {}
    for line in _tables()["opposites"]["pairs"]:
        left, right = (frozenset(key(w) for w in side.split()) for side in line.split("/"))
        for word in left:
            found[word] = found.get(word, frozenset()) | right - left
        for word in right:
            found[word] = found.get(word, frozenset()) | left - right
    return found


@cache
def openers() -> frozenset[str]:
    """Return the words that may precede a sentence and say nothing by themselves."""
    return frozenset(_tables()["openers"]["en"].split())


@cache
def phrase_words(name: str) -> frozenset[str]:
    """Return a list of ``[openers]`` by its name: turning, narrowing or harmless."""
    return frozenset(_tables()["openers"][name].split())
