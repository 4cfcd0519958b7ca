"""Find where sentences end in English: sentencex's cuts, without those inside sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

from retrieval.text.calendar_names import BARE_SHORT_MONTH, MONTH, WEEKDAY

# sentencex wrongly ends sentences here: "at 5 p.m. Thursday", "the U.S. Senate".
_UNFINISHED = re.compile(
    r"(?:\b[ap]\.m\.|\b(?:[A-Z]\.){2,}|\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|Rev|St|No"
    rf"|{BARE_SHORT_MONTH}|vs|Inc|Corp|Co|Ltd|approx)\.)[\"”’)]?\s*$"
)
_GOES_ON = re.compile(rf"\s*(?:[a-z0-9]|(?:{WEEKDAY}|{MONTH}|E[SD]T|GMT|BST|UTC|PT|ET)\b)")
_TITLE_BEFORE_NAME = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|Rev|St|No|vs)\.\s*$"
)
_WORD = re.compile(r"\w")
# Half a surrogate pair, which sentencex refuses.
_SURROGATE = re.compile("[\ud800-\udfff]")
_CLOSING = '"”’)'
# The longest abbreviation, with the characters before and after it.
_ENDING = 16


def boundaries(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets at which sentences of ``text[start:end]``, one line, end, including the
    white space after them."""
    first = at = start
    line = text[start:end]
    try:
        pieces = sentencex.segment("en", line)
    except UnicodeEncodeError:
        pieces = sentencex.segment("en", _SURROGATE.sub("?", line))
    for piece in pieces:
        at += len(piece)
        if at < end and not _runs_on(text[first:at], text[at : at + 24]):
            yield at
            first = at


def _runs_on(so_far: str, following: str) -> bool:
    if not _WORD.search(so_far):
        return True
    ending = so_far.rstrip()[-_ENDING:]
    if not ending.rstrip(_CLOSING).endswith("."):
        return False
    if _TITLE_BEFORE_NAME.search(ending):
        return True
    return bool(_UNFINISHED.search(ending) and _GOES_ON.match(following))
