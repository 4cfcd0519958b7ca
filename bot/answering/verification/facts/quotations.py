"""Check quotations: what a claim puts in quotation marks must occur like that in the passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.names import names
from bot.answering.verification.tokens import Token

_LEAST = 2
_HEAD = 5
_ENDS = frozenset(".!?。！？")


def quotations(sentence: EvidenceSentence) -> list[tuple[Token, ...]]:
    """Return the words of each quotation in a sentence."""
    found: list[list[Token]] = []
    inside = False
    for token in sentence.tokens:
        if token.text == '"':
            inside = not inside
            if inside:
                found.append([])
        elif inside and token.kind != "mark":
            found[-1].append(token)
    return [tuple(quotation) for quotation in found if quotation]


def check_quotations(claim: EvidenceSentence, evidence: EvidenceText) -> Iterator[Finding]:
    """Find quotations of two or more words that don't occur in sequence in the passages."""
    pieces = [piece for piece in quotations(claim) if len(piece) >= _LEAST]
    if not pieces:
        return
    yield from _speakers(claim, pieces, evidence)
    flat = " ".join(key for sentence in evidence.sentences for key in sentence.keys)
    flat = f" {flat} "
    for piece in pieces:
        if f" {' '.join(token.key for token in piece)} " not in flat:
            text = " ".join(token.text for token in piece[:8])
            yield Finding("quotation", 1, f"“{text}” is not quoted so in the passage")
            return
        if _ends_sentence(piece, claim) and _goes_on(piece, evidence):
            text = " ".join(token.text for token in piece[-_HEAD:])
            yield Finding("quotation", 1, f"the passage does not end with “{text}”")
            return


def _ends_sentence(piece: Sequence[Token], claim: EvidenceSentence) -> bool:
    """Return whether the full stop is quoted too; after a title it is only a matter of style."""
    if piece[-1].capital:
        return False
    following = (token for token in claim.tokens if token.start >= piece[-1].end)
    return next((token.text in _ENDS for token in following), False)


def _goes_on(piece: Sequence[Token], evidence: EvidenceText) -> bool:
    """Return whether another word follows these words wherever they occur in the passages."""
    keys = tuple(token.key for token in piece[-_HEAD:])
    goes_on = False
    for number, place in evidence.word_places.get(keys[-1], ()):
        sentence = evidence.sentences[number]
        end = place + 1
        if sentence.keys[max(0, end - len(keys)) : end] != keys:
            continue
        last = sentence.words[place]
        following = next((token for token in sentence.tokens if token.start >= last.end), None)
        if following is None or following.kind == "mark":
            return False
        goes_on = True
    return goes_on


def _speakers(
    claim: EvidenceSentence, pieces: list[tuple[Token, ...]], evidence: EvidenceText
) -> Iterator[Finding]:
    """Find words that the passage quotes but attributes to nobody whom the claim names."""
    named = {token.key for run in names(claim) for token in run if not token.quoted}
    if not named:
        return
    for piece in pieces:
        head = f" {' '.join(token.key for token in piece[:_HEAD])} "
        places = [n for n, s in enumerate(evidence.sentences) if head in f" {' '.join(s.keys)} "]
        near = {n + step for n in places for step in (-1, 0, 1)}
        around = {
            token.key
            for n in near
            if 0 <= n < len(evidence.sentences)
            for token in evidence.sentences[n].words
        }
        if places and not named & around:
            yield Finding("speaker", 1, "the passage does not give these words to who is named")
            return
