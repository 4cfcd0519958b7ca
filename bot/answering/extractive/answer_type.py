"""What a question asks for: a number, money, a date, a person, a place or some other name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "number", "percent", "money", "date", "person", "country", "state", "place", "name", "quote"
]

_PEOPLE = (
    "person|people|player|actor|actress|singer|rapper|musician|artist|star|celebrity|politician|candidate|lawmaker"
    "|senator|congressman|congresswoman|representative|governor|mayor|president|minister|leader|king|queen|prince"
    "|princess|royal|author|writer|poet|director|comedian|host|athlete|gymnast|runner|swimmer|golfer|boxer|driver"
    "|coach|manager|quarterback|footballer|cricketer|billionaire|businessman|businesswoman|entrepreneur|ceo|chief"
    "|executive|scientist|astronaut|judge|justice|lawyer|general|activist|journalist|presenter|model|designer|chef"
    "|figure|nominee|veteran|man|woman|contestant|duo|guest|pope|official|secretary|ambassador|hero|villain|character"
)
_PLACES = (
    "city|cities|town|village|county|region|island|capital|location|place|destination|venue|stadium|airport|river|lake"
    "|mountain|park|monument|continent|territory|territories|port|beach|district|province|borough|landmark|area|street"
)
_NAMED = (
    "company|companies|firm|bank|airline|team|club|chain|store|retailer|brand|carmaker|automaker|maker|league|party"
    "|group|band|agency|organization|organisation|institution|university|college|school|union|newspaper|magazine|network"
    "|app|platform|website|service|film|movie|show|series|sitcom|song|album|book|novel|musical|game|festival|award"
    "|prize|storm|hurricane|typhoon|law|act|bill|mission|spacecraft|telescope|ship|sport|event|tournament|race"
    "|religion|language|government|court|giant|studio|operator|supermarket|restaurant|manufacturer|nation"
)
_NOUNS: tuple[tuple[Kind, str], ...] = (
    ("country", "country|countries|nation|kingdom"),
    ("state", "state"),
    ("place", _PLACES),
    ("person", _PEOPLE),
    ("name", _NAMED),
)
_THINGS = tuple((kind, re.compile(rf"\b(?:{nouns})(?:e?s)?\b")) for kind, nouns in _NOUNS)


# A question may ask for several.
_ASKED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("percent", re.compile(r"\bwhat (?:percentage|percent|share|proportion)\b|\bhow many per ?cent\b", re.I)),
    (
        "money",
        re.compile(
            r"(?=.*\bhow much\b).*\b(?:costs?|pa(?:y|ys|id)|spen[dt]|invest(?:ed)?|worth|price|raised?|fined?|bill|money"
            r"|sold|sell(?:s|ing)?|donat\w+|earn\w*|owe[sd]?|fetch\w*|debt|settle\w*)\b"
            r"|\bhow many (?:dollars|pounds|euros)\b|\bwhat (?:price|sum|amount)\b",
            re.I,
        ),
    ),
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|old|long|far|big|large|high|tall|fast|often)\b"
            r"|\b(?:what|which) (?:\w+ )?(?:percentage|number|price|score|age|rate|size|figure|margin|total)\b"
            r"|\bwhat (?:is|was|are|were) the (?:\w+ ){0,3}(?:percentage|number|score|age|rate|size|figure|margin|total|toll|line|cost)\b",
            re.I,
        ),
    ),
    (
        "date",
        re.compile(r"\bwhen\b(?!.*\b(?:what|which|who|where|how)\b)|\b(?:what|which) (?:year|date|day|time|month|century|decade)\b|\bhow (?:soon|long)\b", re.I),
    ),
    ("person", re.compile(r"\bwho(?:m|se)?\b(?!.*\b(?:which|what|where|when|how)\b)", re.I)),
    ("place", re.compile(r"\bwhere\b", re.I)),
    ("name", re.compile(r"\b(?:called|named(?! after)|name)\b", re.I)),
    ("quote", re.compile(r"\bwhat did\b.*\bsay\b|\bwhat does\b.*\bsay\b|\bwhat word\b|\bwhich word\b|\bphrase\b|\bdescribed?\b", re.I)),
)  # fmt: skip
_TYPE = re.compile(
    r"\b(?:which|what)(?:\s+(?:types?|kinds?|sorts?|forms?|pieces?)\s+of)?((?:\s+[\w’'-]+){1,6})", re.I
)  # fmt: skip
_ENDS_TYPE = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "must",
        "of",
        "in",
        "on",
        "at",
        "to",
        "from",
        "for",
        "with",
        "by",
        "as",
        "that",
        "which",
        "who",
        "after",
        "before",
        "during",
        "into",
        "over",
        "about",
        "against",
        "since",
        "than",
        "this",
        "week",
        "a",
        "an",
        "the",
        "won",
        "said",
        "told",
        "saw",
        "made",
        "became",
        "joined",
        "set",
        "met",
        "may",
        "went",
        "left",
        "took",
        "gave",
        "plans",
        "just",
        "recently",
    ]
)


@dataclass(frozen=True, slots=True)
class QuestionAnalysis:
    """``kinds`` of answer that a question asks for, none if nothing tells; ``thing`` is the noun after
    "which" or "what", in lower case: "car maker"."""

    kinds: frozenset[Kind]
    thing: str


def asked_for(question: str) -> QuestionAnalysis:
    thing = _thing(question)
    kinds = {kind for kind, pattern in _ASKED if pattern.search(question)}
    # The last noun tells: a "state fair" is no state.
    found = [(match.start(), kind) for kind, nouns in _THINGS for match in nouns.finditer(thing)]
    if found:
        kinds.add(max(found)[1])
    return QuestionAnalysis(frozenset(kinds), thing)


def _thing(question: str) -> str:
    words: list[str] = []
    if found := _TYPE.search(question):
        for word in found[1].lower().split():
            if word in _ENDS_TYPE or (words and word.endswith(("ed", "ly"))):
                break
            words.append(word)
    return " ".join(words)
