"""Sentences and where they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

# A line break ends a sentence unless the next line goes on in lower case (hard-wrapped text).
_LINE = re.compile(r"\n(?![ \t]*[a-z])|\n[ \t]*(?=\n)")
# sentencex ends a sentence here where it goes on: "at 5 p.m. Thursday", "the U.S. Senate".
_UNFINISHED = re.compile(
    r"(?:\b[ap]\.m\.|\b(?:[A-Z]\.){2,}|\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|Rev|St|No"
    r"|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|vs|Inc|Corp|Co|Ltd|approx)\.)[\"”’)]?\s*$"
)
_GOES_ON = re.compile(
    r"\s*(?:[a-z0-9]|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May"
    r"|June|July|August|September|October|November|December|E[SD]T|GMT|BST|UTC|PT|ET)\b)"
)
_TITLE_BEFORE_NAME = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|Rev|St|No|vs)\.\s*$"
)
_WORD = re.compile(r"\w")
_CLOSING = '"”’)'
# No abbreviation is longer, with the character before it and the one behind.
_ENDING = 16
# sentencex cuts in the middle of such a character where one follows a capital ("B\u00a0.").
_WIDE_SPACES = "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of each sentence, in order, without the white space around it.

    Line breaks end a sentence too, so that a headline or a list item stands alone.
    """
    if not text.isascii():
        for space in _WIDE_SPACES:
            text = text.replace(space, " ")
    for line_start, line_end in _line_spans(text):
        line = text[line_start:line_end]
        start = end = line_start
        for piece in sentencex.segment("en", line):
            end += len(piece)
            if end < line_end and _runs_on(text[start:end], text[end : end + 24]):
                continue
            yield from _trimmed(text, start, end)
            start = end
        yield from _trimmed(text, start, line_end)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def _runs_on(so_far: str, following: str) -> bool:
    if not _WORD.search(so_far):
        return True
    ending = so_far.rstrip()[-_ENDING:]
    if not ending.rstrip(_CLOSING).endswith("."):
        return False
    if _TITLE_BEFORE_NAME.search(ending):
        return True
    return bool(_UNFINISHED.search(ending) and _GOES_ON.match(following))


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _LINE.finditer(text):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
