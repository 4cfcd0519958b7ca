"""Currencies by their English names."""

from __future__ import annotations

import re
from functools import cache

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
# Coins, and crowns, which have other names in Babel. Zimbabwe's currency is called gold, but
# elsewhere that is a medal.
_ALSO = "cent cents crown crowns lire pence"
_NONE = "gold"


@cache
def currency_words() -> frozenset[str]:
    """Return the last word of the name of everything that was ever legal tender, in lower case."""
    from babel import Locale
    from babel.core import get_global
    from babel.numbers import get_currency_name

    names = Locale("en")
    tender = {
        code
        for uses in get_global("territory_currencies").values()
        for code, _, _, is_tender in uses
        if is_tender
    }
    words = {
        _IN_BRACKETS.sub("", name).split()[-1].lower()
        for code in tender
        for name in (get_currency_name(code, count, names) for count in (None, 1, 2))
    }
    return frozenset({*words, *_ALSO.split()} - {_NONE})
