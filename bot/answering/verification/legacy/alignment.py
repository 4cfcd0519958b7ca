"""Where in the passages a sentence comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from bot.answering.verification.legacy.words import Token, plain, read
from retrieval.text.sentences import sentence_spans

MAX_TOKENS = 400
"""A sentence longer than this is read in pieces; a claim longer than this is no sentence."""
_WINDOW = 3
_LONGER = 0.03  # what each further sentence of a window has to add to the coverage

Line = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of the claim and what stands in its place in the passage; either may be empty."""

    claimed: Line
    found: Line
    before: int  # how many tokens match just before it
    after: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The stretch of sentences that says most of what a claim says, and how the two differ."""

    lines: tuple[Line, ...]
    coverage: float
    matched: int
    longest: int
    changes: tuple[Change, ...]

    @property
    def tokens(self) -> Line:
        return tuple(token for line in self.lines for token in line)


@lru_cache(maxsize=256)
def lines(text: str) -> tuple[Line, ...]:
    """The sentences of a passage, read. A quotation may run over several of them."""
    text = plain(text)
    found: list[Line] = []
    inside, read_to = False, 0
    for start, end in sentence_spans(text):
        if "\n" in text[read_to:start]:
            inside = False  # each paragraph of a quotation opens it anew
        tokens = read(text[start:end], inside)
        inside ^= text.count('"', start, end) % 2 == 1
        read_to = end
        found.extend(tokens[at : at + MAX_TOKENS] for at in range(0, len(tokens), MAX_TOKENS))
    return tuple(found)


def content(tokens: Sequence[Token]) -> list[str]:
    return [token.stem for token in tokens if token.content]


def words(tokens: Sequence[Token]) -> Line:
    """Words and figures without marks."""
    return tuple(token for token in tokens if token.kind != "mark")


def best_window(claim: Line, passages: Sequence[Sequence[Line]]) -> tuple[tuple[Line, ...], float]:
    """The one to three neighbouring sentences with most of the claim's content, and the share."""
    wanted = set(content(claim))
    best: tuple[tuple[Line, ...], float] = ((), 0.0)
    best_score = -1.0
    if not wanted:
        return best
    for passage in passages:
        held = [wanted.intersection(content(line)) for line in passage]
        for first in range(len(passage)):
            together: set[str] = set()
            for last in range(first, min(first + _WINDOW, len(passage))):
                together = together | held[last]
                share = len(together) / len(wanted)
                score = share - _LONGER * (last - first)
                if score > best_score:
                    best_score, best = score, (tuple(passage[first : last + 1]), share)
    return best


def align(claim: Line, window: tuple[Line, ...], coverage: float) -> Alignment:
    """Match the words of a claim, in order, with those of a window of sentences."""
    left = words(claim)[:MAX_TOKENS]
    right = words([token for line in window for token in line])[: 3 * MAX_TOKENS]
    matcher = SequenceMatcher(None, [t.stem for t in left], [t.stem for t in right], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    changes = []
    a = b = before = 0
    for block in [*blocks, None]:
        to_a, to_b = (block.a, block.b) if block else (len(left), len(right))
        if a < to_a or b < to_b:
            after = block.size if block else 0
            changes.append(Change(left[a:to_a], right[b:to_b], before, after))
        if block:
            a, b, before = block.a + block.size, block.b + block.size, block.size
    sizes = [block.size for block in blocks]
    return Alignment(window, coverage, sum(sizes), max(sizes, default=0), tuple(changes))
