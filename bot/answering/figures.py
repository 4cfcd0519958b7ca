"""The figures of a sentence: values and what they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from retrieval.text.calendar_names import MONTH_NAMES
from retrieval.text.currencies import currency_words
from retrieval.text.numbers import Quantity, parse_numbers
from retrieval.text.numbers.number_words import SPELLED
from retrieval.text.stemming import stems
from retrieval.text.stop_words import stop_words

# Part of a word, a date, a time or a score.
_WITHIN = ".,/:-"
_GOES_ON = re.compile(r"[\d/]|:\d|[-–]\d|,\d")
_AFTER = re.compile(r"(?:\s[^\W\d_]+(?:[’'-][^\W\d_]+)*){0,3}")
_SIGNS = "$£€¥₹"
_COINS = {"c": "cent", "p": "penc"}
_BETWEEN_WORDS = re.compile(r"[\s-]")
_DECADES = ("decade", "decades")
# Before this year, four digits that count something aren't a year.
_FIRST_YEAR = 1900
# Currency names that are mostly other words.
_NO_MONEY = frozenset("mark marks real won".split())
# Between a number and what it counts.
_SKIPPED = frozenset(
    "more other others additional further new of the people's us u.s american been were was are is have"
    " has had".split()
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that counts something.

    ``unit`` is the stem of what is counted, ``$`` for money with a sign, ``%`` for a share.
    ``text`` begins at ``start`` in the sentence. ``rough`` if the sentence says "about" or "more
    than".
    """

    value: float
    unit: str
    text: str
    start: int
    rough: bool

    def equals(self, other: Figure) -> bool:
        """Return whether both may be one number: the same, rounded alike, or within 15 % if one is
        rough."""
        if self.value == other.value:
            return True
        if not self.value or not other.value:
            return False
        if abs(self.value - other.value) <= max(map(_half_a_step, (self.value, other.value))):
            return True
        near = abs(self.value - other.value) <= 0.15 * max(self.value, other.value)
        return near and (self.rough or other.rough)


def _half_a_step(value: float) -> float:
    """Return by how much a number may have been rounded: 0.5 for 427, 50 for 1,400."""
    digits, exponent = f"{value:.11e}".split("e")
    last = len(digits.replace(".", "").lstrip("-").rstrip("0")) - 1
    return 0.5 * 10.0 ** (int(exponent) - last) * (1 + 1e-9)


def figures(sentence: str) -> Iterator[Figure]:
    """Yield what is counted, in order, without years, dates, scores and bare numbers."""
    for quantity in parse_numbers(sentence, ones=True):
        if not (quantity.digits or _BETWEEN_WORDS.split(quantity.text.lower(), 1)[0] in SPELLED):
            continue
        before = sentence[quantity.start - 1 : quantity.start]
        unit = _unit(sentence, quantity)
        if not unit or (before in _WITHIN and before) or _GOES_ON.match(sentence, quantity.end):
            continue
        text = sentence[quantity.start : quantity.amount_end]
        yield Figure(quantity.value, unit, text, quantity.start, bool(quantity.bound))


def _unit(sentence: str, quantity: Quantity) -> str:
    """Return what a number counts; an empty string if it counts nothing."""
    if quantity.unit == "%":
        return "%"
    if quantity.unit in _COINS:
        return _COINS[quantity.unit]
    if quantity.unit and quantity.unit in _SIGNS:
        # "A 40-pound dog" costs nothing.
        named = quantity.amount_end < quantity.end
        return "" if named and sentence[quantity.amount_end] == "-" else "$"
    if quantity.text.lower().endswith(_DECADES):
        return "year"
    if quantity.unit or (quantity.year and quantity.value >= _FIRST_YEAR):
        return ""
    return _counted((_AFTER.match(sentence, quantity.end) or [""])[0])


def _counted(after: str) -> str:
    for word in after.lower().split():
        if word in _SKIPPED:
            continue
        if word == "pm" or word in MONTH_NAMES or word in stop_words():
            return ""
        if word in _money():
            return "$"
        return next(iter(stems(word)), "")
    return ""


@cache
def _money() -> frozenset[str]:
    return currency_words() - _NO_MONEY
