"""Quotations: what a claim puts in quotation marks must stand so in the passages."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.verification.evidence import EvidenceText, Sentence
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.tokens import Token

_LEAST = 3


def quotations(sentence: Sentence) -> list[tuple[Token, ...]]:
    """Return the words of each quotation of a sentence."""
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


def check_quotations(claim: Sentence, evidence: EvidenceText) -> Iterator[Finding]:
    """Find quotations of three words or more whose words don't stand in a row in the passages."""
    pieces = [piece for piece in quotations(claim) if len(piece) >= _LEAST]
    if not pieces:
        return
    flat = " ".join(key for sentence in evidence.sentences for key in sentence.keys)
    flat = f" {flat} "
    for piece in pieces:
        if f" {' '.join(token.key for token in piece)} " not in flat:
            text = " ".join(token.text for token in piece[:8])
            yield Finding("quotation", 1, f"“{text}” is not quoted so in the passage")
            return
