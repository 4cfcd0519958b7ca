"""Count what a passage holds of the kinds of things that questions ask for.

"How many" asks for a number, "which country" for a country: a passage without any can't answer,
however many words it shares with the question.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

from retrieval.text.answer_types import AMOUNTS, AnswerType
from retrieval.text.places import beginnings, countries, states

Kind: TypeAlias = Literal["number", "percentage", "country", "state"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# The first character of both alternatives comes first: that makes the search many times faster.
_TOKEN = re.compile(r"[\dA-Z](?:(?<=\d)(?:[\d,.]*\d)?(?: ?(?:%|per ?cent))?|(?<=[A-Z])[\w’'-]*)")


_GENITIVES = frozenset(["'s", "’s"])


def counted_kind(expected: AnswerType) -> Kind | None:
    """Return the kind of answer to count for a question; None if none of its kinds is counted."""
    if "percent" in expected.kinds:
        return "percentage"
    if expected.kinds & AMOUNTS:
        return "number"
    if "country" in expected.kinds:
        return "country"
    return "state" if "state" in expected.kinds else None


def counts(text: str) -> dict[Kind, int]:
    """Return how many different numbers, countries and states ``text`` names, and how many
    percentages."""
    numbers: set[str] = set()
    places: set[str] = set()
    percentages = 0
    # The capitalized words just before, if a longer name begins with them.
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
