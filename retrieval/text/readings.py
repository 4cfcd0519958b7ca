"""Compare two readings of one article, so that a worse one never replaces a better one."""

from __future__ import annotations

import re
from collections import Counter

from retrieval.text.encoding import disorder

_REPLACED = "\ufffd"
# Letters that were turned into question marks: several in a row, or one inside a word.
_QUESTIONED = re.compile(r"\?{2,}|(?<=\w)\?(?=\w)")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-z]")
_ELLIPSIS = re.compile(r"(?:\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\[&#8230;\]))+\s*$")
# How much more ``disorder`` a text must have to count as misread.
_MISREAD = 0.25
# Share of ASCII words that two readings of one text have in common.
_SAME = 0.9
# A text shorter than this share of the former one, with nothing new in it, was cut.
_CUT = 0.8
# How many ASCII letters must be the same before missing other letters count as a loss.
_LEAST_PLAIN = 60


def why_worse(before: str, after: str, *, fetched: bool) -> str | None:
    """Return the code of the reason why ``after`` must not replace ``before``; None if it may.

    ``fetched`` texts come from feeds and pages, which may cut them (``only-its-beginning``); what a
    person hands in is refused only for broken letters (``letters-broken``).
    """
    if _is_broken(before, after):
        return "letters-broken"
    if fetched and _is_cut(before, after):
        return "only-its-beginning"
    return None


def _is_broken(before: str, after: str) -> bool:
    change = disorder(after) - disorder(before)
    if abs(change) > _MISREAD:
        return change > 0
    damage = [_damage(before), _damage(after)]
    lost = len(_OTHER_LETTER.findall(after)) < len(_OTHER_LETTER.findall(before))
    return (damage[1] > damage[0] or lost) and _is_same_but_for_letters(before, after, damage)


def _damage(text: str) -> int:
    return text.count(_REPLACED) + len(_QUESTIONED.findall(text))


def _is_same_but_for_letters(before: str, after: str, damage: list[int]) -> bool:
    """Return whether the ASCII words of both are the same, so that only other letters changed."""
    mine, theirs = Counter(_PLAIN.findall(before)), Counter(_PLAIN.findall(after))
    if damage[1] <= damage[0]:
        # Letters are missing without a trace: only a loss if no ASCII letter differs.
        plain = {"".join(_PLAIN.findall(text)) for text in (before, after)}
        return len(plain) == 1 and len(plain.pop()) >= _LEAST_PLAIN
    if _masked(before) == _masked(after):
        return True
    shared = (mine & theirs).total()
    most = max(mine.total(), theirs.total())
    if most >= 8 and shared >= _SAME * most:
        return True
    # In texts of other letters, the undamaged words must be the old ones.
    whole = [word for word in after.split() if _REPLACED not in word and "?" not in word]
    known = set(before.split())
    return len(whole) >= 3 and sum(word in known for word in whole) >= _SAME * len(whole)


def _masked(text: str) -> str:
    """Return a text with every letter beyond ASCII replaced by a question mark."""
    return "".join(
        "?" if c in (_REPLACED, "?") or (not c.isascii() and c.isalpha()) else c for c in text
    )


def _is_cut(before: str, after: str) -> bool:
    """Return whether ``after`` is the beginning of ``before`` and much shorter."""
    old = " ".join(before.split())
    new = " ".join(_ELLIPSIS.sub("", after).split())
    if len(new) >= _CUT * len(old) or not new:
        return False
    # The last word may be cut as well.
    return old.startswith((new, new.rsplit(" ", 1)[0]))
