"""Find the words of a sentence that could be an answer: names, numbers, dates, quoted phrases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.answering.extractive.answer_words import answer_words
from retrieval.text.answer_types import AnswerKind
from retrieval.text.calendar_names import BARE_SHORT_MONTH, MONTH, SHORT_MONTH, WEEKDAY
from retrieval.text.currencies import currency_words
from retrieval.text.numbers.number_words import SPELLED_NUMBER
from retrieval.text.places import countries, states
from retrieval.text.stop_words import openings

_CAPITALISED = r"(?:[A-Z][\w’'&-]*|\*[A-Z]+)(?:\.(?=\s[A-Z]))?"
_NAME = re.compile(
    rf"{_CAPITALISED}(?:\s(?:(?:of|the|de|la|van|von|bin|al|and|for)\s){{0,2}}{_CAPITALISED}|\s\d+\b)*"
)
_AFTER_IN = re.compile(
    r"\b(?:in|at|near|from|to|of|outside|across)\s(?:the\s|downtown\s|southern\s|northern\s|eastern\s|western\s)?$"
)
_NUMBER = re.compile(
    r"(?P<money>[$£€¥]\s?)?(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<percent>\s?%|\s(?:percent|per cent)\b)?"
    r"(?P<score>[-–]\d+\b)?(?:\s(?P<scale>thousand|million|billion|trillion|bn|m)\b)?"
    r"(?=\s?(?P<unit>[^\W\d_]+)?)"
)
_DATE = re.compile(
    rf"\b(?:{WEEKDAY}|(?!may(?! \d))(?:{MONTH}|{SHORT_MONTH})|(?:19|20)\d\d|today|tomorrow|yesterday)(?:\s\d{{1,2}}\b(?!:))?"
    rf"|\b\d{{1,2}}\s(?:{MONTH})\b"
    r"|\b\d+ (?:years?|months?|weeks?|days?)\b",
    re.I,
)
_POSSESSIVE = re.compile(r"[’']s?$")
# The longest preposition with what may follow it.
_REACH = 32
_CACHED_SENTENCES = 4_096
_QUOTED = re.compile(r"[“\"‘]([^“”\"]{3,200})[”\"’]")
_DIGIT, _QUOTES = re.compile(r"\d"), re.compile('[“"‘]')
_CALENDAR = re.compile(rf"^(?:{WEEKDAY}|{MONTH}|{BARE_SHORT_MONTH})\b")
_NOBODY = re.compile(
    r"\b(?:Inc|Corp|Co|Ltd|Company|Group|Bank|University|College|Institute|Association|Department|Committee|Council|Court"
    r"|Agency|Commission|Administration|Party|Street|Avenue|County|City|River|Lake|Park|Airport|Airlines|House|Senate"
    r"|Congress|League|Cup|Series|Award|Awards|Bowl|Games|News|Times|Post|Journal|Center|Centre|Association|Union|Act|Day"
    r"|Republican|Republicans|Democrat|Democrats|Democratic|States|Kingdom)\b"
)
_CUED: Mapping[str, frozenset[AnswerKind]] = {
    "reason": frozenset({"reason"}),
    "definition": frozenset({"definition"}),
    "speech": frozenset({"opinion", "speaker"}),
}


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """Characters ``start`` to ``end`` of a sentence that could be an answer; equal answers have the
    same ``key``."""

    key: str
    kinds: frozenset[AnswerKind]
    start: int
    end: int


def answer_spans(
    sentence: str, known_names: Set[str], expected: Set[AnswerKind] = frozenset()
) -> Iterator[AnswerSpan]:
    """Yield what could be an answer in an English sentence.

    ``known_names`` are words seen capitalized within sentences: a sentence's first word is a name
    only if it is one of these, or if more capitalized words follow.
    """
    for word, span in _named(sentence):
        if word is None or word in known_names:
            yield span
    yield from _told(sentence)
    yield from _cued(sentence, expected)


@lru_cache(maxsize=_CACHED_SENTENCES)
def _named(sentence: str) -> tuple[tuple[str | None, AnswerSpan], ...]:
    """Return possible names in a sentence, each with the word that has to be known for it, if
    any."""
    found: list[tuple[str | None, AnswerSpan | None]] = []
    for match in _NAME.finditer(sentence):
        start, name, word = match.start(), match[0], None
        if (
            start == 0
            or sentence[start - 1] in '“"‘:'
            or sentence[max(0, start - 2) : start] in (". ", "? ")
        ):
            first, _, rest = name.partition(" ")
            if first.lower() in openings():
                start += len(first) + 1
                name = rest
            elif not rest:
                word = first.rstrip(".")
        found.append((word, _name(sentence, name, start)))
    return tuple((word, span) for word, span in found if span is not None)


def _name(sentence: str, name: str, start: int) -> AnswerSpan | None:
    """Return the name at ``start``; None if it isn't one."""
    name = _POSSESSIVE.sub("", name.strip(". "))
    if len(name) < 2 or name.lower() in openings() or _CALENDAR.match(name):
        return None
    kinds: set[AnswerKind] = {"name"}
    key = name.lower()
    if key in countries():
        kinds |= {"country", "place"}
    if key in states():
        kinds |= {"state", "place"}
    if _AFTER_IN.search(sentence, max(0, start - _REACH), start):
        kinds.add("place")
    if "country" not in kinds and "state" not in kinds and not _NOBODY.search(name):
        kinds.add("person")
    return AnswerSpan(key, frozenset(kinds), start, start + len(name))


@lru_cache(maxsize=_CACHED_SENTENCES)
def _told(sentence: str) -> tuple[AnswerSpan, ...]:
    """Return the holidays, dates, numbers and quoted phrases of a sentence."""
    return tuple(_told_in(sentence))


def _told_in(sentence: str) -> Iterator[AnswerSpan]:
    for match in _feasts().finditer(sentence):
        yield AnswerSpan(match[0].lower(), frozenset({"date"}), *match.span())
    dates = []
    for match in _DATE.finditer(sentence):
        dates.append(match.span())
        yield AnswerSpan(match[0].lower(), frozenset({"date"}), *match.span())
    for match in _NUMBER.finditer(sentence) if _DIGIT.search(sentence) else ():
        kinds: set[AnswerKind] = {"number"}
        in_words = match["unit"] in currency_words()
        if match["money"] or in_words:
            kinds.add("money")
        if match["percent"]:
            kinds.add("percent")
        if any(a <= match.start() < b for a, b in dates) and not (match["money"] or match["scale"]):
            continue
        end = match.end("unit") if in_words else match.end()
        told = sentence[match.start() : end]
        yield AnswerSpan(" ".join(told.lower().split()), frozenset(kinds), match.start(), end)
    for match in SPELLED_NUMBER.finditer(sentence):
        yield AnswerSpan(match[0].lower(), frozenset({"number"}), *match.span())
    for match in _QUOTED.finditer(sentence) if _QUOTES.search(sentence) else ():
        yield AnswerSpan(match[1].lower(), frozenset({"quote"}), match.start(1), match.end(1))


def _cued(sentence: str, expected: Set[AnswerKind]) -> Iterator[AnswerSpan]:
    """Yield reasons, definitions and reported speech, which are recognized by the words before
    them."""
    for name, kinds in _CUED.items():
        if kinds & expected:
            for match in _cues()[name].finditer(sentence):
                yield AnswerSpan("", kinds, match.start(), match.end())


@cache
def _feasts() -> re.Pattern[str]:
    """Return the pattern of days named by holidays: "Christmas Eve", "Saint Olaf's Day", "Good
    Friday"."""
    return re.compile(rf"\b(?:{answer_words()['feasts']})\b")


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(p, re.I) for name, p in answer_words()["cues"].items()}


_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]*\w")


def names_inside(text: str) -> set[str]:
    """Return the words that are capitalized although they don't begin a sentence."""
    return set(_INSIDE.findall(text))
