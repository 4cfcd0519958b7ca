"""Separate what a model answers from what it thinks, in the text of one stream.

Servers that know a model's format send thoughts in a field of their own. Elsewhere, thoughts are in
the text itself: between tags (``<think>``, ``[THINK]``), the opening one often missing because the
chat template ends with it, or in harmony channels (``<|channel|>analysis<|message|>``), whose
markers some servers drop (``analysisWe need…assistantfinal…``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["answer", "thought", "retracted"]

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think"
_TOOLS = "tool_call|tool_calls|function_call|function_calls|tools|invoke"
_TAG = re.compile(
    rf"<(?P<close>/?)\s*(?P<name>{_NAMES}|{_TOOLS})(?:\s[^<>\n]{{0,80}})?>"
    r"|(?P<square>\[/?(?:THINK|TOOL_CALLS)\])|(?P<kimi>◁/?think▷)|<[|｜](?P<special>[^<>|｜\n]{1,40})[|｜]>|</?s>|<end_of_turn>",
    re.IGNORECASE,
)
# Beginnings of such markers, where a chunk may end.
_OPEN_END = re.compile(r"(?:<[|｜]?/?[^<>\n]{0,90}|\[/?[A-Za-z_]{0,10}|◁[^▷]{0,8})$")
_BARE_ANALYSIS = "analysis"
_BARE_FINAL = re.compile(r"assistant\s?final(?=[\s\S])", re.IGNORECASE)
_LONGEST_BARE = 16
_STARTS_THOUGHT = frozenset(
    {"start_thinking", "start_action", "tool_calls_begin", "tool▁calls▁begin", "python_tag"}
)
_ENDS_THOUGHT = frozenset(
    {"end_thinking", "end_action", "start_response", "tool_calls_end", "tool▁calls▁end"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text; ``retracted``, without text: everything so far was thought, not the
    answer."""

    kind: Kind
    text: str = ""


class ReasoningSplitter:
    """Splits the text of a stream as it arrives; markers may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = ""
        self._begun = False
        self._thinks = False
        self._header: str | None = None  # the text between harmony's markers, None outside
        self._bare = False
        self.thought = False  # whether anything was thought in the text

    def feed(self, text: str) -> list[Part]:
        """Return what is certain now. Text that may be the beginning of a marker is held back."""
        self._rest += text
        if not self._begun and not self._begin():
            return []
        found: list[Part] = []
        while match := self._next_mark():
            self._give(found, self._rest[: match.start()])
            self._rest = self._rest[match.end() :]
            self._mark(found, match)
        kept = 0
        if self._bare and self._thinks:
            kept = min(len(self._rest), _LONGEST_BARE)
        elif begun := _OPEN_END.search(self._rest):
            kept = len(self._rest) - begun.start() if _may_be_mark(begun[0]) else 0
        self._give(found, self._rest[: len(self._rest) - kept])
        self._rest = self._rest[len(self._rest) - kept :]
        return found

    def finish(self) -> list[Part]:
        """Return the rest at the end of the stream."""
        found: list[Part] = []
        rest, self._rest = self._rest, ""
        self._give(found, rest)
        return found

    def _begin(self) -> bool:
        start = self._rest.lstrip()
        if len(start) <= len(_BARE_ANALYSIS) and _BARE_ANALYSIS.startswith(start):
            return False
        self._begun = True
        if start.startswith(_BARE_ANALYSIS) and start[len(_BARE_ANALYSIS)].isupper():
            self._bare = self._thinks = self.thought = True
        return True

    def _next_mark(self) -> re.Match[str] | None:
        if self._bare and self._thinks:
            return _BARE_FINAL.search(self._rest)
        return _TAG.search(self._rest)

    def _mark(self, found: list[Part], match: re.Match[str]) -> None:
        if self._bare and self._thinks:
            self._thinks = False
            return
        marks = match.groupdict()
        if name := marks["special"]:
            self._special(name.strip().lower())
            return
        other = marks["square"] or marks["kimi"]
        if not marks["name"] and not other:
            return  # an end of text
        if not (marks["close"] if marks["name"] else "/" in (other or "")):
            self._thinks = self.thought = True
        elif self._thinks:
            self._thinks = False
        else:
            self.thought = True
            found.append(Part("retracted"))

    def _special(self, name: str) -> None:
        if name in ("start", "channel", "im_start", "start_header_id"):
            self._header = ""
            self._thinks = False
        elif name in ("message", "end_header_id"):
            self._thinks = bool(self._header) and not _is_answer(self._header or "")
            self.thought |= self._thinks
            self._header = None
        elif name in ("end", "return", "call"):
            self._thinks = False
        elif name in _STARTS_THOUGHT:
            self._thinks = self.thought = True
        elif name in _ENDS_THOUGHT:
            self._thinks = False

    def _give(self, found: list[Part], text: str) -> None:
        if not text:
            return
        if self._header is not None:
            head, line, rest = text.partition("\n")
            self._header += head
            if not line:
                return
            self._header, text = None, rest  # ``<|im_start|>assistant`` ends with its line
        if text:
            found.append(Part("thought" if self._thinks else "answer", text))


def _is_answer(header: str) -> bool:
    header = header.strip().lower()
    return "final" in header or header == "assistant"


def _may_be_mark(tail: str) -> bool:
    if tail[:1] == "◁" or tail[:2] in ("<|", "<｜"):
        return True
    if tail[:1] == "[":
        return any(
            mark.startswith(tail[1:].lower().lstrip("/")) for mark in ("think]", "tool_calls]")
        )
    inner = tail[1:].lstrip("/").lower()
    names = [*_NAMES.split("|"), *_TOOLS.split("|"), "s>", "end_of_turn>"]
    return (
        any(name.startswith(inner) or inner.startswith(f"{name} ") for name in names) or not inner
    )
