"""Check weekdays and months against those in the passages and the date of the article."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.tokens import Token
from retrieval.text.calendar_names import ENGLISH, calendar_names

_CONTEXT = 3
_NEAR = dt.timedelta(days=8)
_RELATIVE = frozenset(
    "today tonight yesterday tomorrow this last next week heute gestern hoy ayer сегодня вчера".split()
)
_ALSO_WORDS = frozenset("may march mar dec sun sat mon wed fri thu mart".split())


@cache
def day_names(language: str) -> dict[str, tuple[str, int]]:
    """Return by lower-case name the weekdays (0 is Monday) and months (1 is January) of a language;
    English ones if its names aren't known."""
    names = calendar_names(language) or ENGLISH
    return {
        form: (what, number)
        for what, listed, first in (
            ("weekday", names.weekdays, 0),
            ("month", names.months, 1),
            ("weekday", names.short_weekdays, 0),
            ("month", names.short_months, 1),
        )
        for number, forms in enumerate(listed, first)
        for form in forms
    }


def mentions(sentence: EvidenceSentence, language: str) -> list[tuple[Token, tuple[str, int]]]:
    """Return the words of a sentence that name a weekday or a month, with their meanings."""
    table = day_names(language)
    return [
        (token, table[token.low])
        for token in sentence.words
        if token.low in table and (token.low not in _ALSO_WORDS or token.capital)
    ]


def check_dates(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment, language: str
) -> Iterator[Finding]:
    """Find weekdays and months that neither occur in the passages nor follow from their dates."""
    mine = mentions(claim, language)
    if not mine:
        return
    stated = {value for s in evidence.sentences for _, value in mentions(s, language)}
    derived = _derived(evidence)
    table = day_names(language)
    for token, value in mine:
        for edit in found.edits:
            rivals = [
                t
                for t in edit.found
                if t.low in table and table[t.low][0] == value[0] and table[t.low] != value
            ]
            inside = any(t is token for t in edit.claimed)
            if inside and rivals and edit.before + edit.after >= _CONTEXT and value not in derived:
                yield Finding(
                    "date_slot",
                    2,
                    f"the passage has {rivals[0].text} where the sentence has {token.text}",
                )
                return
        if value not in stated and value not in derived:
            yield Finding("date_missing", 1, f"{token.text} is not in the passage")
            return


def _derived(evidence: EvidenceText) -> set[tuple[str, int]]:
    """Return the weekdays and months that "yesterday" and the like mean by the article's own
    date."""
    words = {t.low for s in evidence.sentences for t in s.words}
    if not words & _RELATIVE:
        return {("month", d.month) for d in evidence.published if d}
    found: set[tuple[str, int]] = set()
    for published in evidence.published:
        if published is not None:
            for days in (-1, 0, 1):
                found.add(("weekday", (published + dt.timedelta(days=days)).weekday()))
            found |= {("month", (published + shift).month) for shift in (-_NEAR, _NEAR)}
    return found
