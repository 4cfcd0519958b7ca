"""Streams as real servers send them, chunk for chunk: each takes what is thought and what is said.

The shapes are those of the servers' documentation and of public bug reports about them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Events: TypeAlias = Iterator[dict[str, Any] | bytes]

DONE = b"data: [DONE]\n\n"
_SIZE = 9


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": choices, **more}  # fmt: skip


def pieces(text: str, size: int = _SIZE) -> list[str]:
    return [text[first : first + size] for first in range(0, len(text), size)]


def openai(said: str, thought: str = "", finish: str = "stop") -> Events:
    """OpenAI: usage is null until a last chunk without choices; thoughts are not sent."""
    yield chunk({"role": "assistant", "content": "", "refusal": None}, usage=None)
    for piece in pieces(said):
        yield chunk({"content": piece}, usage=None)
    yield chunk({}, finish, usage=None)
    details = {"completion_tokens_details": {"reasoning_tokens": len(thought)}}
    yield chunk(None, usage={"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940, **details})  # fmt: skip
    yield DONE


def azure(said: str, thought: str = "", finish: str = "stop") -> Events:
    """Azure: a first chunk about filters without choices, and filter results beside each delta."""
    yield {"id": "", "object": "", "created": 0, "model": "", "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}], "choices": []}  # fmt: skip
    for piece in pieces(said):
        made = chunk({"content": piece})
        made["choices"][0]["content_filter_results"] = {}
        yield made
    yield chunk({}, finish)
    yield DONE


def ollama(said: str, thought: str = "", finish: str = "stop") -> Events:
    for piece in pieces(thought):
        yield chunk({"role": "assistant", "content": "", "reasoning": piece}, system_fingerprint="fp_ollama")  # fmt: skip
    for piece in pieces(said):
        yield chunk({"role": "assistant", "content": piece}, system_fingerprint="fp_ollama")
    yield chunk({"role": "assistant", "content": ""}, finish)
    yield chunk(None, usage={"prompt_tokens": 800, "completion_tokens": 60, "total_tokens": 860})
    yield DONE


def old_ollama(said: str, thought: str = "") -> Events:
    """Versions whose every chunk has an empty finish_reason."""
    for piece in pieces(said):
        yield chunk({"role": "assistant", "content": piece}, "")
    yield chunk({"role": "assistant", "content": ""}, "stop")
    yield DONE


def vllm(said: str, thought: str = "", finish: str = "stop", field: str = "reasoning_content") -> Events:  # fmt: skip
    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(thought):
        yield chunk({field: piece, "content": None})
    for piece in pieces(said):
        yield chunk({"content": piece})
    yield chunk({"content": ""}, finish, stop_reason=None)
    yield chunk(None, usage={"prompt_tokens": 700, "completion_tokens": 50, "total_tokens": 750})
    yield DONE


def llama_cpp(said: str, thought: str = "", finish: str = "stop") -> Events:
    yield chunk({"role": "assistant", "content": None})
    for piece in pieces(thought):
        yield chunk({"reasoning_content": piece})
    for piece in pieces(said):
        yield chunk({"content": piece})
    yield chunk({}, finish)
    yield chunk(None, usage={"prompt_tokens": 600, "completion_tokens": 30, "total_tokens": 630}, timings={"prompt_n": 600, "predicted_per_second": 40.0})  # fmt: skip
    yield DONE


def openrouter(said: str, thought: str = "", finish: str = "stop") -> Events:
    """OpenRouter: comments keep the line open; usage comes with a choice that says nothing."""
    yield b": OPENROUTER PROCESSING\n\n"
    for piece in pieces(thought):
        yield chunk({"role": "assistant", "content": "", "reasoning": piece, "reasoning_details": [{"type": "reasoning.text", "text": piece}]}, provider="X")  # fmt: skip
    yield b": OPENROUTER PROCESSING\n\n"
    for piece in pieces(said):
        yield chunk({"role": "assistant", "content": piece}, native_finish_reason=None)
    yield chunk({"role": "assistant", "content": ""}, finish)
    yield chunk({"role": "assistant", "content": ""}, usage={"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520, "cost": 0.001})  # fmt: skip
    yield DONE


def groq(said: str, thought: str = "", finish: str = "stop") -> Events:
    yield chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1"})
    for piece in pieces(thought):
        yield chunk({"reasoning": piece, "channel": "analysis"})
    for piece in pieces(said):
        yield chunk({"content": piece})
    yield chunk({}, finish, x_groq={"id": "req_1", "usage": {"prompt_tokens": 400, "completion_tokens": 10, "total_tokens": 410}})  # fmt: skip
    yield DONE


def gemini(said: str, thought: str = "", finish: str = "stop") -> Events:
    """Gemini: large chunks with usage in each of them, thoughts between tags of their own."""
    text = f"<thought>{thought}</thought>{said}" if thought else said
    for number, piece in enumerate(pieces(text, 60)):
        usage = {"prompt_tokens": 300, "completion_tokens": number + 1, "total_tokens": 301 + number}  # fmt: skip
        yield chunk({"role": "assistant", "content": piece}, usage=usage)
    yield chunk({"role": "assistant"}, finish, usage={"prompt_tokens": 300, "completion_tokens": 33, "total_tokens": 333})  # fmt: skip
    yield DONE


def mistral(said: str, thought: str = "", finish: str = "stop") -> Events:
    """Mistral: content is a list of parts while the model thinks, usage is in the last chunk."""
    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(thought):
        yield chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]})  # fmt: skip
    first, *others = pieces(said)
    yield chunk({"content": [{"type": "text", "text": first}]})
    for piece in others:
        yield chunk({"content": piece})
    yield chunk({"content": ""}, finish, usage={"prompt_tokens": 200, "completion_tokens": 15, "total_tokens": 215})  # fmt: skip
    yield DONE


def deepseek(said: str, thought: str = "", finish: str = "stop") -> Events:
    yield b": keep-alive\n\n"
    for piece in pieces(thought):
        yield chunk({"role": "assistant", "content": None, "reasoning_content": piece})
    yield b": keep-alive\n\n"
    for piece in pieces(said):
        yield chunk({"content": piece, "reasoning_content": None})
    yield chunk({"content": "", "reasoning_content": None}, finish, usage={"prompt_tokens": 100, "completion_tokens": 12, "total_tokens": 112})  # fmt: skip
    yield DONE


def lm_studio_error(message: str) -> Events:
    """LM Studio: 200, then an event that is an error."""
    yield b"event: error\ndata: " + json.dumps({"error": {"message": message}}).encode() + b"\n\n"


def error_in_stream(said: str, message: str, code: int = 502) -> Events:
    """OpenRouter: a chunk with an error in the middle of an answer."""
    for piece in pieces(said):
        yield chunk({"role": "assistant", "content": piece})
    yield chunk({"content": ""}, "error", error={"code": code, "message": message})
    yield DONE


def tool_calls() -> Events:
    yield chunk({"role": "assistant", "content": None, "tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": ""}}]})  # fmt: skip
    yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"q": "bridge"}'}}]})
    yield chunk({}, "tool_calls")
    yield DONE


def refusal(words: str) -> Events:
    yield chunk({"role": "assistant", "content": None, "refusal": ""})
    for piece in pieces(words):
        yield chunk({"refusal": piece})
    yield chunk({}, "stop")
    yield DONE


def nothing(finish: str = "stop") -> Events:
    yield chunk({"role": "assistant", "content": ""})
    yield chunk({}, finish)
    yield DONE
