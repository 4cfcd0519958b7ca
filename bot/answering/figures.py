"""The figures of a sentence: a value and what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answering.verification.number_words import SPELLED
from retrieval.text.calendar_names import MONTH_NAMES
from retrieval.text.stemming import stems

_WORDS = {"zero": 0.0, **{word: value for word, value in SPELLED.items() if value <= 20}}
_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
}
_FIGURE = re.compile(
    r"(?P<about>\b(?:about|around|roughly|nearly|almost|approximately|some|more than|over|at least|up to|under"
    r"|less than|fewer than|as many as|an estimated)\s)?"
    r"(?<![\w.,/:-])(?P<money>[$£€¥]\s?)?(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:"
    + "|".join(_WORDS)
    + r")\b)"
    r"(?![\d/:]|[-–]\d|,\d|st\b|nd\b|rd\b|th\b)"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|bn|tn|m)\b)?"
    r"(?P<percent>\s?%|\s(?:percent|per cent)\b)?"
    r"(?P<after>(?:\s[^\W\d_]+(?:[’'-][^\W\d_]+)*){0,3})",
    re.I,
)
_SKIPPED = frozenset(
    [
        "more",
        "other",
        "others",
        "additional",
        "further",
        "new",
        "of",
        "the",
        "people's",
        "us",
        "u.s",
        "american",
        "been",
        "were",
        "was",
        "are",
        "is",
        "have",
        "has",
        "had",
    ]
)
_NOT_COUNTED = frozenset(
    [
        *MONTH_NAMES,
        "am",
        "pm",
        "in",
        "on",
        "at",
        "and",
        "or",
        "to",
        "by",
        "but",
        "as",
        "for",
        "with",
        "from",
        "after",
        "before",
        "when",
        "who",
        "which",
        "that",
        "this",
        "a",
        "an",
    ]
)
_CURRENCIES = frozenset(
    [
        "dollar",
        "dollars",
        "euro",
        "euros",
        "pound",
        "pounds",
        "crown",
        "crowns",
        "yen",
        "yuan",
        "rupees",
        "rubles",
        "francs",
        "pesos",
    ]
)


@dataclass(frozen=True, slots=True)
class Figure:
    """``unit`` is the stem of what is counted, ``$`` of money with a sign, ``%`` of a share; ``text``
    stands in the sentence from ``start`` on. ``rough`` if the sentence says about or more than."""

    value: float
    unit: str
    text: str
    start: int
    rough: bool

    def equals(self, other: Figure) -> bool:
        """Whether both may be one number: the same, rounded alike, or near where one is rough."""
        if self.value == other.value:
            return True
        if not self.value or not other.value:
            return False
        if abs(self.value - other.value) <= max(map(_half_a_step, (self.value, other.value))):
            return True
        near = abs(self.value - other.value) <= 0.15 * max(self.value, other.value)
        return near and (self.rough or other.rough)


def _half_a_step(value: float) -> float:
    """How much a number may have been rounded to look so: 0.5 of 427, 50 of 1,400."""
    digits, exponent = f"{value:.11e}".split("e")
    last = len(digits.replace(".", "").lstrip("-").rstrip("0")) - 1
    return 0.5 * 10.0 ** (int(exponent) - last) * (1 + 1e-9)


def figures(sentence: str) -> Iterator[Figure]:
    """What is counted, in order; years, dates, scores and bare numbers are left out."""
    for match in _FIGURE.finditer(sentence):
        word = match["value"].lower()
        value = _WORDS[word] if word in _WORDS else float(word.replace(",", ""))
        value *= _SCALES.get((match["scale"] or "").lower(), 1.0)
        unit = "%" if match["percent"] else "$" if match["money"] else _counted(match["after"])
        year = len(word) == 4 and word.isdigit() and 1900 <= value < 2100
        if not unit or (year and unit not in "$%"):
            continue
        start = match.start("money") if match["money"] else match.start("value")
        end = max(match.end("value"), match.end("scale"), match.end("percent"))
        text = sentence[start:end]
        yield Figure(value, unit, text, start, bool(match["about"]))


def _counted(after: str) -> str:
    for word in after.lower().split():
        if word in _NOT_COUNTED:
            return ""
        if word in _CURRENCIES:
            return "$"
        if word not in _SKIPPED:
            return next(iter(stems(word)), "")
    return ""
