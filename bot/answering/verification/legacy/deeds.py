"""Who did what: the doer of a deed, and deeds that need to be told in so many words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import GRAVE, SPEECH, word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.names import name_runs
from bot.answering.verification.legacy.words import Token

_NEAR = 6
_TIES = frozenset(["of", "at", "in", "on", "from", "for", "near"])
_NOT_STAFF = word_set("as claims reports suggestions allegations concerns calls the any")
_BEING = word_set("was were is are be been")
_HELPERS = word_set("has have had was were is are will would also be been later then")


def untold(claim: Line, material: Material) -> Iterator[str]:
    """Deaths, arrests and the like of which the passages say nothing."""
    for token, following in zip(claim, (*claim[1:], None), strict=True):
        low = token.text.lower()
        if token.stem in material.stems or token.kind != "word" or low == "half":
            continue
        if low == "dismissed" and following is not None and following.text.lower() in _NOT_STAFF:
            continue
        for alike in GRAVE:
            if low in alike and not any(
                t.text.lower() in alike for line in material.lines for t in line
            ):
                yield f"the passage says nothing of “{token.text}”"
                return


def wrong_doers(claim: Line, material: Material) -> Iterator[str]:
    """Deeds that the passages tell of somebody else, and never of the name in the claim."""
    for deed in _deeds(claim):
        others: list[frozenset[str]] = []
        for passage in material.passages:
            for at, line in enumerate(passage):
                told = sum(token.stem == deed.verb.stem for token in line)
                if not told:
                    continue
                same = [d for d in _told_in(passage, at) if d.verb.stem == deed.verb.stem]
                mentioned = bool(deed.doer & {token.stem for token in line})
                sure = len(same) >= told and all(d.passive == deed.passive for d in same)
                if (mentioned and not sure) or any(d.doer & deed.doer for d in same):
                    others = []
                    break
                others += [d.doer for d in same if d.passive == deed.passive]
            else:
                continue
            break
        if others:
            names = {t.stem: t.text for line in material.lines for t in line if t.capital}
            other = " ".join(names.get(stem, stem) for stem in sorted(others[0]))
            yield f"the passage says “{deed.verb.text}” of {other}"
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


@dataclass(frozen=True, slots=True)
class _Deed:
    """``passive`` if the deed was done to the ``doer``."""

    doer: frozenset[str]
    verb: Token
    passive: bool


def _deeds(line: Line) -> Iterator[_Deed]:
    """Names with the word of content that follows at once, helping words left out."""
    runs = name_runs(line)
    for number, (start, end) in enumerate(runs):
        at = end
        if line[start:end][-1].possessive:
            continue
        if [t.text.lower() for t in line[at : at + 2]] == [",", "who"]:
            at += 2
        doer = _stems(line[start:end])
        if number and start - runs[number - 1][1] == 1 and line[start - 1].text.lower() == "and":
            doer |= _stems(line[slice(*runs[number - 1])])
        yield from _deed(line, at, doer)


def _deed(line: Line, at: int, doer: frozenset[str]) -> Iterator[_Deed]:
    """What a doer does, if the verb stands at ``at`` or after the helping words there."""
    first = at
    while at < len(line) and line[at].text.lower() in _HELPERS:
        at += 1
    if at >= len(line) or not line[at].content or line[at].kind != "word" or line[at].capital:
        return
    low = line[at].text.lower()
    if low in SPEECH or any(t.text.lower() == "by" for t in line[at + 1 : at + 4]):
        return
    helped = {t.text.lower() for t in line[first:at]}
    yield _Deed(doer, line[at], bool(helped & _BEING) and not low.endswith("ing"))


def _told_in(passage: Sequence[Line], at: int) -> Iterator[_Deed]:
    """The deeds of a sentence, also those "by" somebody and of whom "he" and "she" may be."""
    line = passage[at]
    yield from _deeds(line)
    yield from _done_by(line)
    for place, token in enumerate(line):
        if token.text.lower() not in {"he", "she"}:
            continue
        before = [line[slice(*run)] for run in name_runs(line[:place])]
        for earlier in reversed(passage[max(0, at - 2) : at]):
            if before:
                break
            before = [earlier[slice(*run)] for run in name_runs(earlier)]
        if before:
            yield from _deed(line, place + 1, _stems([t for run in before for t in run]))


def _done_by(line: Line) -> Iterator[_Deed]:
    """The same of "hosted by Wayne Brady and Mandy Moore"."""
    runs = name_runs(line)
    for number, (start, end) in enumerate(runs):
        if start > 1 and line[start - 1].text.lower() == "by" and line[start - 2].content:
            doer = _stems(line[start:end])
            for after, last in runs[number + 1 :]:
                if line[after - 1].text.lower() not in {"and", ","} or after - 1 != end:
                    break
                doer |= _stems(line[after:last])
                end = last
            yield _Deed(doer, line[start - 2], False)


def _stems(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset(token.stem for token in tokens)
