"""Split a text that is still being written into sentences with the numbers that they cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.answering.citation_marks import (
    CANONICAL,
    mark_begun,
    with_plain_marks,
    without_reference,
)
from retrieval.text.sentences import sentence_spans

_STOP = ".!?。！？؟।"
_AFTER_END = re.compile(rf"([{_STOP}]+[\"”’')*]*)((?:{CANONICAL.pattern})+)")
_NUMBER = re.compile(r"\d{1,3}")
_ENDS = re.compile(rf"[{_STOP}][\"”’')]*$")
_OPENING = re.compile(r"\s+(?P<mark>[“‘\"(])$")
# So many characters of the next sentence prove that the one before has ended.
_SURE = 6
# What models put before an answer or a list item, which isn't part of a sentence.
_BULLET = re.compile(
    r"^(?:[-*•–▪◦‣]\s+|\d{1,2}[.)]\s+|>\s+|(?:\*\*)?(?:(?:the )?(?:final )?answer(?: to (?:the|this|your) question)?(?: is)?|a)\s*:(?:\*\*)?\s*)+",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"^\s*(?:[-*•–▪◦‣]|\d{1,2}[.)]|\(\d{1,2}\))\s+")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s+.*|(\*\*|__)[^*_]{1,80}(\*\*|__):?|[-=*_]{3,})\s*$")
_SOURCES = re.compile(
    r"^\W*(?:sources?|references?|citations?|footnotes?|works cited|quellen(?:angaben)?|fuentes|referencias|sources utilisées|fonti"
    r"|источники|ссылки|المصادر|المراجع|来源|参考(?:资料|文献)|kaynak(?:lar|ça)|स्रोत)(?:\s+used)?\W*(?::.*|：.*)?$",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"^\s*(?:\[\d{1,3}\]|\d{1,3})\s*[:：]\s|^\s*\[\d{1,3}\]\s+\S.*(?:https?:|www\.)"
)
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")
_GAPS = (
    (re.compile(r"\(\s*[,;]?\s*\)|\[\s*\]"), ""),
    (re.compile(r"\s+([,.;:!?。，])"), r"\1"),
    (re.compile(r"\s{2,}"), " "),
    (re.compile(r"([,;])(?=[.!?])"), ""),
)
_MAY_BE_SPECIAL = re.compile(
    r"^\s*(?:[|#].*|(?:\*\*|__)[^*_]{0,80}[*_]{0,2}:?\s*|[-*•–▪◦‣(]?\d{0,2}[.)]?\s*|\[\^?\d{0,3}\]?\s*|\[\^?\d{1,3}\]\s?[:：].*|[\w ]{0,12}:?\s*)$"
)
_UNFINISHED = re.compile(r"\s*[\[【(]\^?[\d\s,;–-]{0,20}$")
_MANY = 99


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence as the model wrote it, without citation marks; ``cited`` as written, perhaps
    wrong."""

    text: str
    cited: tuple[int, ...]


class DraftReader:
    """Splits a stream of text into sentences.

    A sentence is returned when it can't continue: when the next one has begun, or at the end.
    ``passages`` is how many the model was given: other numbers in parentheses aren't citations.
    """

    def __init__(self, passages: int = _MANY) -> None:
        self._passages = passages
        self._line = ""  # what may not be running text
        self._runs = False  # whether the current line is running text
        self._item = False  # and a list item
        self._rest = ""
        self._table: list[str] = []
        self._sources = False  # whether sources follow instead of sentences

    def feed(self, text: str) -> list[DraftSentence]:
        """Take more text; return the sentences that are complete now."""
        self._line += text
        found: list[DraftSentence] = []
        while self._line:
            line, end, rest = self._line.partition("\n")
            if not self._runs:
                if not end and (self._sources or _MAY_BE_SPECIAL.match(line)):
                    break
                if end and (special := self._special_line(line)) is not None:
                    found += self._whole(at_end=True) + special
                    self._line = rest
                    continue
                found += self._row_before("")
                self._runs = True
                if item := _LIST_ITEM.match(line):
                    found += self._whole(at_end=True)
                    self._item, line = True, line[item.end() :]
            self._rest += line
            self._line = rest
            if end:
                if self._item and not _ENDS.search(
                    CANONICAL.sub("", with_plain_marks(self._rest, _MANY))
                ):
                    self._rest = self._rest.rstrip(" ;,") + "."
                self._rest += "\n"
                self._runs = self._item = False
        return found + self._whole()

    def settle(self) -> list[DraftSentence]:
        """Return complete sentences while the text pauses: those followed by another one, and a
        last one that is complete and cited."""
        begun = mark_begun(self._rest)
        moved = self._moved(self._rest)
        spans = _spans(moved)
        open_mark = CANONICAL.sub("", with_plain_marks(self._rest[begun:], self._passages))
        if not spans or open_mark.strip():
            return []
        last = moved[spans[-1][0] : spans[-1][1]]
        whole = spans if CANONICAL.search(last) and _ENDS.search(last) else spans[:-1]
        if whole:
            self._rest = "" if len(whole) == len(spans) else moved[spans[-1][0] :]
        return self._drafts(moved, whole)

    def finish(self, *, cut: bool = False) -> list[DraftSentence]:
        """Return what is left at the end of the text, without a last sentence that was ``cut``."""
        self._line, self._rest = (_UNFINISHED.sub("", each) for each in (self._line, self._rest))
        if cut:
            whole = _ENDS.search(self._rest.rstrip())
            found = self._whole(at_end=True)
            return found if whole or not found else found[:-1]
        found = self.feed("\n") if self._line or self._rest else []
        return found + self._row_before("") + self._whole(at_end=True)

    def _whole(self, *, at_end: bool = False) -> list[DraftSentence]:
        """Return the sentences of the running text so far that can't continue."""
        begun = len(self._rest) if at_end else mark_begun(self._rest)
        moved, tail = self._moved(self._rest[:begun]), self._rest[begun:]
        spans = _spans(moved)
        if not spans:
            return []
        whole = spans if at_end or moved.endswith("\n") else spans[:-1]
        if len(whole) < len(spans) and len(moved) - spans[-1][0] < _SURE:
            return []
        if whole:
            self._rest = (moved[spans[-1][0] :] if len(whole) < len(spans) else "") + tail
        return self._drafts(moved, whole)

    def _special_line(self, line: str) -> list[DraftSentence] | None:
        """Return the sentences of a line that is a table's row, a heading or among the sources;
        None for running text."""
        if _ROW.match(line):
            found = self._row_before(line)
            self._table.append(line)
            return found
        if self._sources or _SOURCES.match(line):
            self._sources = True
            return self._row_before("")
        plain = with_plain_marks(line, self._passages)
        if _HEADING.match(line) or _FOOTNOTE.match(plain) or not line.strip():
            return self._row_before("")
        return None

    def _row_before(self, line: str) -> list[DraftSentence]:
        """Return the sentence of the row before; none if it was the header of the table."""
        if not self._table:
            return []
        row = self._table.pop()
        if _RULE.match(row) or _RULE.match(line or "x"):
            return []
        cells = [
            cell.strip()
            for cell in with_plain_marks(row, self._passages).strip().strip("|").split("|")
        ]
        words = [cell for cell in cells if CANONICAL.sub("", f" {cell}").strip()]
        if len(words) < 2:
            return []
        marks = "".join(mark for cell in cells for mark in CANONICAL.findall(f" {cell}"))
        told = [CANONICAL.sub("", f" {cell}").strip() for cell in words]
        text = f"{told[0]}: {', '.join(told[1:])}{marks}."
        return self._drafts(text, [(0, len(text))])

    def _moved(self, text: str) -> str:
        """Return text with marks in one form, those after the end of a sentence moved before it:
        ``cost 5. (1)`` becomes ``cost 5 [1].``"""
        text = with_plain_marks(text, self._passages)
        return _AFTER_END.sub(lambda match: match[2] + match[1], text)

    def _drafts(self, text: str, spans: list[tuple[int, int]]) -> list[DraftSentence]:
        found = []
        for start, end in spans:
            sentence = text[start:end]
            if _HEADING.match(sentence) or _SOURCES.match(CANONICAL.sub("", sentence)):
                continue
            cited = [int(n) for mark in CANONICAL.findall(sentence) for n in _NUMBER.findall(mark)]
            plain = _BULLET.sub("", CANONICAL.sub("", f" {sentence}").strip())
            plain, more = without_reference(plain.strip(), self._passages)
            for pattern, by in _GAPS:
                plain = pattern.sub(by, plain)
            if re.search(r"\w", plain):
                found.append(DraftSentence(plain.strip(), tuple(dict.fromkeys([*cited, *more]))))
        return found


def _spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text that may break off inside a quotation.

    The splitter puts an unclosed quotation mark into the sentence before it.
    """
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for first, last in sentence_spans(text):
        first = first if start is None else start
        opening = _OPENING.search(text[first:last])
        start = first + opening.start("mark") if opening else None
        spans.append((first, first + opening.start() if opening else last))
    return spans
