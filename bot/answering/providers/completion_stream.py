"""The chunks of a chat completion as events: text, thoughts, usage and the reason for its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.answering.providers.base import (
    AnswerRetracted,
    StreamEnd,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    TokenUsage,
)
from bot.answering.providers.reasoning import Part, ReasoningSplitter

_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_REASONS: dict[str, Literal["stop", "length", "content_filter", "refusal"]] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "refusal",
}


@dataclass
class CompletionReader:
    """Pass each chunk, as the openai client parses it, to ``feed``, then call ``finish``.

    ``awaits_close``: the model is known to think first without saying so; its text is held back
    until its thoughts end.
    """

    awaits_close: bool = False
    ended: bool = False
    thought: bool = False
    wrote: bool = False
    unopened: bool = False
    asked_for_tool: bool = False
    reason: Literal["stop", "length", "content_filter", "refusal"] = "stop"
    usage: TokenUsage | None = None
    _splitter: ReasoningSplitter = field(default_factory=ReasoningSplitter)
    _held: list[str] = field(default_factory=list)

    def feed(self, chunk: Any) -> Iterator[StreamEvent]:
        """Yield the events of a chunk."""
        for choice in getattr(chunk, "choices", None) or ():
            if getattr(choice, "index", 0):
                continue
            delta = getattr(choice, "delta", None) or getattr(choice, "message", None)
            if delta is not None:
                yield from self._delta(delta)
            if finish := getattr(choice, "finish_reason", None):
                self.ended = True
                self.reason = _REASONS.get(str(finish).lower(), self.reason)
        self.usage = _usage(chunk) or self.usage

    def finish(self) -> Iterator[StreamEvent]:
        """Yield the rest, ``StreamEnd``, and the usage if the server reported it."""
        yield from self._given(self._splitter.finish())
        if self._held and self.reason == "stop":  # this time it didn't think
            yield from self._text("".join(self._held))
        self._held.clear()
        yield StreamEnd(self.reason)
        if self.usage is not None:
            yield self.usage

    def _delta(self, delta: Any) -> Iterator[StreamEvent]:
        for name in _THOUGHTS:
            thought = getattr(delta, name, None)
            if isinstance(thought, str) and thought:
                self.thought = True
                yield ThoughtDelta(thought)
                break
        if getattr(delta, "tool_calls", None) or getattr(delta, "function_call", None):
            self.asked_for_tool = True
        if getattr(delta, "refusal", None):
            self.reason = "refusal"
        for kind, text in _parts(getattr(delta, "content", None)):
            if kind == "thought":
                self.thought = True
                yield ThoughtDelta(text)
            else:
                yield from self._given(self._splitter.feed(text))

    def _given(self, parts: list[Part]) -> Iterator[StreamEvent]:
        for part in parts:
            self.thought |= self._splitter.thought
            if part.kind == "thought":
                yield ThoughtDelta(part.text)
            elif part.kind == "answer":
                if self.awaits_close:
                    self._held.append(part.text)
                else:
                    yield from self._text(part.text)
            else:
                self.unopened = True
                if self.awaits_close:
                    yield ThoughtDelta("".join(self._held))
                    self._held.clear()
                    self.awaits_close = False
                else:
                    self.wrote = False
                    yield AnswerRetracted()

    def _text(self, text: str) -> Iterator[StreamEvent]:
        if text.strip() or self.wrote:
            self.wrote = True
            yield TextDelta(text)


def _parts(content: Any) -> Iterator[tuple[Literal["answer", "thought"], str]]:
    """Yield content as text: a string, or Mistral's list of parts, including thoughts."""
    if isinstance(content, str):
        if content:
            yield "answer", content
        return
    for part in content if isinstance(content, list) else ():
        record = part if isinstance(part, dict) else getattr(part, "__dict__", {})
        if record.get("type") in ("thinking", "reasoning"):
            inner = record.get("thinking") or record.get("reasoning") or record.get("text") or ""
            yield "thought", "".join(text for _, text in _parts(inner)) or " "
        elif isinstance(text := record.get("text"), str) and text:
            yield "answer", text


def _usage(chunk: Any) -> TokenUsage | None:
    """Return the usage from its own chunk, the last one, or Groq's field; None if it is missing."""
    found = getattr(chunk, "usage", None)
    if found is None:
        groq = getattr(chunk, "x_groq", None)
        found = groq.get("usage") if isinstance(groq, dict) else getattr(groq, "usage", None)
    if found is None:
        return None
    record = found if isinstance(found, dict) else getattr(found, "__dict__", {})
    prompt, completion = record.get("prompt_tokens"), record.get("completion_tokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return TokenUsage(prompt, completion) if prompt + completion > 0 else None
