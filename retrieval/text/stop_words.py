"""English words that say little by themselves (``stop_words.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from retrieval.text.question_words import question_words


@cache
def stop_words() -> frozenset[str]:
    """Words that stand in any text and tell no passage from another, in small letters."""
    asking = question_words("en")
    words = frozenset(_listed()["common"].split())
    # What has a name can be asked for by it: "whose first name".
    return (words | asking.single if asking else words) - {"name"}


@cache
def news_words() -> frozenset[str]:
    """Those, and words that reports are full of: that two texts share them tells nothing."""
    return stop_words() | frozenset(_listed()["news"].split())


@cache
def weightless_words() -> frozenset[str]:
    """Stop words that decide nothing about what a sentence says: "the", but not "most"."""
    return stop_words() - frozenset(_listed()["deciding"].split())


@cache
def never_names() -> frozenset[str]:
    """Stop words that have a capital only where a sentence or a title begins."""
    return stop_words() - frozenset(_listed()["names"].split())


@cache
def openings() -> frozenset[str]:
    """Words that are no names where a sentence begins with them."""
    return never_names() | frozenset(_listed()["openings"].split())


@cache
def _listed() -> Mapping[str, str]:
    path = Path(__file__).with_name("stop_words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
