"""Correct typing errors in the first words of questions, which no article contains.

"were is" begins no question, "where is" many. `make train` counts which pairs of words questions
begin with; a word is replaced by another one only if that fits both its neighbours.
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
_SHORTEST = 3  # letters; shorter words are similar to too many others
_OFTEN = 3  # questions that begin with a pair of words


def with_opening_mended(question: str) -> str:
    """Return the question with typing errors in its first words corrected."""
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
    """Count the pairs of words that questions begin with, and store the frequent ones."""
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
