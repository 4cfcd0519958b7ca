"""Find where sentences end in other languages than English: shared rules, with words as data.

A terminator ends a sentence unless it follows an abbreviation, an initial or an ordinal, or unless
the sentence goes on after it: in lower case, or with who said what was quoted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from retrieval.text.calendar_names import calendar_names
from retrieval.text.common_words import common_words

Pattern: TypeAlias = re.Pattern[str]

# Letters with the vowel signs of Indic and Arabic script, which are no word characters to `re`.
_LETTER = r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0963]"
_CLOSERS = "\"”’»«“'\\)\\]」』】》〉）"
# A full stop needs a space after it; full-width marks and dandas don't.
_TERMINATOR = re.compile(
    rf"(?:[.!?…؟۔;]+(?P<gap> ?»)?[{_CLOSERS}]*(?=\s)|[。！？｡।॥؟۔။។።։]+[{_CLOSERS}]*)(?P<space>\s*)"
)
# A quotation or bracket belongs to its sentence up to so many characters.
_LONGEST_QUOTATION = 300
_PAIRS = ("„“”", "“”", "«»", "»«", "「」", "『』", "（）", "()", "《》", '""')
_QUOTATION = re.compile(
    "|".join(
        f"{re.escape(pair[0])}[^{re.escape(pair[1:])}]{{0,{_LONGEST_QUOTATION}}}[{re.escape(pair[1:])}]"
        for pair in _PAIRS
    )
)
_CLOSER = re.compile(f"[{_CLOSERS}]")
_OPENING = re.compile(r"[\"'“„«»‘「『\(\[¿¡*_]+\s?|[-–—]\s?")
_INITIALS = re.compile(rf"(?<!{_LETTER})(?<!°)(?:[^\W\d_]\.[ -]?)*[^\W\d_]$")
_ORDINAL = re.compile(r"(?<![\w,.])(?:\d{1,2}|[IVXL]{1,5})$")
# Initials in Devanagari are syllables, and so are words: initials come in a row.
_SYLLABLE = re.compile("(?<![\u0900-\u0963])[\u0904-\u0939][\u0901-\u0903\u093e-\u094c]?$")
_SYLLABLE_NEXT = re.compile("[\u0904-\u0939][\u0901-\u0903\u093e-\u094c]?\\.")
# Every word has a vowel, so these are abbreviations.
_SHORT = re.compile(rf"(?<!{_LETTER})(?i:[bcdfghj-np-tvwxzçñß]{{2,4}}|[бвгджзй-нп-тф-щ]{{2,4}})$")
# "'s Avonds": the lower-case letter is what remains of a shortened word.
_CUT_SHORT = re.compile(r"['’][a-z]\s+(?=[^\W\d_])")
_ROMAN_OR_FIGURE = re.compile(r"\s*(?:[\d٠-٩०-९]|[IVXLC]+\b)")
_KINDS = ("before", "number", "open", "name")
_NUMBER_ONLY = frozenset(["number"])
_SPACES = re.compile(r"\s+")
# Words with full stops between them: "z. B", "J.-C", "O.N.U".
_TAIL = re.compile(rf"(?:{_LETTER}+(?:-{_LETTER}+)*\.[\s-]?)*{_LETTER}+(?:-{_LETTER}+)*$")
_FIGURE_BEFORE = re.compile(r"\d\s?$")
_WORD = re.compile(rf"{_LETTER}+")
# How much text before and after a terminator is looked at, in characters.
_ENDING, _FOLLOWING = 32, 80


@dataclass(frozen=True, slots=True)
class Rules:
    """The words of a language that show where its sentences end."""

    # By abbreviation, in small letters and without spaces, what of `_KINDS` it is.
    abbreviations: Mapping[str, frozenset[str]]
    suffixes: tuple[str, ...]
    saying: Pattern | None
    ordinals: frozenset[str]
    # What may follow an ordinal, for example months.
    counted: frozenset[str]
    starts: frozenset[str]
    capital_nouns: bool
    ordinal_starts: bool
    opening: tuple[str, ...]
    joining: tuple[str, ...]
    joined: tuple[str, ...]

    def kinds_at_end(self, text: str) -> tuple[frozenset[str], int]:
        """Return the kinds of the longest abbreviation at the end of a text, and the offset where
        it begins; without one, no kinds and the length of the text."""
        found = _TAIL.search(text)
        if found is None:
            return frozenset(), len(text)
        start, end = found.span()
        while start < end:
            kinds = self.abbreviations.get(_SPACES.sub("", text[start:end].lower()))
            if kinds:
                return kinds, start
            stop = text.find(".", start, end)
            if stop < 0:
                break
            start = stop + 1
            while start < end and text[start] in " -":
                start += 1
        ends_so = bool(self.suffixes) and text.lower().endswith(self.suffixes)
        return (_NUMBER_ONLY if ends_so else frozenset()), len(text)


@cache
def rules_of(language: str) -> Rules:
    """Return the rules of a language by its ISO 639-1 code; those without words for an unknown
    one."""
    data: Mapping[str, Any] = _data().get(language, {})

    def words(name: str) -> list[str]:
        return str(data.get(name, "")).split()

    calendar = calendar_names(language)
    starts = frozenset(words("starts")) | common_words().get(language, frozenset())
    return Rules(
        _abbreviations(data),
        tuple(each.strip() for each in data["suffix"].split(",")) if "suffix" in data else (),
        re.compile(data["saying"]) if "saying" in data else None,
        frozenset(words("ordinals")),
        frozenset(words("counted")) | frozenset(chain(*calendar.months) if calendar else ()),
        starts,
        bool(data.get("capital_nouns")),
        bool(data.get("ordinal_starts")),
        tuple(words("starts")),
        tuple(words("joining")),
        tuple(words("joined")),
    )


@cache
def _data() -> Mapping[str, Mapping[str, Any]]:
    path = Path(__file__).with_name("abbreviations.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _abbreviations(data: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for kind in _KINDS:
        for listed in (data, _data()["any"]):
            for word in str(listed.get(kind, "")).split(","):
                if word.strip():
                    found.setdefault(_SPACES.sub("", word.lower()), set()).add(kind)
    return {word: frozenset(kinds) for word, kinds in found.items()}


def boundaries(text: str, start: int, end: int, language: str) -> Iterator[int]:
    """Yield the offsets at which sentences of ``text[start:end]``, one line, end, including the
    white space after them."""
    rules = rules_of(language)
    line = text[start:end]
    kept: list[tuple[int, int]] | None = None
    for match in _TERMINATOR.finditer(line):
        if match.end() >= len(line):
            return
        if ";" in match[0] and language != "el":
            continue
        if kept is None:
            kept = quotations(line)
        signs = match[0].rstrip()
        last = match.start() + len(signs)
        if any(first < match.start() and last < stop for first, stop in kept):
            continue
        if _ends(line, match.start(), last, rules):
            yield start + match.end()


def quotations(line: str) -> list[tuple[int, int]]:
    """Return the spans of quotations and brackets in a line."""
    return [match.span() for match in _QUOTATION.finditer(line)]


def _ends(line: str, at: int, last: int, rules: Rules) -> bool:
    """Return whether the terminator from ``at`` to ``last`` ends its sentence."""
    signs = line[at:last]
    rest = line[last : last + _FOLLOWING].lstrip()
    opening = _OPENING.match(rest)
    bare = rest[opening.end() :] if opening else rest
    if not bare:
        return True
    if bare[0].islower() and not (
        (short := _CUT_SHORT.match(rest)) and rest[short.end()].isupper()
    ):
        return False
    quoted = _CLOSER.search(signs) is not None
    if quoted and rules.saying is not None and rules.saying.match(rest):
        return False
    if signs[0] != "." or signs.startswith("..") or quoted:
        return True
    return _full_stop_ends(line[max(0, at - _ENDING) : at], bare, rules)


def _full_stop_ends(before: str, after: str, rules: Rules) -> bool:
    """Return whether a single full stop between ``before`` and ``after`` ends a sentence."""
    word = _WORD.match(after)
    follower = word[0] if word else ""
    starts = follower.lower() in rules.starts
    cased = follower[:1].isupper()
    initial = _INITIALS.search(before)
    if initial and len(initial[0]) == 1 and cased and initial[0].isupper():
        return starts and len(follower) > 1
    kinds, at = rules.kinds_at_end(before)
    if "open" in kinds and ("before" not in kinds or _FIGURE_BEFORE.search(before[:at])):
        return starts or (cased and not rules.capital_nouns)
    if "before" in kinds:
        return False
    if initial and initial[0][-1].isupper():
        return starts and len(follower) > 1
    if "number" in kinds:
        return not _ROMAN_OR_FIGURE.match(after)
    if initial or "name" in kinds:
        return starts and len(follower) > 1
    if _SYLLABLE.search(before) and (
        _SYLLABLE_NEXT.match(after) or (before.split()[-2:-1] and before.split()[-2].endswith("."))
    ):
        return False
    if _SHORT.search(before):
        return starts or (cased and not rules.capital_nouns)
    ordinal = _ORDINAL.search(before)
    if ordinal and (rules.ordinals or rules.ordinal_starts):
        if ordinal[0].isalpha():
            return starts
        led = before[: ordinal.start()].rstrip()
        leading = led.rsplit(maxsplit=1)[-1].lower() if led else ""
        if follower.lower() in rules.counted or leading in rules.ordinals:
            return False
        return bool(leading) or starts
    return True
