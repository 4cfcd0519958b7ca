"""Other spellings of a word: variants, chat short forms, abbreviations.

The spellings of a language are data, in its file in this folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NOTHING = re.compile(r"(?!)")
# Shorter parts occur in any word.
_SHORTEST_PART = 3


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """The spellings of a language; all words in lower case."""

    endings: Sequence[tuple[str, str]]
    inside: Sequence[tuple[str, str]]
    words: Mapping[str, str]
    chat: Mapping[str, str]
    abbreviations: Mapping[str, Sequence[str]]
    # Finds anything in a word that can be written in two ways.
    either_way: re.Pattern[str]

    def variants(self, word: str) -> list[str]:
        """Return other ways to write ``word`` by the language's rules; not all of them are
        words."""
        word = word.lower()
        if word not in self.words and not self.either_way.search(word):
            return []
        found = dict.fromkeys(self._variants(word))
        found.pop(word, None)
        return list(found)

    def _variants(self, word: str) -> Iterator[str]:
        if word in self.words:
            yield self.words[word]
        for one, other in self.inside:
            for here, there in ((one, other), (other, one)):
                if here in word:
                    yield word.replace(here, there)
        for one, other in self.endings:
            for here, there in ((one, other), (other, one)):
                if word.endswith(here) and len(word) > len(here) + 1:
                    yield word.removesuffix(here) + there

    def long_forms(self, word: str) -> Sequence[str]:
        """Return what an abbreviation stands for; nothing for other words."""
        return self.abbreviations.get(word.lower(), ())

    def written_out(self, question: str) -> str:
        """Return the question with its chat short forms written out."""

        def longer(match: re.Match[str]) -> str:
            word = match.group()
            # With capitals it may be a name.
            known = self.chat.get(word) if word.islower() else None
            return word if known is None else known

        return _WORD.sub(longer, question)


@cache
def spelling(code: str) -> Spelling:
    """Return the spellings of a language by its ISO 639-1 code; empty ones if it has no file."""
    path = Path(__file__).with_name(f"{code}.toml")
    if not path.exists():
        return Spelling((), (), {}, {}, {}, _NOTHING)
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    pairs = data["variants"]
    endings = "|".join(ending for pair in pairs["endings"] for ending in pair)
    inside = "|".join(group for pair in pairs["inside"] for group in pair)
    words = {one: other for pair in pairs["words"] for one, other in (pair, reversed(pair))}
    return Spelling(
        [(one, other) for one, other in pairs["endings"]],
        [(one, other) for one, other in pairs["inside"]],
        words,
        data["chat"],
        data["abbreviations"],
        re.compile(f"(?:{endings})$|{inside}"),
    )


def parts(word: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to split a word in two: ``carmaker`` gives ``car`` and ``maker`` among
    others."""
    for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        yield word[:cut], word[cut:]


def nearest_word(word: str, counts: Mapping[str, float], most: int) -> str | None:
    """Return the word of ``counts`` that is the fewest edits away and begins with the same letter,
    the most frequent of equals; None if none is within ``most`` edits, or if ``word`` itself is
    there."""
    if word in counts:
        return None
    best: tuple[int, float, str] | None = None
    for other, count in counts.items():
        if other[:1] != word[:1] or abs(len(other) - len(word)) > most:
            continue
        if (found := edits(word, other, most)) <= most:
            # Words further away than the nearest one so far needn't be compared to the end.
            most = found
            best = min(best or (found, -count, other), (found, -count, other))
    return best[2] if best is not None else None


def edits(one: str, other: str, most: int) -> int:
    """Return the Damerau-Levenshtein distance (optimal string alignment): letters to insert,
    delete, change or swap with the next one; ``most + 1`` if it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, with_it in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != with_it))
            if last and j > 1 and letter == other[j - 2] and one[i - 2] == with_it:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
