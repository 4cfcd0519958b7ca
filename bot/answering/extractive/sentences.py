"""Find the sentences of a passage that can be quoted, without what came along from the page.

Every span is verbatim. Datelines, photo credits and repeated headlines are cut off at a sentence's
ends; video bars, editorial notes, invitations and headings don't count as sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from retrieval.text.calendar_names import SHORT_MONTHS, WEEKDAY
from retrieval.text.language import detect_language
from retrieval.text.sentences import sentence_spans

_SHORTEST = 12
# A passage is read several times for one question, and again for the next one.
_CACHED_TEXTS = 2_048
# If a title ends with a word this short ("of", "the"), the sentence continues.
_LINKING = 4
# A line without an end is a heading, a caption or an entry of a list, except for a long one with
# a clause that no headline has.
_UNFINISHED_WORDS = 9
_ENDING = re.compile(r"(?:[.!?…。！？؟।۔][\"”’'»)\]]*|[\"”»])\s*$")
# "an “AI war.”Alexandr Wang": the space between two sentences is missing.
_GLUED = re.compile(r"(?<=[^\W\d_A-Z][.!?]|[.!?][\"”’])(?=[\"“‘]?[A-Z][a-z’']+[ ,])")
# "Snubbed!Viola Davis, ...": the label of a link precedes its headline without a space.
_LINK = re.compile(r"[^.!?:\n]{2,70}[:!?](?=[\"“‘']?[A-Z0-9][\w’'“‘\"-]*[ ,])(?<!\d:)")
_GAP = re.compile(r"(?:…|\.\.\.)\s*$")
_CLOCK = r"\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?)?(?:\s?[A-Z]{1,4}T\b)?"
_VIDEO = re.compile(
    r"\b\d{1,2}:\d{2}\s*-\s*Source\b|^\W*\d{1,3} of \d{1,3}\b|\b\d{1,3} of \d{1,3}\s*$"
)
_STAMP = re.compile(
    rf"(?:updated|published|posted|{_CLOCK}|\d{{1,4}}|{WEEKDAY}|(?:{'|'.join(SHORT_MONTHS)})[a-z]*"
    r"|[a-z]{1,3}t|[\W_]+)",
    re.IGNORECASE,
)
_SNIPPET_DATE = re.compile(
    r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}|\d+ (?:days?|hours?) ago)\s*(?:\.\.\.|…|·|—|–)\s*"
)
# "480-555-0107, osswick.example.com": a telephone number or a site with hardly a word beside it.
_CONTACT = re.compile(r"\+?\d[\d() .-]{6,}\d|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}\b(?:/\S*)?")
_OF_CONTACT = re.compile(
    r"\.[a-z]{2}|\d[\d() .-]{6}"
)  # each has one of these, which is found faster
_CONTACT_WORDS = 4
# "Update 11:02 p.m.: The rocket ...", as live pages begin their entries.
_ENTRY = re.compile(rf"(?:update|updated at)[ ,:–-]+{_CLOCK}\s*[:–—-]\s+", re.IGNORECASE)
_CASED = re.compile(r"[A-Za-zÀ-ÿА-я]")
_DIGIT = re.compile(r"\d")
_NO_LETTER = re.compile(r"[\W_]+")
# A sentence that begins with such a word in lower case has lost its beginning; "iPhone" and
# "al-Shabaab" aren't such words.
_FIRST_WORD = re.compile(r"[^\W\d_]+(?=[\s,;:])")
_SPEAKS = re.compile(r"[\s\"“‘']*\w")


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """Characters ``start`` to ``end`` of a text; ``finished`` says that the sentence has an end."""

    start: int
    end: int
    finished: bool


@lru_cache(maxsize=_CACHED_TEXTS)
def readable_sentences(text: str, title: str = "") -> tuple[SentenceSpan, ...]:
    """Return the sentences of ``text`` that can be quoted, in order and without duplicates.
    ``title`` is the article's."""
    said: set[str] = set()
    found: list[SentenceSpan] = []
    for start, end in _whole(text):
        for first, last in _apart(text, start, end):
            span = _readable(text, first, last, title)
            if span is None or (words := text[span.start : span.end].casefold()) in said:
                continue
            said.add(words)
            found.append(span)
    return tuple(found)


def asks(sentence: str) -> bool:
    """Return whether a sentence is a question, with or without closing quotation marks."""
    return sentence.rstrip("\"”’'»」』").endswith(("?", "？", "؟"))


def _whole(text: str) -> Iterator[tuple[int, int]]:
    """Yield sentences; one with a gap within ("found that X … is good") counts as one."""
    begun: tuple[int, int] | None = None
    for start, end in sentence_spans(text):
        if begun and _GAP.search(text[begun[0] : begun[1]]) and text[start].islower():
            begun = (begun[0], end)
            continue
        if begun:
            yield begun
        begun = (start, end)
    if begun:
        yield begun


def _apart(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield separately sentences that are written together."""
    cuts = [start, *(start + match.start() for match in _GLUED.finditer(text[start:end])), end]
    return pairwise(cuts)


def _readable(text: str, start: int, end: int, title: str) -> SentenceSpan | None:
    rules = _rules()
    while True:
        here = text[start:end]
        found = rules.opening(here, title)
        if not found:
            break
        start += found
    here = text[start:end]
    if ("/" in here or here[-1:] in ")]s") and (credit := rules.closing_credit.search(here)):
        end = start + credit.start()
    while end > start and text[end - 1].isspace():
        end -= 1
    here = text[start:end]
    if (word := _FIRST_WORD.match(here)) and word[0].islower() and word[0].title() != word[0]:
        return None
    if len(here) < _SHORTEST or not _SPEAKS.match(here) or rules.is_furniture(here):
        return None
    finished = bool(_ENDING.search(here))
    if (
        title
        and not finished
        and abs(len(here) - len(title)) < 20
        and _plain(here) == _plain(title)
    ):
        return None
    if not finished and not rules.may_lack_its_end(here):
        return None
    return SentenceSpan(start, end, finished)


class _Rules:
    def __init__(self) -> None:
        words = json.loads(Path(__file__).with_name("page_words.json").read_text(encoding="utf-8"))
        agencies, pictures = _any(words["agencies"]), _any(words["picture_agencies"])
        name = r"[A-Z][\w.’'-]*(?:\s(?:[A-Z][\w.’'-]*|de|van|von|al|bin)){0,4}"
        # Corey Sipkin/AFP/Getty Images; Getty Images; John Doe via AP
        chain = rf"(?:{pictures})(?:\s?/\s?(?:{pictures}|{name}))*"
        credit = rf"(?:(?:photo(?:graph)?s? by\s)?{name}(?:\s?/\s?|\svia\s|,\s)(?:{name}\s?/\s?)?{chain}|(?:Getty Images|AP Photo)(?:\s?/\s?{name})?)"
        self._credit = re.compile(rf"\W*(?:{credit})\s+(?=[\"“‘]?[A-Z0-9])")
        self.closing_credit = re.compile(
            rf"\s*(?:[(\[](?:[^()\[\]]{{0,60}}\b(?:{pictures})|(?:photo|image|picture)s?\b[^()\[\]]{{0,60}})[)\]]|{credit})\s*$",
        )
        place = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.’' -]{2,30}(?:,\s[A-Z][\w. ]{1,20})?"
        dash = r"(?:—|–|―|--?|−)"
        towns = r"(?:[A-Z][\w.’'-]*,?\s(?:and\s|de\s|del\s)?){0,4}"
        self._dateline = re.compile(
            rf"\W{{0,2}}(?:{place}(?:,?\s\w+\.? \d{{1,2}})?\s*(?:[(\[][\w .]{{2,24}}[)\]]\s*)?{dash}\s+"
            rf"|{towns}\((?:{agencies})\)\s*(?:{dash}\s*)?"
            rf"|{towns}(?:{agencies})\s*{dash}\s*)"
        )
        self._inner_dateline = re.compile(
            rf".{{0,200}}?\b{place}\s\((?:{agencies})\)\s{dash}\s+", re.DOTALL
        )
        self._label = re.compile(rf"(?:{_any(words['labels'])}):?\s+(?=[\"“‘]?[A-Z0-9])")
        self._bars = tuple(words["bars"])
        openings = [each for listed in words["openings"].values() for each in listed]
        self._openings = re.compile(
            rf"[\W_]*(?:{'|'.join(sorted(map(re.escape, openings), key=len, reverse=True))})",
            re.IGNORECASE,
        )
        clauses = [each for listed in words["clauses"].values() for each in listed]
        self._clauses = re.compile(rf", (?:{'|'.join(clauses)})\b")
        contacts = [each for listed in words["contacts"].values() for each in listed]
        self._contacts = re.compile(rf"\b(?:{'|'.join(contacts)})\b", re.IGNORECASE)

    def opening(self, here: str, title: str) -> int:
        """Return how many characters at the beginning aren't part of the sentence."""
        for pattern in (self._dateline, self._credit, self._label, _SNIPPET_DATE, _ENTRY):
            if (match := pattern.match(here)) and match.end() < len(here):
                return match.end()
        if "(" in here[:260] and (match := self._inner_dateline.match(here)):
            return match.end()
        if len(title) > _SHORTEST and here.startswith(title) and len(here) > len(title) + _SHORTEST:
            rest = here[len(title) :]
            if (rest[:1].isspace() or rest[:1].isupper()) and not _runs_on(title, rest, here):
                return len(title) + len(rest) - len(rest.lstrip())
        return 0

    def may_lack_its_end(self, here: str) -> bool:
        """Return whether a line without an end is a sentence all the same."""
        if not _CASED.search(here):
            return True
        return len(here.split()) >= _UNFINISHED_WORDS and bool(self._clauses.search(here))

    def is_furniture(self, here: str) -> bool:
        for bar in self._bars:
            if bar in here:
                return True
        if self._openings.match(here.replace("’", "'")) or _LINK.match(here):
            return True
        if "@" in here and self._contacts.search(here):
            return True
        if (
            _OF_CONTACT.search(here)
            and _CONTACT.search(here)
            and len(_CONTACT.sub(" ", here).split()) <= _CONTACT_WORDS
        ):
            return True
        if not _DIGIT.search(here):
            return False
        return bool(_VIDEO.search(here)) or (len(here) < 90 and not _STAMP.sub("", here))


def _runs_on(title: str, rest: str, sentence: str) -> bool:
    """Return whether a title is cut from the sentence that it begins, as in excerpts. Only in
    English a capital shows that something new begins."""
    following = rest.lstrip()
    if not _ENDING.search(title) and detect_language(sentence) not in (None, "en"):
        return True
    if following[:1].islower():
        return True
    last = title.split()[-1]
    return rest[:1] == " " and last.islower() and len(last) <= _LINKING and last.isalpha()


@cache
def _rules() -> _Rules:
    return _Rules()


def _any(names: list[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _plain(text: str) -> str:
    return _NO_LETTER.sub("", text.casefold())
