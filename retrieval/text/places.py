"""Countries and states by their English names, in lower case.

Countries are Babel's, with the names in ``places.toml`` that people use besides.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

# Codes of what is no country: unions, and those that stand for none.
_NO_COUNTRY = frozenset("EU EZ QO UN XA XB ZZ".split())
# "Myanmar (Burma)" is both, "Hong Kong SAR China" is Hong Kong, "Congo - Kinshasa" the Congo.
_PARTS = re.compile(r"\)$| \((?=[^)]*\)$)| SAR China$| - .*")


@cache
def countries() -> frozenset[str]:
    """The names of countries and dependent territories."""
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
    """The names of states and provinces, above all those of the United States."""
    return _listed("states")


@cache
def beginnings() -> frozenset[str]:
    """What longer names of countries and states begin with: "papua" and "papua new"."""
    return frozenset(
        " ".join(words[:length])
        for words in (name.split() for name in countries() | states())
        for length in range(1, len(words))
    )


def _listed(name: str) -> frozenset[str]:
    text = Path(__file__).with_name("places.toml").read_text(encoding="utf-8")
    return frozenset(each.strip() for each in tomllib.loads(text)[name].split(","))
