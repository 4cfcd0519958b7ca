"""Check status: how far something has got and how certain it is."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.lexicon import counterparts, stages, unsure

_CONTEXT = 2
_WIDE = 6
_CLOSE = 0.55


def check_status(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment, language: str
) -> Iterator[Finding]:
    """Find what a claim puts at a later stage, or states with more certainty, than the passage."""
    best = evidence.sentences[found.best]
    yield from _stage(claim, best, evidence, found)
    yield from _certainty(claim, best, found, language)


def _stage(
    claim: EvidenceSentence, best: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> Iterator[Finding]:
    table = stages()
    there = {t.low for t in best.words}
    window = {t.low for s in evidence.around(found.window) for t in s.words}
    for edit in found.edits:
        theirs = [table[t.low] for t in edit.found if t.low in table]
        for token in edit.claimed:
            family, stage = table.get(token.low, ("", 0))
            rivals = [level for name, level in theirs if name == family]
            if rivals and max(rivals) < stage and token.low not in there:
                slot = len(edit.claimed) <= _WIDE and len(edit.found) <= _WIDE
                sure = slot and edit.before + edit.after >= _CONTEXT
                yield Finding(
                    f"stage_{family}",
                    2 if sure else 1,
                    f"the passage does not go as far as “{token.text}”",
                )
                return
    for token in claim.words:
        family, stage = table.get(token.low, ("", 0))
        if family not in ("justice", "attempt") or token.low in window:
            continue
        rivals = [table[w][1] for w in window if w in table and table[w][0] == family]
        if rivals and max(rivals) < stage:
            yield Finding("stage_window", 1, f"the passage does not go as far as “{token.text}”")
            return


def _certainty(
    claim: EvidenceSentence, best: EvidenceSentence, found: Alignment, language: str
) -> Iterator[Finding]:
    words = unsure(language)
    mine = {t.low for t in claim.words} & words
    for edit in found.edits:
        if any(t.low in words for t in edit.claimed):
            continue
        dropped = [t for t in edit.found if t.low in words]
        near = (edit.before and edit.after) or (edit.after and len(edit.found) <= 2)
        if dropped and near and len(edit.found) <= _WIDE and edit.before + edit.after >= _CONTEXT:
            yield Finding(
                "unsure_slot", 2, f"the passage says “{dropped[0].text}”, the sentence does not"
            )
            return
    theirs = [t for t in best.words if t.low in words]
    if theirs and not mine and found.matched >= _CLOSE * len(claim.keys):
        yield Finding("unsure", 1, f"the passage says “{theirs[0].text}”, the sentence does not")


def check_kinship(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> Iterator[Finding]:
    """Find a relation or role that the passage gives to a person of the other sex."""
    table = counterparts()
    window = {t.low for s in evidence.around(found.window) for t in s.words}
    everywhere = {t.low for s in evidence.sentences for t in s.words}
    best = {t.low for t in evidence.sentences[found.best].words}
    for token in claim.words:
        others = table.get(token.low, frozenset())
        if not others or token.low in best:
            continue
        if token.low not in window and others & window:
            weight = 2 if others & best and token.low not in everywhere else 1
            yield Finding(
                "kinship", weight, f"the passage says “{min(others & window)}”, not “{token.text}”"
            )
            return
    for edit in found.edits:
        for token in edit.claimed:
            others = table.get(token.low, frozenset()) & {t.low for t in edit.found}
            if others and edit.before + edit.after >= _CONTEXT:
                yield Finding("kinship", 2, f"the passage does not say “{token.text}” here")
                return
