"""Two readings of one article: a worse one never replaces a better one."""

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
# How much more disorderly a text must be to be called misread.
_MISREAD = 0.25
# Words in ASCII that two readings of one text share.
_SAME = 0.9
# What comes back shorter than this share of what was there, and says nothing new, was cut.
_CUT = 0.8
# Plain letters that must be the same before the absence of others is called a loss.
_LEAST_PLAIN = 60


def why_worse(before: str, after: str, *, fetched: bool) -> str | None:
    """Return the code of why ``after`` must not replace ``before``, None if it may.

    ``fetched`` texts come from feeds and pages, which cut them at will; what a person hands in is
    only refused for broken letters.
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
    """Whether the plain words of both are the same, so that nothing but other letters changed."""
    mine, theirs = Counter(_PLAIN.findall(before)), Counter(_PLAIN.findall(after))
    if damage[1] <= damage[0]:
        # Letters are missing and nothing shows it: only where not one plain letter differs.
        plain = {"".join(_PLAIN.findall(text)) for text in (before, after)}
        return len(plain) == 1 and len(plain.pop()) >= _LEAST_PLAIN
    if _masked(before) == _masked(after):
        return True
    shared = (mine & theirs).total()
    most = max(mine.total(), theirs.total())
    if most >= 8 and shared >= _SAME * most:
        return True
    # Of texts in other letters, the words that are whole must be the old ones.
    whole = [word for word in after.split() if _REPLACED not in word and "?" not in word]
    known = set(before.split())
    return len(whole) >= 3 and sum(word in known for word in whole) >= _SAME * len(whole)


def _masked(text: str) -> str:
    """What is left of a text in which every letter beyond ASCII came back as a question mark."""
    return "".join(
        "?" if c in (_REPLACED, "?") or (not c.isascii() and c.isalpha()) else c for c in text
    )


def _is_cut(before: str, after: str) -> bool:
    """Whether ``after`` is the beginning of ``before`` and much shorter."""
    old = " ".join(before.split())
    new = " ".join(_ELLIPSIS.sub("", after).split())
    if len(new) >= _CUT * len(old) or not new:
        return False
    # The last word may be cut as well.
    return old.startswith((new, new.rsplit(" ", 1)[0]))
