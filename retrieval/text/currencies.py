"""What money is counted in, by its English names."""

from __future__ import annotations

import re
from functools import cache

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
# Of coins, and of crowns, which have their own names in Babel. Zimbabwe counts in gold, all others
# medals.
_ALSO = "cent cents crown crowns lire pence"
_NONE = "gold"


@cache
def currency_words() -> frozenset[str]:
    """The last words of the names of all that was ever legal tender, in small letters."""
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
