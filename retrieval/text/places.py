"""Countries and states by their English names, in lower case.

Countries come from Babel, with other common names from ``places.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from retrieval.timestamps import zone_names

# Codes that don't mean a country: unions, and codes for unknown or invented territories.
_NO_COUNTRY = frozenset("EU EZ QO UN XA XB ZZ".split())
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


@cache
def _names() -> frozenset[str]:
    """Return what ``is_place`` knows; large cities are those that time zones are called after."""
    cities = (
        zone.rpartition("/")[2].replace("_", " ").lower() for zone in zone_names() if "/" in zone
    )
    return countries() | states() | beginnings() | frozenset(cities)


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
