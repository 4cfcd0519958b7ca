"""Cut an article into passages: the unit that is indexed, found and quoted."""

from __future__ import annotations

import re

from retrieval.text.lengths import english_length
from retrieval.text.sentences import sentence_spans

MAX_CHARS = 1000

_BREATH = re.compile(r"[;:,–—]\s|\s|[、，；：।]")


def passage_spans(
    text: str, max_chars: int = MAX_CHARS, *, language: str | None = None
) -> list[tuple[int, int]]:
    """Cut ``text`` into ``(start, end)`` spans that say at most as much as ``max_chars`` characters
    of English. ``language`` is the ISO 639-1 code of the text's language; None detects it.

    Spans begin and end with sentences and are of similar length; only a sentence longer than
    ``max_chars`` is cut inside, at a clause or a space. The spans cover every sentence once.
    """
    if text:
        # One measure for the whole text: 1,000 English characters say as much as 340 Chinese ones.
        max_chars = round(max_chars * len(text) / english_length(text))
    sentences = [
        piece
        for span in sentence_spans(text, language)
        for piece in _fitting(text, *span, max_chars)
    ]
    if not sentences:
        return []
    length = sentences[-1][1] - sentences[0][0]
    # No more passages than necessary, but evenly filled: a last one of a few words would rank
    # undeservedly high in keyword search.
    target = length / -(-length // max_chars)
    spans: list[tuple[int, int]] = []
    start, end = sentences[0]
    for first, last in sentences[1:]:
        grown = last - start
        overshoot, shortfall = grown - target, target - (end - start)
        if grown > max_chars or (overshoot > 0 and overshoot > shortfall):
            spans.append((start, end))
            start = first
        end = last
    spans.append((start, end))
    return spans


def _fitting(text: str, start: int, end: int, max_chars: int) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    while end - start > max_chars:
        window = text[start : start + max_chars]
        breaks = [match.end() for match in _BREATH.finditer(window, max_chars // 2)]
        cut = start + (breaks[-1] if breaks else max_chars)
        piece_end = cut
        while piece_end > start and text[piece_end - 1].isspace():
            piece_end -= 1
        if piece_end > start:
            pieces.append((start, piece_end))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        pieces.append((start, end))
    return pieces
