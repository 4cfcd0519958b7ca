"""Find notices in which a publisher says that an earlier version of an article was wrong."""

from __future__ import annotations

import re

_PIECE = r"(?:article|story|report|post|piece|column|page|headline|item|version|caption)"
_NOTICE = re.compile(
    # "Correction (Nov. 3, 2023):" begins a paragraph; inside a sentence it may be any correction.
    r"^\W{0,3}(?:corrections?|clarification|erratum)\b"
    r"(?:,?[^\S\n]+(?:[a-z]{3,9}\.?[^\S\n]+\d{1,2}|\d{1,2}[^\S\n]+[a-z]{3,9})(?:,?[^\S\n]+\d{4})?)?"
    r"(?:[^\S\n]*\([^)\n]{1,40}\))?[^\S\n]*[:—–]"
    rf"|\b(?:an?|the) (?:earlier|previous|prior|original) version of (?:this|the) {_PIECE}\b"
    rf"|\b(?:this|the) {_PIECE} (?:has been|was|has since been) (?:since )?"
    r"(?:corrected|amended|updated (?:on [^.\n]{1,30} )?to correct)\b",
    re.IGNORECASE,
)
# One of these stands in each notice, in its paragraph; looking for them is many times faster.
_WORDS = ("correct", "clarification", "erratum", "amended", " version of th")
_LONGEST = 400


def correction_in(text: str) -> str | None:
    """Return the paragraph of ``text`` that holds a correction notice, with white space folded and
    at most 400 characters long; None if there is none."""
    if not _may_hold_one(text):
        return None
    for paragraph in filter(_may_hold_one, text.split("\n")):
        if found := _NOTICE.search(paragraph):
            return _shortened(paragraph, found.start())
    return None


def _may_hold_one(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _WORDS)


def _shortened(paragraph: str, before: int) -> str:
    if len(paragraph) > _LONGEST and before > 0:
        # Somewhere in a long paragraph: from the sentence that it stands in.
        sentence = max(paragraph.rfind(mark, 0, before) for mark in (". ", "? ", "! "))
        paragraph = paragraph[sentence + 2 if sentence >= 0 else 0 :]
    paragraph = " ".join(paragraph.split())
    return paragraph if len(paragraph) <= _LONGEST else paragraph[: _LONGEST - 1].rstrip() + "…"
