"""English words that carry little meaning by themselves (``stop_words.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from retrieval.text.question_words import question_words


@cache
def stop_words() -> frozenset[str]:
    """Return words that occur in any text and don't distinguish passages, in lower case."""
    asking = question_words("en")
    words = frozenset(_listed()["common"].split())
    # A question may ask for a name: "whose first name".
    return (words | asking.single if asking else words) - {"name"}


@cache
def news_words() -> frozenset[str]:
    """Return the stop words and words that are common in reports: texts that share only these
    needn't be related."""
    return stop_words() | frozenset(_listed()["news"].split())


@cache
def weightless_words() -> frozenset[str]:
    """Return the stop words that don't change what a sentence says: "the", but not "most"."""
    return stop_words() - frozenset(_listed()["deciding"].split())


@cache
def never_names() -> frozenset[str]:
    """Return the stop words that are capitalized only at the beginning of a sentence or in a
    title."""
    return stop_words() - frozenset(_listed()["names"].split())


@cache
def openings() -> frozenset[str]:
    """Return words that aren't names at the beginning of a sentence."""
    return never_names() | frozenset(_listed()["openings"].split())


@cache
def _listed() -> Mapping[str, str]:
    path = Path(__file__).with_name("stop_words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
