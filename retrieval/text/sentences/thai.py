"""Find where sentences end in Thai, which marks them by spaces but also uses spaces elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.text.sentences.rules import Rules, quotations, rules_of

_SPACE = re.compile(r"\s+")
_THAI = re.compile("[\u0e00-\u0e7f]")
_ENDING = "!?…。"
_CLOSERS = '"”’)」』'
# Shorter than a clause, in characters.
_SHORTEST, _SHORTEST_NEXT = 12, 8


def boundaries(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets at which sentences of ``text[start:end]``, one line, end, including the
    white space after them."""
    line = text[start:end]
    kept = quotations(line)
    rules = rules_of("th")
    first = 0
    for match in _SPACE.finditer(line):
        if match.end() >= len(line) or any(a < match.start() < b for a, b in kept):
            continue
        left, right = line[first : match.start()], line[match.end() :]
        following = right.split(maxsplit=1)[0]
        if not left:
            continue
        if left.rstrip(_CLOSERS)[-1:] not in _ENDING or not left.rstrip(_CLOSERS):
            if len(left) < _SHORTEST or len(following) < _SHORTEST_NEXT:
                continue
            if not _THAI.match(following) or not _THAI.match(left[-1]):
                continue
            if not following.startswith(rules.opening) and (
                following.startswith(rules.joining) or left.endswith(rules.joined)
            ):
                continue
            # A title, and the first and the last name after it.
            if any(_is_title(word, rules) for word in left.split()[-3:]):
                continue
        yield start + match.end()
        first = match.end()


def _is_title(word: str, rules: Rules) -> bool:
    return word.endswith(".") and "before" in rules.kinds_at_end(word.rstrip("."))[0]
