"""Near-copies: a sentence of the passage with words put in, left out or exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.answering.verification.alignment import Alignment, Edit
from bot.answering.verification.evidence import EvidenceText, Sentence
from bot.answering.verification.facts.lexicon import negations, openers, unsure
from bot.answering.verification.tokens import Token

Copy = Literal["faithful", "altered", "no"]

_LEAST = 0.7  # of a claim's words, in order, in one sentence
# So few edits of so many words are made to an otherwise equal sentence; a paraphrase has more.
_FEW = 2
_SMALL = 5
_OPENING = 6
_TURNING = frozenset(
    [
        "but",
        "unless",
        "except",
        "although",
        "though",
        "only",
        "if",
        "aber",
        "sino",
        "pero",
        "но",
        "а",
        "ama",
        "لكن",
        "但",
        "但是",
        "लेकिन",
    ]
)
# Exchanged for one another, put in or left out they change nothing.
_HARMLESS = frozenset(
    [
        "the",
        "a",
        "an",
        "that",
        "this",
        "these",
        "those",
        "its",
        "their",
        "it",
        "also",
        "and",
        "of",
        "have",
        "be",
        "who",
        "which",
        "say",
        "in",
        "on",
        "at",
        "for",
        "with",
        "as",
        "s",
    ]
)


def copied(claim: Sentence, evidence: EvidenceText, found: Alignment) -> Copy:
    """Whether the claim is a sentence of the passages but for edits that change nothing, or that may."""
    best = evidence.sentences[found.best]
    language = evidence.language
    opening = _opening(claim, found, language)
    if found.matched + opening < _LEAST * len(claim.keys):
        return "no"
    harmful = [e for e in found.edits if not _harmless(e, claim, best, language, opening)]
    if not harmful:
        return "faithful"
    words = sum(max(len(e.claimed), len(e.found)) for e in harmful)
    return "altered" if len(harmful) <= _FEW and words <= _SMALL else "no"


def _opening(claim: Sentence, found: Alignment, language: str) -> int:
    """How many words at the head, up to a comma, are an opener like "meanwhile" or "in short"."""
    edit = found.edits[0] if found.edits else None
    if edit is None or edit.before or not edit.claimed or edit.claimed[0] is not claim.words[0]:
        return 0
    count = len(edit.claimed)
    if count > _OPENING or not edit.after:
        return 0
    following = next((t for t in claim.tokens if t.start >= edit.claimed[-1].end), None)
    first = edit.claimed[0]
    comma = following is not None and following.text in {",", "،", "，"}
    if not comma and first.low not in openers():
        return 0
    for token in edit.claimed:
        doubtful = token.low in unsure(language) or token.low in negations(language)
        if token.kind == "number" or doubtful or token.low in _TURNING:
            return 0
        if token.capital and token is not first:
            return 0
    return count


def _harmless(edit: Edit, claim: Sentence, best: Sentence, language: str, opening: int) -> bool:
    if opening and not edit.before and not edit.found:
        return True
    claimed = edit.claimed[opening:] if not edit.before else edit.claimed
    if language == "en" and all(t.key in _HARMLESS for t in (*claimed, *edit.found)):
        return True
    if claimed:
        return False
    if not edit.before and len(edit.found) == 1 and edit.found[0].kind == "number":
        return True  # of a list
    if _doubtful(edit.found, language):
        return False
    if not edit.after:
        return language == "en" or _bounded(edit.found, best, end=False)
    if not edit.before:
        return _bounded(edit.found, best, start=False)
    return _bounded(edit.found, best)


def _doubtful(tokens: Sequence[Token], language: str) -> bool:
    return any(
        t.low in unsure(language) or t.low in negations(language) or t.low in _TURNING
        for t in tokens
    )


def _bounded(
    tokens: Sequence[Token], sentence: Sentence, *, start: bool = True, end: bool = True
) -> bool:
    """Whether what was left out stands between marks."""
    before = next((t for t in reversed(sentence.tokens) if t.end <= tokens[0].start), None)
    after = next((t for t in sentence.tokens if t.start >= tokens[-1].end), None)
    return (not start or before is None or before.kind == "mark") and (
        not end or after is None or after.kind == "mark"
    )
