"""The kind of thing that a question asks for, and how many of that kind a passage holds.

"How many" wants a number, "which country" a country: a passage without any can't answer, however
many words it shares with the question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

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


def _names(listed: str) -> frozenset[str]:
    return frozenset(" ".join(listed.split()).split(", "))


# fmt: off
_COUNTRIES = _names("""
afghanistan, albania, algeria, america, andorra, angola, argentina, armenia, australia, austria,
azerbaijan, bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan, bolivia,
bosnia, botswana, brazil, britain, brunei, bulgaria, burkina faso, burma, burundi, cambodia, cameroon,
canada, cape verde, central african republic, chad, chile, china, colombia, comoros, congo, costa rica,
croatia, cuba, cyprus, czechia, czech republic, denmark, djibouti, dominica, dominican republic,
ecuador, egypt, el salvador, england, equatorial guinea, eritrea, estonia, eswatini, ethiopia, fiji,
finland, france, gabon, gambia, georgia, germany, ghana, greece, greenland, grenada, guatemala, guinea,
guyana, haiti, honduras, hong kong, hungary, iceland, india, indonesia, iran, iraq, ireland, israel,
italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kiribati, kosovo, kuwait, kyrgyzstan,
laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania, luxembourg, madagascar,
malawi, malaysia, maldives, mali, malta, mauritania, mauritius, mexico, micronesia, moldova, monaco,
mongolia, montenegro, morocco, mozambique, myanmar, namibia, nauru, nepal, netherlands, new zealand,
nicaragua, niger, nigeria, north korea, north macedonia, northern ireland, norway, oman, pakistan,
palau, palestine, panama, papua new guinea, paraguay, peru, philippines, poland, portugal, puerto rico,
qatar, romania, russia, rwanda, samoa, san marino, saudi arabia, scotland, senegal, serbia, seychelles,
sierra leone, singapore, slovakia, slovenia, solomon islands, somalia, south africa, south korea,
south sudan, spain, sri lanka, sudan, suriname, sweden, switzerland, syria, taiwan, tajikistan,
tanzania, thailand, timor-leste, togo, tonga, tunisia, turkey, turkmenistan, tuvalu, türkiye, uganda,
uk, ukraine, united arab emirates, united kingdom, united states, uruguay, us, uzbekistan, vanuatu,
vatican, venezuela, vietnam, wales, yemen, zambia, zimbabwe
""")
_STATES = _names("""
alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, georgia,
hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts,
michigan, minnesota, mississippi, missouri, montana, nebraska, nevada, new hampshire, new jersey,
new mexico, new york, north carolina, north dakota, ohio, oklahoma, oregon, pennsylvania, rhode island,
south carolina, south dakota, tennessee, texas, utah, vermont, virginia, washington, west virginia,
wisconsin, wyoming, queensland, new south wales, victoria, bavaria, punjab, kerala, maharashtra
""")
# fmt: on
# "south", and "papua" and "papua new".
_BEGINNINGS = frozenset(
    " ".join(words[:length])
    for words in (name.split() for name in _COUNTRIES | _STATES)
    for length in range(1, len(words))
)
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
            places.add(longer if longer in _STATES or longer in _COUNTRIES else word)
            if longer in _BEGINNINGS:
                begun = longer
                continue
        else:
            places.add(word)
        begun = word if word in _BEGINNINGS else ""
    return {
        "number": len(numbers),
        "percentage": percentages,
        "country": len(places & _COUNTRIES),
        "state": len(places & _STATES),
    }
