"""Who did what: the doer of a deed, and deeds that need to be told in so many words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.gate.alignment import Line
from bot.answering.gate.lexicon import GRAVE, word_set
from bot.answering.gate.material import Material
from bot.answering.gate.names import name_runs
from bot.answering.gate.words import Token

_NEAR = 6
_TIES = frozenset(["of", "at", "in", "on", "from", "for", "near"])
_HELPERS = word_set("has have had was were is are will would also be been later then")


def untold(claim: Line, material: Material) -> Iterator[str]:
    """Deaths, arrests and the like of which the passages say nothing."""
    for token in claim:
        low = token.text.lower()
        if token.stem in material.stems or token.kind != "word":
            continue
        for alike in GRAVE:
            if low in alike and not any(
                t.text.lower() in alike for line in material.lines for t in line
            ):
                yield f"the passage says nothing of “{token.text}”"
                return


def wrong_doers(claim: Line, material: Material) -> Iterator[str]:
    """Deeds that the passages tell of somebody else, and never beside the name in the claim."""
    for doer, verb in _deeds(claim):
        beside: list[frozenset[str]] = []
        for line in material.lines:
            if not any(token.stem == verb.stem for token in line):
                continue
            if doer & {token.stem for token in line}:
                beside = []
                break
            beside += [
                other for other, deed in (*_deeds(line), *_done_by(line)) if deed.stem == verb.stem
            ]
        if beside:
            names = {t.stem: t.text for line in material.lines for t in line if t.capital}
            other = " ".join(names.get(stem, stem) for stem in sorted(beside[0]))
            yield f"the passage says “{verb.text}” of {other}"
            return


def misplaced(claim: Line, material: Material) -> Iterator[str]:
    """A resident of Paris, where the passages have a resident of Rome and Paris somewhere else."""
    for thing, start, end in _linked(claim):
        place = _stems(claim[start:end])
        others: list[str] = []
        for line in material.lines:
            at = [n for n, token in enumerate(line) if token.stem == thing.stem]
            if any(place & _stems(line[max(0, n - _NEAR) : n + _NEAR + 1]) for n in at):
                others = []
                break
            others += [
                " ".join(token.text for token in line[first:last])
                for other, first, last in _linked(line)
                if other.stem == thing.stem
            ]
        if others:
            name = " ".join(token.text for token in claim[start:end])
            yield f"the passage has {others[0]}, not {name}, beside “{thing.text}”"
            return


def _linked(line: Line) -> Iterator[tuple[Token, int, int]]:
    """Words of content with the names that a preposition ties to them."""
    for start, end in name_runs(line):
        at = start - 1
        while at > 0 and line[at].text.lower() in {"the", "a", "an", "nearby"}:
            at -= 1
        if at > 0 and line[at].text.lower() in _TIES and line[at - 1].content:
            yield line[at - 1], start, end


def _deeds(line: Line) -> Iterator[tuple[frozenset[str], Token]]:
    """Names with the word of content that follows at once, helping words left out."""
    for start, end in name_runs(line):
        at = end
        while at < len(line) and line[at].text.lower() in _HELPERS:
            at += 1
        if at < len(line) and line[at].content and line[at].kind == "word" and not line[at].capital:
            if at + 1 < len(line) and line[at + 1].text.lower() == "by":
                continue
            yield _stems(line[start:end]), line[at]


def _done_by(line: Line) -> Iterator[tuple[frozenset[str], Token]]:
    """The same of "hosted by Wayne Brady"."""
    for start, end in name_runs(line):
        if start > 1 and line[start - 1].text.lower() == "by" and line[start - 2].content:
            yield _stems(line[start:end]), line[start - 2]


def _stems(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset(token.stem for token in tokens)
