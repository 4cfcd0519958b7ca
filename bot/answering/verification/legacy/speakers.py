"""Who says what: the speaker of a sentence must be the speaker in the passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.verification.legacy.alignment import Line, content
from bot.answering.verification.legacy.lexicon import SPEECH
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.names import name_runs
from bot.answering.verification.legacy.quotations import lines_of, quotations

_PRONOUNS = frozenset({"he", "she", "they", "it", "who", "i", "we"})
_SKIPPED = frozenset(
    {"has", "have", "had", "also", "later", "then", "once", "who", "and", "was", "is", "be"}
)
_APPOSITION = 16
_INVERTED = 9
_SAME_LINE = 0.6  # of a claim's content, to take a sentence for the one that it reports
_BACK = 3

Speaker = frozenset[str]
"""Stems of a speaker's names; empty for "he" and "she"."""
_SOMEBODY: Speaker = frozenset({"*"})  # "the company", "police"


def speakers(line: Line) -> list[Speaker]:
    """Whoever says something in a sentence."""
    runs = name_runs(line)
    ends = {end: start for start, end in runs}
    starts = dict(runs)
    found: list[Speaker] = []
    for at, token in enumerate(line):
        low = token.text.lower()
        if low == "according" and at + 1 < len(line):
            found += _after(line, at + 2, starts)
        elif low in SPEECH and not token.quoted and token.kind == "word":
            found += _subject(line, at, ends, starts)
    for at, token in enumerate(line[:-1]):
        if token.text == ":" and at in ends and line[at + 1].text == '"':
            found.append(_stems(line, ends[at], at))
    return found


def _subject(line: Line, at: int, ends: dict[int, int], starts: dict[int, int]) -> list[Speaker]:
    back = at
    while back and (line[back - 1].text.lower() in _SKIPPED or line[back - 1].text.endswith("ly")):
        back -= 1
    if back in ends:
        return [_stems(line, ends[back], back)]
    if not back:
        return []
    previous = line[back - 1].text.lower()
    if previous == '"' or (
        previous == "," and line[back - 2 : back - 1] and line[back - 2].text == '"'
    ):
        return _after(line, at + 1, starts)
    if previous in _PRONOUNS:
        return [frozenset()]
    if previous == ",":
        beside = _stems(line, ends[back - 1], back - 1) if back - 1 in ends else frozenset()
        for place in range(back - 2, max(0, back - _APPOSITION), -1):
            if line[place].text == "," and place in ends:
                return [_stems(line, ends[place], place) | beside]
        if beside:
            return [beside]
        return _after(line, at + 1, starts)
    if line[back - 1].kind == "word" and not line[back - 1].quoted:
        return [_SOMEBODY]
    return []


def _after(line: Line, at: int, starts: dict[int, int]) -> list[Speaker]:
    found: set[str] = set()
    for place in range(at, min(at + _INVERTED, len(line))):
        if line[place].text in {".", ";", '"'} and not (
            line[place].text == "." and place + 1 < len(line) and line[place + 1].capital
        ):
            break
        if place in starts:
            found |= _stems(line, place, starts[place])
    return [frozenset(found) or _SOMEBODY]


def _stems(line: Line, start: int, end: int) -> Speaker:
    return frozenset(token.stem for token in line[start:end])


def misattributed(
    claim: Line, material: Material, window: Sequence[Line], share: float
) -> Iterator[str]:
    """The speakers of a claim whose words the passages give to somebody else."""
    claimed = [speaker for speaker in speakers(claim) if speaker and speaker != _SOMEBODY]
    if not claimed:
        return
    told = {stem for speaker in claimed for stem in speaker}
    others: list[Speaker] = []
    for passage, at in _places(claim, material, window, share):
        true = _speakers_at(passage, at)
        if not true or any(told & speaker for speaker in true) or told & _unquoted(passage[at]):
            return
        others += true
    if others:
        names = " ".join(t.text for line in material.lines for t in line if t.stem in others[0])
        given = " ".join(t.text for t in claim if t.stem in told and t.capital)
        yield f"the passage gives these words to {' '.join(dict.fromkeys(names.split()))}, not to {given}"


def _places(
    claim: Line, material: Material, window: Sequence[Line], share: float
) -> Iterator[tuple[tuple[Line, ...], int]]:
    """Where in the passages that stands which the claim reports."""
    pieces = [piece for pieces in quotations(claim) for piece in pieces if len(piece) > 3]
    for piece in pieces:
        for passage in material.passages:
            for at in lines_of(piece, passage):
                yield passage, at
    if pieces or share < _SAME_LINE:
        return
    wanted = set(content(claim))
    for passage in material.passages:
        for at, line in enumerate(passage):
            if line in window and len(wanted & set(content(line))) >= _SAME_LINE * len(wanted):
                yield passage, at
                return


def _speakers_at(passage: Sequence[Line], at: int) -> list[Speaker]:
    """The named speakers of a sentence; of one without any, those of the sentences beside it."""
    own = speakers(passage[at])
    named = [speaker for speaker in own if speaker]
    if named:
        return [speaker for speaker in named if speaker != _SOMEBODY]
    quoted = sum(token.quoted for token in passage[at]) > 0.5 * len(passage[at])
    if (
        quoted
        and not own
        and at + 1 < len(passage)
        and passage[at + 1]
        and passage[at + 1][0].quoted
    ):
        following = [speaker for speaker in speakers(passage[at + 1]) if speaker]
        if following:
            return following
    if not own and not quoted:
        return []
    for line in reversed(passage[max(0, at - _BACK) : at]):
        named = [speaker for speaker in speakers(line) if speaker]
        if not named:
            named = [_stems(line, *run) for run in name_runs(line) if not line[run[0]].quoted]
        if named:
            return [] if _SOMEBODY in named else named
    return []


def _unquoted(line: Line) -> set[str]:
    return {token.stem for token in line if not token.quoted}
