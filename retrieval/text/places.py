"""Countries and states by their English names, in lower case.

Countries come from Babel, with other common names from ``places.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from retrieval.timestamps import zone_names

# Codes that don't mean a country: unions, and codes for unknown or invented territories.
_NO_COUNTRY = frozenset("EU EZ QO UN XA XB ZZ".split())
_MOST_WORDS = 4  # of a name
# "Myanmar (Burma)" is both, "Hong Kong SAR China" is Hong Kong, "Congo - Kinshasa" the Congo.
_PARTS = re.compile(r"\)$| \((?=[^)]*\)$)| SAR China$| - .*")


@cache
def countries() -> frozenset[str]:
    """Return the names of countries and dependent territories."""
    from babel import Locale

    names = {
        part.strip().replace("&", "and").lower()
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code not in _NO_COUNTRY
        for part in _PARTS.split(name)
    }
    return frozenset(names - {""}) | _listed("countries")


@cache
def states() -> frozenset[str]:
    """Return the names of states and provinces, mostly of the United States."""
    return _listed("states")


def is_place(word: str) -> bool:
    """Return whether a word is the name of a country, a state or a large city, or begins that of a
    country or state."""
    return word.lower() in _names()


def words_of_places(words: Sequence[str]) -> frozenset[str]:
    """Return those of the words, in lower case, that make up names of countries, states and large
    cities."""
    lower = [word.lower() for word in words]
    found: set[str] = set()
    for start in range(len(lower)):
        for end in range(start + 1, min(start + _MOST_WORDS, len(lower)) + 1):
            if " ".join(lower[start:end]) in _whole_names():
                found.update(lower[start:end])
    return frozenset(found)


@cache
def _whole_names() -> frozenset[str]:
    """Return the whole names of places; large cities are those that time zones are called after."""
    cities = (
        zone.rpartition("/")[2].replace("_", " ").lower() for zone in zone_names() if "/" in zone
    )
    return countries() | states() | frozenset(cities)


@cache
def _names() -> frozenset[str]:
    """Return what ``is_place`` knows."""
    return _whole_names() | beginnings()


@cache
def beginnings() -> frozenset[str]:
    """Return how longer names of countries and states begin: "papua" and "papua new"."""
    return frozenset(
        " ".join(words[:length])
        for words in (name.split() for name in countries() | states())
        for length in range(1, len(words))
    )


def _listed(name: str) -> frozenset[str]:
    text = Path(__file__).with_name("places.toml").read_text(encoding="utf-8")
    return frozenset(each.strip() for each in tomllib.loads(text)[name].split(","))
