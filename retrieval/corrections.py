"""Notices in which a publisher says that an article was wrong before."""

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
    re.IGNORECASE | re.MULTILINE,
)
# One of these stands in each notice; looking for them is many times faster.
_WORDS = ("correct", "clarification", "erratum", "amended", " version of th")
_LONGEST = 400


def correction_in(text: str) -> str | None:
    """The paragraph of ``text`` that holds a notice of correction, shortened where it is long."""
    lowered = text.lower()
    found = _NOTICE.search(text) if any(word in lowered for word in _WORDS) else None
    if found is None:
        return None
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    paragraph = text[start : end if end >= 0 else len(text)]
    before = found.start() - start
    if len(paragraph) > _LONGEST and before > 0:
        # Somewhere in a long paragraph: from the sentence that it stands in.
        sentence = max(paragraph.rfind(mark, 0, before) for mark in (". ", "? ", "! "))
        paragraph = paragraph[sentence + 2 if sentence >= 0 else 0 :]
    paragraph = " ".join(paragraph.split())
    return paragraph if len(paragraph) <= _LONGEST else paragraph[: _LONGEST - 1].rstrip() + "…"
