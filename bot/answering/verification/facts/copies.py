"""Detect near-copies: a sentence of the passage with words inserted, left out or exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from bot.answering.verification.alignment import Alignment, Edit
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.lexicon import negations, openers, phrase_words, unsure
from bot.answering.verification.tokens import Token

Copy = Literal["faithful", "altered", "no"]

_LEAST = 0.7  # of a claim's words, in order, in one sentence
# The most edits, and edited words, of a copied sentence; a paraphrase has more.
_FEW = 2
_SMALL = 5
_OPENING = 6
_STRANGE = 2
_COPIED = 5
_COMMAS = frozenset(",،，、")


def copied(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> Copy:
    """Return whether the claim is a sentence of the passages with harmless edits (``faithful``),
    with edits that may change its meaning (``altered``), or not a copy (``no``)."""
    opening = _opening(claim, found, evidence.language)
    if found.matched + opening < _LEAST * len(claim.keys):
        return "no"
    harmful = [edit for edit in found.edits if not _harmless(edit, evidence, found, opening)]
    if not harmful:
        return "faithful"
    if any(_turned(edit, evidence.language) for edit in harmful):
        return "altered"
    words = sum(max(len(edit.claimed), len(edit.found)) for edit in harmful)
    if len(harmful) > _FEW or words > _SMALL:
        return "no"
    if evidence.language != "en":  # too few words are known to recognize harmless edits
        return "altered"
    return "altered" if any(_risky(e, claim, evidence, found) for e in harmful) else "no"


def check_addition(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> Iterator[Finding]:
    """Find words that were added to a sentence of the passages and that don't occur in them."""
    for edit in found.edits:
        strange = [t for t in _of_content(edit.claimed, claim) if t.key not in evidence.keys]
        if len(strange) >= _STRANGE and not edit.found and edit.before + edit.after >= _COPIED:
            text = " ".join(token.text for token in edit.claimed[:8])
            yield Finding("addition", 1, f"the passage has nothing of “{text}”")
            return


def _opening(claim: EvidenceSentence, found: Alignment, language: str) -> int:
    """Return how many words at the beginning, up to a comma, are an opener like "meanwhile" or "in
    short"."""
    edit = found.edits[0] if found.edits else None
    if edit is None or edit.before or not edit.claimed or edit.claimed[0] is not claim.words[0]:
        return 0
    count = len(edit.claimed)
    if count > _OPENING or not edit.after:
        return 0
    following = next((t for t in claim.tokens if t.start >= edit.claimed[-1].end), None)
    first = edit.claimed[0]
    comma = following is not None and following.text in _COMMAS
    if not comma and first.low not in openers():
        return 0
    if _doubtful(edit.claimed, language, narrowing=False):
        return 0
    strange = any(t.kind == "number" or (t.capital and t is not first) for t in edit.claimed)
    return 0 if strange else count


def _harmless(edit: Edit, evidence: EvidenceText, found: Alignment, opening: int) -> bool:
    if opening and not edit.before and not edit.found:
        return True
    language = evidence.language
    claimed = edit.claimed[opening:] if not edit.before else edit.claimed
    if language == "en" and _exchangeable(claimed, edit, evidence):
        return True
    if claimed or _doubtful(edit.found, language) or _governs(edit):
        return False
    if language == "en" or (
        len(edit.found) == 1 and edit.found[0].kind == "number" and not edit.before
    ):
        return True  # left out is only an addition to the sentence, or a list number
    best = evidence.sentences[found.best]
    return _bounded(edit.found, best, start=edit.before > 0, end=edit.after > 0)


def _risky(edit: Edit, claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> bool:
    """Return whether an edit turns, narrows, exchanges or adds something.

    Function words, and words moved in from a neighbouring sentence, change as little as those of a
    paraphrase.
    """
    if any(_doubtful(side, evidence.language) for side in (edit.claimed, edit.found)):
        return True
    said = _of_content(edit.claimed, claim)
    if not said:
        return _governs(edit)
    known = evidence.keys_around(found.window)
    best = evidence.sentences[found.best]
    return bool(_of_content(edit.found, best)) or any(t.key not in known for t in said)


def _of_content(tokens: Sequence[Token], sentence: EvidenceSentence) -> list[Token]:
    content = {id(sentence.words[at]) for at in sentence.content}
    return [token for token in tokens if id(token) in content]


def _turned(edit: Edit, language: str) -> bool:
    """Return whether what was left out reverses the rest: "it is not clear how", "but failed",
    "applied to"."""
    if any(t.key not in phrase_words("harmless") for t in edit.claimed):
        return False
    return bool(edit.found) and (_doubtful(edit.found, language, narrowing=False) or _governs(edit))


def _governs(edit: Edit) -> bool:
    """Return whether a verb with "to" was left out before another verb: applied to join."""
    return len(edit.found) > 1 and edit.found[-1].low == "to" and edit.after > 0


def _exchangeable(claimed: Sequence[Token], edit: Edit, evidence: EvidenceText) -> bool:
    harmless = phrase_words("harmless")
    if all(t.key in harmless for t in (*claimed, *edit.found)):
        return True
    heads = openers() | phrase_words("turning") | {"and", "so", "now"}
    if not edit.before and all(t.low in heads for t in (*claimed, *edit.found)):
        return True
    # A longer form of a name in the passages.
    named = claimed and not edit.found and all(t.capital for t in claimed)
    return bool(named) and all(t.key in evidence.keys for t in claimed)


def _doubtful(tokens: Sequence[Token], language: str, *, narrowing: bool = True) -> bool:
    """Return whether words reverse, deny or narrow what is beside them."""
    words = unsure(language) | negations(language) | phrase_words("turning")
    if narrowing:
        words |= phrase_words("narrowing")
    return any(t.low in words for t in tokens)


def _bounded(
    tokens: Sequence[Token], sentence: EvidenceSentence, *, start: bool, end: bool
) -> bool:
    """Return whether what was left out is between punctuation marks."""
    before = next((t for t in reversed(sentence.tokens) if t.end <= tokens[0].start), None)
    after = next((t for t in sentence.tokens if t.start >= tokens[-1].end), None)
    return (not start or before is None or before.kind == "mark") and (
        not end or after is None or after.kind == "mark"
    )
