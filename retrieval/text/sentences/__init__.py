"""Sentences and their places in a text, by the rules of the text's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.text.common_words import likely_language
from retrieval.text.sentences import english, thai
from retrieval.text.sentences.rules import boundaries

__all__ = ["sentence_spans", "sentences"]

# A line break ends a sentence unless the next line goes on in lower case (hard-wrapped text).
_LINE = re.compile(r"\n(?![ \t]*[a-z])|\n[ \t]*(?=\n)")
_ANY_LINE = re.compile(r"\n(?![ \t]*[a-zà-öø-ÿ\u0430-\u045f])|\n[ \t]*(?=\n)")
_WIDE_SPACES = "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def sentence_spans(text: str, language: str | None = None) -> Iterator[tuple[int, int]]:
    """Yield the ``(start, end)`` of each sentence in order, without the white space around it.

    ``language`` is the ISO 639-1 code of the text's language; None detects it. Line breaks end a
    sentence too, so that a headline or a list item stands alone.
    """
    if not text.isascii():
        for space in _WIDE_SPACES:
            text = text.replace(space, " ")
    if language is None:
        language = likely_language(text) or "en"
    in_english = language == "en"
    for line_start, line_end in _line_spans(text, _LINE if in_english else _ANY_LINE):
        start = line_start
        if in_english:
            ends = english.boundaries(text, line_start, line_end)
        elif language == "th":
            ends = thai.boundaries(text, line_start, line_end)
        else:
            ends = boundaries(text, line_start, line_end, language)
        for end in ends:
            yield from _trimmed(text, start, end)
            start = end
        yield from _trimmed(text, start, line_end)


def sentences(text: str, language: str | None = None) -> list[str]:
    """Return the sentences of a text; see ``sentence_spans``."""
    return [text[start:end] for start, end in sentence_spans(text, language)]


def _line_spans(text: str, breaks: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for match in breaks.finditer(text):
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
