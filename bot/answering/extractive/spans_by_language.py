"""Find words that could be an answer, in any language: numbers, dates, names and quotations.

English has rules of its own (`answer_spans`). In other languages names are what is capitalized, and
numbers are digits or Chinese numerals; in a script without capitals no names are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache

from bot.answering.extractive.answer_spans import AnswerSpan, answer_spans
from retrieval.text.answer_types import NAMES, PEOPLE, AnswerKind
from retrieval.text.calendar_names import calendar_names
from retrieval.text.words import folded, has_unspaced

_NUMBER = re.compile(
    r"(?P<before>[$£€¥₹₺₽%٪]\s?)?\d(?:[\d.,٫٬]*\d)?(?:[–-]\d+)?(?P<after>\s?[%٪％$€£¥₹₺₽])?"
)
_NUMERALS = re.compile("第?[〇零一二两三四五六七八九十百千万亿兆億萬]+")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_YEARS = range(1000, 2100)
_QUOTED = re.compile('[“«„「『《"]([^“”«»„「」『』《》"]{2,200})[”»“」』》"]')
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_ANYONE = NAMES | PEOPLE
_PERCENT = "%٪％"


def spans_in(
    sentence: str,
    known_names: Set[str],
    expected: Set[AnswerKind] = frozenset(),
    language: str = "en",
) -> Iterable[AnswerSpan]:
    """Return what in ``sentence`` could answer a question in ``language``."""
    if language == "en":
        return answer_spans(sentence, known_names, expected)
    return [*_names(sentence), *_numbers(sentence), *_dates(sentence, language), *_quoted(sentence)]


def _names(sentence: str) -> Iterable[AnswerSpan]:
    begun: tuple[int, int] | None = None
    for match in _WORD.finditer(sentence):
        large = match[0][0].isupper()
        if large and begun and sentence[begun[1] : match.start()].isspace():
            begun = (begun[0], match.end())
            continue
        if begun:
            yield _span(sentence, *begun, _ANYONE)
        # A sentence's first word has a capital anyway.
        begun = match.span() if large and sentence[: match.start()].strip() else None
    if begun:
        yield _span(sentence, *begun, _ANYONE)


def _numbers(sentence: str) -> Iterable[AnswerSpan]:
    for match in _NUMBER.finditer(sentence):
        kinds: set[AnswerKind] = {"number"}
        sign = f"{match['before'] or ''}{match['after'] or ''}".strip()
        if sign:
            kinds.add("percent" if sign[-1] in _PERCENT else "money")
        yield _span(sentence, *match.span(), frozenset(kinds))
    for match in _NUMERALS.finditer(sentence):
        yield _span(sentence, *match.span(), frozenset({"number"}))


def _dates(sentence: str, language: str) -> Iterable[AnswerSpan]:
    for match in _YEAR.finditer(sentence):
        if int(match[0]) in _YEARS:
            yield _span(sentence, *match.span(), frozenset({"date"}))
    months = _months(language)
    if months is not None:
        for match in months.finditer(sentence):
            yield _span(sentence, *match.span(), frozenset({"date"}))


def _quoted(sentence: str) -> Iterable[AnswerSpan]:
    for match in _QUOTED.finditer(sentence):
        yield _span(sentence, *match.span(1), frozenset({"quote", "name"}))


def _span(sentence: str, start: int, end: int, kinds: frozenset[AnswerKind]) -> AnswerSpan:
    return AnswerSpan(folded(sentence[start:end]).lower(), kinds, start, end)


@cache
def _months(language: str) -> re.Pattern[str] | None:
    """Return the pattern of the names of months and weekdays; None if they aren't known."""
    listed = calendar_names(language)
    if listed is None:
        return None
    names = {name for forms in (*listed.months, *listed.weekdays) for name in forms}
    ordered = sorted(map(re.escape, names), key=len, reverse=True)
    any_of = "|".join(ordered)
    if any(map(has_unspaced, names)):
        return re.compile(any_of, re.IGNORECASE)
    # An ending may follow ("Ocak'ta", "июльский"), but a name begins its word.
    return re.compile(rf"(?<![^\W\d_])(?:{any_of})", re.IGNORECASE)
