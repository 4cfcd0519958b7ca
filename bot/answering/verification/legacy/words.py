"""Text as the gate reads it: words folded to what they have in common, figures to their values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import tantivy

from bot.answering.verification.legacy.lexicon import (
    ABBREVIATIONS,
    DEMONYMS,
    MONTHS,
    PHRASES,
    SAME,
    STOP,
    WEEKDAYS,
)

MAX_CHARS = 20_000
"""More of one text is not read: a passage has 1,000 characters, an article rarely this many."""

_SIGNS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‟": '"', "″": '"', "’": "'", "‘": "‘", "‛": "'", "`": "`", "´": "'",
     "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-", "…": "...", "\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": ""}
)  # fmt: skip
# 'so' and `so' are quotations, players' is not.
_SINGLE = re.compile(r"(?<!\w)[`‘'](?=\w)((?:[^`‘'\"]|'(?=\w)){1,400}?[^\s`‘'\"])'(?!\w)")
# Text in lower case was taken apart by a tokenizer, and so were its figures: "56, 000", "2. 4".
_NAME_INSIDE = re.compile(r"[a-z,] [A-Z]")
_TORN_FIGURE = re.compile(r"(?<=\d,) (?=\d{3}\b)|(?<=\d\.) (?=\d)")
_TOKEN = re.compile(
    r"(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"|(?P<word>(?:[^\W\d_]\.){2,}|[^\W\d_]+(?:'[^\W\d_]+)?)"
    r"|(?P<dots>\.{3,})"
    r"|(?P<mark>[\"$£€¥%,.;:!?()\[\]-])"
)
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9, "m": 1e6, "mn": 1e6,
    "mln": 1e6, "tn": 1e12, "trn": 1e12, "k": 1e3, "b": 1e9,
}  # fmt: skip
_ONLY_AFTER_DIGITS = {"m", "k", "b", "bn", "mn", "mln", "tn", "trn"}
_UNITS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# Numbers in words, without those that are made of two.
SPELLED = {
    "one": 1.0,
    **{word: float(n) for n, word in enumerate(_UNITS, 2)},
    **{word: 10.0 * n for n, word in enumerate(_TENS, 2)},
}
_ORDINALS = {
    word: float(n)
    for n, word in enumerate(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"], 1)
}  # fmt: skip
_MONEY = {
    "$": "$", "£": "£", "€": "€", "¥": "¥", "dollar": "$", "dollars": "$", "pounds": "£", "euro": "€", "euros": "€", "yen": "¥",
}  # fmt: skip


_NO_CONTENT = frozenset({"not", "say", "tell"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a figure or a mark.

    ``stem`` is what is compared: equal for words that mean the same, for figures by value. A
    ``value`` is a number in full (1.5 million is 1,500,000), its ``unit`` "%", a currency sign,
    "th" for ordinals or empty.
    """

    text: str
    stem: str
    kind: str  # word, number, mark
    capital: bool = False
    quoted: bool = False
    possessive: bool = False
    value: float | None = None
    unit: str = ""

    @property
    def content(self) -> bool:
        """Whether it says something of its own."""
        if self.kind == "word":
            return self.text.lower() not in STOP and self.stem not in _NO_CONTENT
        return self.kind == "number"


def plain(text: str) -> str:
    """Quotes and dashes as typewriters have them, no accents; ``" `` for every kind of quotation mark."""
    text = text[:MAX_CHARS].translate(_SIGNS).replace("``", '"').replace("''", '"')
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))[:MAX_CHARS]
    # Inside of a quotation they are quotations of the quoted.
    parts = text.split('"')
    alternate = 2 if len(parts) % 2 else 1
    parts[::alternate] = [_SINGLE.sub(r'"\1"', part) for part in parts[::alternate]]
    text = '"'.join(parts)
    if not _NAME_INSIDE.search(text):
        text = _TORN_FIGURE.sub("", text)
    return text.replace("`", "'").replace("‘", "'")


@cache
def _stemmer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    return builder.filter(tantivy.Filter.stemmer("english")).build()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What a lower-case word has in common with its other forms and its synonyms."""
    word = word[:60]
    word = ABBREVIATIONS.get(word, word)
    for table in (SAME, DEMONYMS):
        if word in table:
            return _stemmed(table[word])
    stemmed = _stemmed(word)
    return _folded_stems().get(stemmed, stemmed)


def _stemmed(word: str) -> str:
    found = _stemmer().analyze(word)
    return found[0] if found else word


@cache
def _folded_stems() -> dict[str, str]:
    folded = {_stemmed(word): _stemmed(first) for word, first in (SAME | DEMONYMS).items()}
    # A word that heads a group of its own stays itself.
    return {word: first for word, first in folded.items() if word != first}


@lru_cache(maxsize=512)
def read(text: str, inside: bool = False) -> tuple[Token, ...]:
    """The tokens of a text that begins ``inside`` a quotation or not."""
    return tuple(_figures(list(_quoting(_tokens(plain(text)), inside))))


def _tokens(text: str) -> Iterator[Token]:
    pending: list[Token] = []
    for match in _TOKEN.finditer(text):
        token = _token(match)
        pending.append(token)
        if len(pending) == 5:
            yield from _joined(pending)
    while pending:
        yield from _joined(pending)


def _joined(pending: list[Token]) -> Iterator[Token]:
    """The first of ``pending`` or, for a known phrase, its words as one; they are taken out."""
    for length in (4, 2):
        words = tuple(t.text.lower() for t in pending[:length])
        if words in PHRASES:
            first = pending[0]
            folded = PHRASES[words]
            del pending[:length]
            yield Token(folded, stem(folded), "word", first.capital)
            return
    yield pending.pop(0)


def _token(match: re.Match[str]) -> Token:
    text = match.group()
    if match.lastgroup == "number":
        value = float(text.replace(",", ""))
        return Token(text, f"#{value:.10g}", "number", value=value)
    if match.lastgroup != "word":
        return Token(text if match.lastgroup == "mark" else "...", text[:1], "mark")
    capital = text[0].isupper()
    low = text.lower().rstrip(".") if "." in text else text.lower()
    base = re.sub(r"'s?$", "", low)
    if base.endswith("n't"):
        return Token(text, "not", "word", capital)
    base = (
        base.split("'")[0]
        if base.split("'")[0]
        in {"he", "she", "it", "they", "we", "i", "you", "that", "there", "who"}
        else base
    )
    own = low.endswith(("'s", "s'"))
    return Token(text[: len(base)], stem(base), "word", capital and base != "i", possessive=own)


def _quoting(tokens: Iterator[Token], inside: bool) -> Iterator[Token]:
    for token in tokens:
        if token.text == '"':
            inside = not inside
        yield replace(token, quoted=True) if inside and token.text != '"' else token


def _figures(tokens: list[Token]) -> Iterator[Token]:
    """Numbers in words, scales, percent signs and currencies made one token each."""
    at = 0
    while at < len(tokens):
        figure = _figure(tokens, at)
        if figure is None:
            yield tokens[at]
            at += 1
        else:
            token, at = figure
            yield token


def _figure(tokens: list[Token], at: int) -> tuple[Token, int] | None:
    start = at
    unit = ""
    if tokens[at].text.lower() == "us" and at + 1 < len(tokens) and tokens[at + 1].text == "$":
        at += 1
    if tokens[at].text in "$£€¥" and tokens[at].kind == "mark" and at + 1 < len(tokens):
        unit = tokens[at].text
        at += 1
    value, at, digits = _value(tokens, at)
    if value is None:
        return None
    while at < len(tokens) and (low := tokens[at].text.lower()) in _SCALES:
        if low in _ONLY_AFTER_DIGITS and not digits:
            break
        if low in {"m", "k", "b"} and not unit and low != "m":
            break
        value *= _SCALES[low]
        at += 1
    if at < len(tokens):
        low = tokens[at].text.lower()
        if low in {"%", "percent", "pct", "pc"}:
            unit, at = "%", at + 1
        elif low in {"st", "nd", "rd", "th"} and digits:
            unit, at = "th", at + 1
        elif low in _MONEY and not unit:
            unit, at = _MONEY[low], at + 1
        elif low == "dozen":
            value, at = value * 12, at + 1
        elif low in {"decade", "decades"}:
            value *= 10
            tokens[at] = replace(tokens[at], text="years", stem=stem("years"))
    first = tokens[start]
    text = " ".join(t.text for t in tokens[start:at])
    stem_ = f"#{value:.10g}"
    return Token(text, stem_, "number", quoted=first.quoted, value=value, unit=unit), at


def _value(tokens: list[Token], at: int) -> tuple[float | None, int, bool]:
    token = tokens[at]
    if token.kind == "number":
        return token.value, at + 1, True
    low = token.text.lower()
    following = tokens[at + 1].text.lower() if at + 1 < len(tokens) else ""
    if low in {"a", "one", "an"}:
        if following in _SCALES and following not in _ONLY_AFTER_DIGITS:
            return 1.0, at + 1, False
        if following in {"dozen", "decade"}:
            return 1.0, at + 1, False
        return None, at, False
    if low == "dozen":
        return 12.0, at + 1, False
    if low in _ORDINALS and low != "first" and token.kind == "word":
        return None, at, False
    if low not in SPELLED:
        return None, at, False
    value = SPELLED[low]
    at += 1
    if value >= 20 and at < len(tokens):
        ones = at + 1 if tokens[at].text == "-" else at
        if ones < len(tokens) and SPELLED.get(tokens[ones].text.lower(), 20) < 10:
            return value + SPELLED[tokens[ones].text.lower()], ones + 1, False
    return value, at, False


def ordinal(token: Token) -> float | None:
    """Which one "third" and "3rd" are."""
    if token.unit == "th":
        return token.value
    return _ORDINALS.get(token.text.lower()) if token.kind == "word" else None


def is_weekday(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in WEEKDAYS


def is_month(token: Token) -> bool:
    """May and March are months only with a capital, and mar and may in lower case are not."""
    low = token.text.lower()
    if token.kind != "word" or low not in MONTHS:
        return False
    return token.capital or low not in {"may", "march", "mar", "dec", "sep"}
