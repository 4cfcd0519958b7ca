"""The kind of thing that a question asks for, and how many of that kind a passage holds.

"How many" wants a number, "which country" a country: a passage without any can't answer, however
many words it shares with the question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from retrieval.text.places import beginnings, countries, states

Kind: TypeAlias = Literal["number", "percentage", "country", "state"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# In this order: a percentage is a number too.
_ASKED: Mapping[Kind, re.Pattern[str]] = {
    "percentage": re.compile(r"\bper ?cent|\bby how much\b", re.IGNORECASE),
    "number": re.compile(
        r"\bhow (?:many|much|long|old|far|fast|tall|high|big|large|deep|heavy|often|wide)\b"
        r"|\bwhen (?:is|was|did|does|do|will|were|are)\b"
        r"|\b(?:what|which) (?:year|date|age|time|day|score|number|amount)\b"
        r"|\b(?:final|total|estimated|record|minimum|maximum|average|current) (?:\w+ ){0,3}"
        r"(?:score|price|time|number|amount|population|value|income|wage|cost|tally|size)\b"
        r"|\bto what\?|\bage group\b",
        re.IGNORECASE,
    ),
    "country": re.compile(
        r"\b(?:what|which) (?:\w+ ){0,2}(?:countr(?:y|ies)|nations?)\b", re.IGNORECASE
    ),
    "state": re.compile(r"\b(?:what|which) (?:\w+ ){0,2}states?\b", re.IGNORECASE),
}
# What both begin with stands first: such characters are found many times faster.
_TOKEN = re.compile(r"[\dA-Z](?:(?<=\d)(?:[\d,.]*\d)?(?: ?(?:%|per ?cent))?|(?<=[A-Z])[\w’'-]*)")


_GENITIVES = frozenset(["'s", "’s"])


def expected_answer_type(question: str) -> Kind | None:
    """The kind of thing that answers ``question``, if it is one of those that are known."""
    return next((kind for kind, words in _ASKED.items() if words.search(question)), None)


def counts(text: str) -> dict[Kind, int]:
    """How many different numbers, countries and states ``text`` names, and how many percentages."""
    numbers: set[str] = set()
    places: set[str] = set()
    percentages = 0
    # The capitalised words just before, if a longer name begins with them.
    begun = ""
    for token in _TOKEN.findall(text):
        if token[0].isdigit():
            numbers.add(token)
            percentages += token[-1] in "%t"
            begun = ""
            continue
        word = token.lower()
        if word[-2:] in _GENITIVES:
            word = word[:-2]
        if begun:
            longer = f"{begun} {word}"
            # New Mexico is not Mexico.
            places.add(longer if longer in states() or longer in countries() else word)
            if longer in beginnings():
                begun = longer
                continue
        else:
            places.add(word)
        begun = word if word in beginnings() else ""
    return {
        "number": len(numbers),
        "percentage": percentages,
        "country": len(places & countries()),
        "state": len(places & states()),
    }
