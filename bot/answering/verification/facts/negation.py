"""Check yes and no: negations added or removed, and opposites in each other's place."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.lexicon import denials, negations, opposites
from bot.answering.verification.tokens import Token

_CONTEXT = 3
_WIDE = 5
_CLOSE = 0.6
_REACH = 5


def negates(token: Token, language: str) -> bool:
    """Return whether a word is a negation."""
    return token.kind == "word" and token.low in negations(language)


def check_negation(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment, language: str
) -> Iterator[Finding]:
    """Find negations and opposites that reverse the nearest sentence of the passages."""
    best = evidence.sentences[found.best]
    mine = [t for t in claim.words if negates(t, language)]
    theirs = [t for t in best.words if negates(t, language)]
    for edit in found.edits:
        a = any(negates(t, language) for t in edit.claimed)
        b = any(negates(t, language) for t in edit.found)
        if a == b or edit.before + edit.after < _CONTEXT or len(edit.claimed) > _WIDE:
            continue
        if len(mine) == len(theirs):
            continue
        if b and (len(edit.found) > _WIDE or not edit.after):
            continue
        yield Finding("negation_slot", 2, "the sentence and the passage differ in a negation")
        break
    else:
        close = found.matched >= _CLOSE * len(claim.keys)
        if close and bool(mine) != bool(theirs):
            yield Finding("negation", 1, "the sentence and the passage may differ in a negation")
        elif mine and not any(
            negates(t, language) for s in evidence.around(found.window) for t in s.words
        ):
            yield Finding("negation_alone", 1, "the sentence denies what the passage does not deny")
    yield from _scopes(claim, evidence, found, language)
    yield from _opposites(claim, best, found)


def _scopes(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment, language: str
) -> Iterator[Finding]:
    """Find what the claim denies and its source sentences never do, or the other way round."""
    mine, perhaps = _denied(claim, language, 1), _denied(claim, language, _REACH)
    said = {claim.keys[at] for at in claim.content}
    window = evidence.around(found.window)
    best = evidence.sentences[found.best]
    theirs = _denied(best, language, 1)
    affirmed: set[str] = set()
    denied: set[str] = set()
    for sentence in window:
        scope = _denied(sentence, language, _REACH)
        denied |= scope
        affirmed |= sentence.key_set - scope
    for key in mine & affirmed - denied:
        yield Finding(
            "negation_scope", 1, f"the sentence denies “{_word(claim, key)}”, the passage does not"
        )
        return
    for key in (theirs & said) - perhaps - affirmed:
        yield Finding(
            "negation_scope", 1, f"the passage denies “{_word(best, key)}”, the sentence does not"
        )
        return


def _denied(sentence: EvidenceSentence, language: str, width: int) -> set[str]:
    """Return the keys of the next ``width`` content words after each word that denies."""
    words = denials(language)
    content = set(sentence.content)
    keys: set[str] = set()
    for at, token in enumerate(sentence.words):
        if token.low not in words:
            continue
        scope = [
            place
            for place in range(at + 1, min(at + 1 + 2 * _REACH, len(sentence.words)))
            if place in content and sentence.words[place].low not in words
        ]
        keys.update(sentence.keys[place] for place in scope[:width])
    return keys


def _word(sentence: EvidenceSentence, key: str) -> str:
    return next(token.text for token in sentence.words if token.key == key)


def _opposites(
    claim: EvidenceSentence, best: EvidenceSentence, found: Alignment
) -> Iterator[Finding]:
    table = opposites()
    said, there = claim.key_set, best.key_set
    for edit in found.edits:
        for token in edit.claimed:
            rivals = table.get(token.key, frozenset()) & {t.key for t in edit.found}
            if rivals and token.key not in {t.key for t in edit.found}:
                other = next(t for t in edit.found if t.key in rivals)
                small = len(edit.claimed) <= _WIDE and len(edit.found) <= _WIDE
                slot = small and edit.before + edit.after >= _CONTEXT
                yield Finding(
                    "opposite_slot" if slot else "opposite",
                    2 if slot else 1,
                    f"the passage says “{other.text}”, the sentence “{token.text}”",
                )
                return
    for at in claim.content:
        rivals = (table.get(claim.keys[at], frozenset()) & there) - said
        if rivals and claim.keys[at] not in there:
            other = next(t for t in best.words if t.key in rivals)
            yield Finding(
                "opposite",
                1,
                f"the passage says “{other.text}”, the sentence “{claim.words[at].text}”",
            )
            return
