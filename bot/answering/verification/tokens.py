"""Text as verification reads it: words, numbers and punctuation, in any language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from retrieval.text.numbers import Quantity, parse_numbers
from retrieval.text.stemming import stem_of

MAX_CHARS = 24_000
"""More of one text isn't read: a passage has about 1,000 characters."""

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„«»‟″「」『』", '"'),
        **dict.fromkeys("’‘‛´`", "'"),
        **dict.fromkeys("–—−‑‐", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
        "…": ".",
    }
)
_BREAKS = {ord(c): " " for c in "\n\t"}
# Marks of Indic and Thai scripts are part of words, which \w doesn't know.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff])"
_CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
_TOKEN = re.compile(
    rf"(?P<cjk>{_CJK})|(?P<word>(?:[^\W\d_]\.){{2,}}|(?:(?!{_CJK}){_LETTER})+\d*(?:'(?:(?!{_CJK}){_LETTER})+)?)"
    r"|(?P<digits>\d+)|(?P<mark>[^\w\s])"
)
# Text in lower case was split by a tokenizer, and so were its numbers: "56, 000".
_NAME_INSIDE = re.compile(r"[a-z,] [A-Z]")
_TORN_NUMBER = re.compile(r"(?<=\d,) (?=\d{3}\b)|(?<=\d\.) (?=\d)")
# How models refer to what they were given: "(Passage 2)", "according to passage 3".
_REFERENCE = re.compile(
    r"\s*\((?:see |from )?(?:passages?|sources?|documents?) \d[^)]*\)|^\W*according to passages? \d+(?: and (?:passage )?\d+)?,",
    re.IGNORECASE,
)
_NOT = re.compile(r"n't$")


class Token(NamedTuple):
    """A word, a number or a punctuation mark; ``key`` is the same for forms of one word and for
    equal numbers. Offsets are in characters."""

    text: str
    key: str
    kind: str  # word, number, mark
    start: int
    end: int
    capital: bool = False
    quoted: bool = False
    quantity: Quantity | None = None
    low: str = ""


def plain(text: str) -> str:
    """Return ``text`` with one kind of quotation mark, apostrophe and dash, without control
    characters, cut at ``MAX_CHARS``."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARS]).translate(_SIGNS)
    text = text.replace("''", '"')
    if not _NAME_INSIDE.search(text):
        text = _TORN_NUMBER.sub("", text)
    if text.translate(_BREAKS).isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


def without_references(text: str) -> str:
    """Return a claim without references to the numbers of its passages."""
    return _REFERENCE.sub("", text)


@lru_cache(maxsize=1024)
def read(text: str, inside: bool = False) -> tuple[Token, ...]:
    """Return the tokens of a plain text, which begins ``inside`` a quotation or not."""
    return tuple(_quoted(_tokens(text), inside))


def _tokens(text: str) -> Iterator[Token]:
    numbers = parse_numbers(text)
    following = iter(numbers)
    number = next(following, None)
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        while number is not None and start >= number.end:
            number = next(following, None)
        if number is not None and end > number.start:
            if start <= number.start:
                body = text[number.start : number.end]
                yield Token(body, number.key, "number", number.start, number.end, quantity=number)
            continue
        yield from _word(match, start, end)


def _word(match: re.Match[str], start: int, end: int) -> Iterator[Token]:
    text = match.group()
    if match.lastgroup == "mark":
        yield Token(text, text, "mark", start, end)
        return
    if match.lastgroup == "digits":
        yield Token(text, f"#{text}", "number", start, end)
        return
    if match.lastgroup == "cjk":
        yield Token(text, text, "word", start, end)
        return
    capital = text[0].isupper()
    if _NOT.search(text):
        body = text[:-3]
        if body.lower() in {"ca", "wo"}:
            body = {"ca": "can", "wo": "will"}[body.lower()]
        yield Token(body, key(body.lower()), "word", start, end - 3, capital)
        yield Token("not", "not", "word", end - 3, end)
        return
    body, _, tail = text.partition("'")
    if tail and tail not in {"s", "S"} and len(body) < 3:
        body = text  # O'Neill, l'Europe
    yield Token(body, key(body.lower()), "word", start, start + len(body), capital)


def _quoted(tokens: Iterator[Token], inside: bool) -> Iterator[Token]:
    """Mark the tokens that are quoted, and add their lower-case forms."""
    for token in tokens:
        if token.text == '"':
            inside = not inside
        quoted = inside and token.text != '"'
        yield Token(*token[:6], quoted, token.quantity, token.text.lower())


@lru_cache(maxsize=100_000)
def key(word: str) -> str:
    """Return what a lower-case word has in common with its other forms."""
    word = word.replace(".", "")[:60]
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word)
        if any("LATIN" in unicodedata.name(c, "") for c in decomposed[:2]):
            word = "".join(c for c in decomposed if not unicodedata.combining(c))
        return word
    word = _IRREGULAR.get(word, word)
    return stem_of(word)


def _irregular(text: str) -> dict[str, str]:
    return {form: line.split()[0] for line in text.strip().split(",") for form in line.split()[1:]}


_IRREGULAR = _irregular(
    "say said, tell told, win won, beat beaten, lose lost, rise rose risen, fall fell fallen,"
    "buy bought, sell sold, make made, go went gone, give gave given, take took taken, get got gotten,"
    "come came, see saw seen, know knew known, think thought, find found, begin began begun, leave left,"
    "keep kept, hold held, bring brought, speak spoke spoken, break broke broken, write wrote written,"
    "drive drove driven, grow grew grown, show shown, fly flew flown, pay paid, lead led, meet met,"
    "send sent, spend spent, build built, teach taught, catch caught, fight fought, steal stole stolen,"
    "shoot shot, strike struck, throw threw thrown, choose chose chosen, become became, man men,"
    "woman women, child children, foot feet, person people persons, be is are was were been being am,"
    "have has had having, do does did done, can could, will would, die died dies dying"
)
