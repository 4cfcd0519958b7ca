"""How questions begin: a slip in their first words, which no article has, is told by its neighbours.

"were is" begins no question, "where is" many. Which pairs of words questions begin with is counted by
`make train`; a word is taken for another one only if that fits both of its neighbours.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from bot.answering.router.wrapping import is_short_form, spelt_out
from retrieval.text.spelling import nearest_word

OPENINGS = Path(__file__).with_name("openings.json")
_START = "^"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_READ = 3  # words, and the one after these
_SHORTEST = 3  # letters; shorter words have too many neighbours
_OFTEN = 3  # questions that begin with a pair of words


def with_opening_mended(question: str) -> str:
    """The question with what is misspelt of its first words as it was meant."""
    found = list(_WORD.finditer(question))[: _READ + 1]
    words = [_START, *(spelt_out(_plain(match[0])) for match in found)]
    known = _pairs()
    mended = question
    for n in range(len(found) - 1, 0, -1):
        before, word, after = words[n - 1 : n + 2]
        fits = after in known.get(word, {}) and word in known.get(before, {})
        if fits or len(word) < _SHORTEST or is_short_form(_plain(found[n - 1][0])):
            continue
        fitting = {
            other: float(count)
            for other, count in known.get(before, {}).items()
            if len(other) >= _SHORTEST and after in known.get(other, {})
        }
        if meant := nearest_word(word, fitting, 1):
            match = found[n - 1]
            instead = meant.capitalize() if match[0][0].isupper() else meant
            mended = mended[: match.start()] + instead + mended[match.end() :]
            words[n] = meant
    return mended


def save_openings(questions: Iterable[str]) -> None:
    """Count the pairs of words that questions begin with, and keep those that do so often."""
    counts: Counter[tuple[str, str]] = Counter()
    for question in questions:
        words = [_START, *map(_plain, _WORD.findall(question)[: _READ + 1])]
        counts.update(set(pairwise(words)))
    pairs: dict[str, dict[str, int]] = {}
    for (first, second), count in sorted(counts.items()):
        if count >= _OFTEN:
            pairs.setdefault(first, {})[second] = count
    OPENINGS.write_text(json.dumps(pairs, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")


@cache
def _pairs() -> dict[str, dict[str, int]]:
    kept: dict[str, dict[str, int]] = json.loads(OPENINGS.read_text(encoding="utf-8"))
    return kept
