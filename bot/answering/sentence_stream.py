"""The sentences of a text that is still being written, with the numbers that they cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.text.sentences import sentence_spans

# [1], [1, 2], [1][2], 【1】 and (1) are all seen; only brackets are asked for.
_MARK = re.compile(r"\s*[\[【]\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*[\]】]")
_AFTER_END = re.compile(rf"([.!?]+[\"”’')]*)((?:{_MARK.pattern})+)")
_MARK_BEGUN = re.compile(r"\s*(?:[\[【][\d\s,;–-]{0,20})?$")
_NUMBER = re.compile(r"\d{1,3}")
_ENDS = re.compile(r"[.!?][\"”’')]*$")
_OPENING = re.compile(r"\s+(?P<mark>[“‘\"(])$")
# What models put before an answer or a list, and is no part of a sentence.
# So much of a next sentence makes sure that the one before has ended.
_SURE = 6
_BULLET = re.compile(
    r"^(?:[-*•–]\s+|\d{1,2}[.)]\s+|#{1,6}\s+|(?:(?:the )?answer(?: to (?:the|this|your) question)?(?: is)?|a)\s*:\s*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence as the model wrote it, without its marks; ``cited`` as written, maybe wrong."""

    text: str
    cited: tuple[int, ...]


class DraftReader:
    """Cuts a stream of text into sentences.

    A sentence is given out when it can't go on: when another one has begun, or at the end.
    """

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[DraftSentence]:
        """Take some more text; return the sentences that are whole now."""
        self._rest += text
        head, tail = self._rest, ""
        # A mark that has begun may belong to the sentence before it.
        if begun := _MARK_BEGUN.search(head):
            head, tail = head[: begun.start()], head[begun.start() :]
        moved = _moved(head)
        spans = _spans(moved)
        if not spans:
            return []
        whole = spans if moved.endswith("\n") else spans[:-1]
        if len(whole) < len(spans) and len(moved) - spans[-1][0] < _SURE:
            return []
        self._rest = (moved[spans[-1][0] :] if len(whole) < len(spans) else "") + tail
        return _drafts(moved, whole)

    def settle(self) -> list[DraftSentence]:
        """Return what would be given out if the text went on, for when it pauses: sentences with
        another one begun behind them, and a last one that is whole and cited."""
        begun = _MARK_BEGUN.search(self._rest)
        moved = _moved(self._rest)
        spans = _spans(moved)
        if not spans or (begun and begun[0].strip()):
            return []
        last = moved[spans[-1][0] : spans[-1][1]]
        whole = spans if _MARK.search(last) and _ENDS.search(last) else spans[:-1]
        self._rest = "" if len(whole) == len(spans) else moved[spans[-1][0] :]
        return _drafts(moved, whole)

    def finish(self) -> list[DraftSentence]:
        """Return what is left at the end of the text."""
        moved, self._rest = _moved(_MARK_BEGUN.sub("", self._rest)), ""
        return _drafts(moved, _spans(moved))


def _spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a text that may break off inside a quotation.

    The splitter puts a quotation mark that is not closed yet with the sentence before it.
    """
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for first, last in sentence_spans(text):
        first = first if start is None else start
        opening = _OPENING.search(text[first:last])
        start = first + opening.start("mark") if opening else None
        spans.append((first, first + opening.start() if opening else last))
    return spans


def _moved(text: str) -> str:
    """Marks that stand behind the end of a sentence put before it: ``cost 5. [1]`` to ``cost 5 [1].``"""
    return _AFTER_END.sub(lambda match: match[2] + match[1], text)


def _drafts(text: str, spans: list[tuple[int, int]]) -> list[DraftSentence]:
    found = []
    for start, end in spans:
        sentence = text[start:end]
        cited = dict.fromkeys(n for mark in _MARK.findall(sentence) for n in _numbers(mark))
        plain = _BULLET.sub("", _MARK.sub("", sentence).strip())
        if re.search(r"\w", plain):
            found.append(DraftSentence(plain, tuple(cited)))
    return found


def _numbers(mark: str) -> list[int]:
    numbers = [int(number) for number in _NUMBER.findall(mark)]
    if len(numbers) == 2 and re.search(r"\d\s*[–-]\s*\d", mark):
        first, last = numbers
        return list(range(first, min(last, first + 20) + 1))
    return numbers
