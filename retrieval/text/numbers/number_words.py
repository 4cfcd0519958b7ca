"""Words and signs of numbers (``number_words.toml``), and the patterns made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LISTED: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("number_words.toml").read_text(encoding="utf-8")
)

UNITS = _LISTED["units"].split()
TENS = _LISTED["tens"].split()
SPELLED = {
    **{word: float(n) for n, word in enumerate(UNITS)},
    **{word: 10.0 * n for n, word in enumerate(TENS, 2)},
}
OTHER_SPELLED = {
    word: float(n)
    for line in _LISTED["others"]
    for n, word in enumerate(line.split(), 1)
    if word != "-"
}
ORDINALS = {word: float(n) for n, word in enumerate(_LISTED["ordinals"].split(), 1)}
PARTS: dict[str, int] = _LISTED["parts"]
FEW = {word: float(value) for word, value in _LISTED["few"].items()}
GROUPS = {word: float(value) for word, value in _LISTED["groups"].items()}
SCALES = {word: float(by) for by, words in _LISTED["scales"].items() for word in words.split()}
ATTACHED = frozenset(_LISTED["attached"].split())
MONEY = {word: sign for sign, words in _LISTED["money"].items() for word in words.split()}
BEFORE_PERCENT = re.compile(_LISTED["percent"]["before"])


def _any_of(words: Iterable[str]) -> str:
    """Join words as alternatives, longer ones first, since shorter ones would hide them."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _bound(name: str, between: str = "") -> re.Pattern[str]:
    listed = _LISTED["bounds"][name]
    return re.compile(
        rf"\b(?:{'|'.join(listed['spaced'])})\s+{between}\W?$"
        rf"|(?:{'|'.join(listed['unspaced'].split())})\s*$",
        re.IGNORECASE,
    )


LOWER, UPPER, NEAR = map(_bound, ("lower", "upper", "near"))
ABOUT = _bound("about", r"(?:the\s|a\s|an\s)?")
_DIGITS = (
    r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|(?<!\d )\d{1,3}(?: \d{3})+(?![\d-])(?:[.,]\d+)?"
    r"|\d+[.,]\d+|\d+"
)
_PLURAL_PARTS = frozenset(f"{part}s" for part in PARTS)
_IN_WORDS = {*SPELLED, *OTHER_SPELLED, *ORDINALS, *PARTS, *_PLURAL_PARTS}
_WORDS = _any_of(_IN_WORDS)
ROUND = ("hundred", "thousand", "million", "billion", "trillion")
NUMBER = re.compile(
    rf"(?P<money>(?:US|C|A|HK)?[$£€¥₹]\s?)?(?<![a-zA-Z0-9])(?P<digits>{_DIGITS})(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{_WORDS})(?:[ -](?:{_WORDS})\b)?)\b"
    rf"|\b(?P<few>(?:a|one|two|three|several) dozen|dozens?|{'|'.join(FEW)}|an? (?:{'|'.join(ROUND)}))\b",
    re.IGNORECASE,
)
ONE = re.compile(r"\b(?:an?|one)[ -]$", re.IGNORECASE)
ANY = re.compile(r"\d")
WORD = re.compile(r"[^\W\d_]+")
COUNTED = {
    *_IN_WORDS,
    *FEW,
    *ROUND,
    "dozen",
    "dozens",
    *(part for word in OTHER_SPELLED for part in WORD.findall(word)),
}
BEGINS = re.compile(r"(?<![a-zA-Z])[a-zA-Z]+|[$\d]")
BEGINNINGS = COUNTED | {"a", "an", "several", "us", "c", "hk"}
# Between the parts of a number in words.
JOINS = re.compile(r"[\s-](?P<and>and\s)?", re.IGNORECASE)
AFTER = re.compile(
    rf"[\s-]?(?:(?P<percent>{_LISTED['percent']['behind']})|(?P<word>(?:[^\W\d_]|[\u0900-\u0963])+))",
    re.IGNORECASE,
)
# English numbers in words, of any size.
SPELLED_NUMBER = re.compile(
    rf"\b(?:{'|'.join([*UNITS[1:], *TENS])}|(?:dozen|{'|'.join(ROUND[:-1])})s?|half|third|quarter)\b",
    re.IGNORECASE,
)
