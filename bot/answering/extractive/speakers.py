"""Quote speech only together with what says who speaks."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.prompt_injection import overlaps
from retrieval.text.lengths import count_words
from retrieval.text.sentences import sentence_spans

_CLOSES = {"“": "”", "„": "“”", "«": "»", "»": "«", '"': '"', "「": "」", "『": "』"}
_LEAST_OUTSIDE = 2  # letters
_LONGEST = 60  # words


def with_speaker(sentence: str, text: str) -> str:
    """Return ``sentence``; or, if all of it is speech, the part of ``text`` that holds it and the
    neighbouring sentence of its paragraph which names the speaker, at most 60 words."""
    start = text.find(sentence)
    end = start + len(sentence)
    if start < 0:
        return sentence
    first = text.rfind("\n", 0, start) + 1
    last = end + len(text[end:].split("\n", 1)[0])
    speech = list(_speech(text, first, last))
    if not speech or _outside(text, start, end, speech) or not overlaps(start, end, speech):
        return sentence
    spans = [(a + first, b + first) for a, b in sentence_spans(text[first:last])]
    around = [span for span in spans if overlaps(*span, [(start, end)])]
    before = [span for span in spans if span[1] <= start][-1:]
    after = [span for span in spans if span[0] >= end][:1]
    goes_on = any(a < end and after[0][0] < b for a, b in speech) if after else False
    for a, b in (*around, *after, *before) if goes_on else (*around, *before, *after):
        whole = text[min(a, start) : max(b, end)]
        if _outside(text, a, b, speech) and count_words(whole) <= _LONGEST:
            return whole
    return sentence


def _speech(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a paragraph in quotation marks; an unclosed one reaches to its end."""
    mark, begun = "", 0
    for at in range(first, last):
        sign = text[at]
        if mark:
            if sign in _CLOSES[mark]:
                yield begun, at + 1
                mark = ""
        elif sign in _CLOSES and not (sign == '"' and at > first and text[at - 1].isdigit()):
            mark, begun = sign, at
    if mark:
        yield begun, last


def _outside(text: str, start: int, end: int, speech: list[tuple[int, int]]) -> bool:
    """Return whether a span has words outside quotation marks."""
    letters = [at for at in range(start, end) if text[at].isalpha()]
    return sum(not any(a <= at < b for a, b in speech) for at in letters) >= _LEAST_OUTSIDE
