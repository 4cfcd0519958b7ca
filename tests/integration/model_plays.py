"""What models and their servers do, play by play, and what people should see of it.

Every play answers ``BRIDGE`` over the demo articles. Thoughts hold the word ``THOUGHT``, which
nobody may ever see. Used by `test_model_plays.py`, in the terminal and in Discord.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tests.scripted_model import Fails, Picky, Play, Refusal, Request, Says, Sends, wire

COST = "The Lantern Bridge cost 412 million crowns."
RIBBON = "Mayor Ines Calder cut the ribbon before a crowd of about 6,000 people."
THOUGHT = "zanzibarred"
_THINKING = (
    f"The user asks for the cost, {THOUGHT}. One report says that it cost 412 million crowns. "
)

Form = Literal["written", "quoted", "declined"]
Words = Callable[[Request], str]


@dataclass(frozen=True)
class ModelPlay:
    """``sentences`` is what is shown of what the model wrote; ``notes`` are keys of the remarks that
    have to be there, and no others about the model may."""

    name: str
    plays: tuple[Play, ...]
    form: Form = "written"
    sentences: tuple[str, ...] = (COST,)
    notes: tuple[str, ...] = ()
    estimated: bool = False


def cost(request: Request) -> int:
    return request.holding("cost 412 million")


def cited(template: str) -> Words:
    """The template with N for the number of the passage that tells the cost."""
    return lambda request: template.replace("{N}", str(cost(request)))


_GOOD = cited(f"{COST} [{{N}}]")


def sent(shape: Callable[..., wire.Events], *, thought: str = _THINKING, said: Words = _GOOD, **more: Any) -> Sends:  # fmt: skip
    return Sends(lambda request: shape(said(request), thought, **more))


def says(template: str) -> Says:
    return Says(cited(template))


def _stream(name: str, shape: Callable[..., wire.Events], **more: Any) -> ModelPlay:
    return ModelPlay(name, (sent(shape, **more),))


_ONLY_THOUGHT = Sends(lambda request: wire.vllm("", _THINKING, finish="length"))

STREAMS = [
    _stream("openai: null usage, then a chunk without choices", wire.openai),
    _stream("azure: filters in a chunk without choices", wire.azure),
    _stream("ollama: reasoning", wire.ollama),
    _stream("ollama, old: an empty finish_reason everywhere", wire.old_ollama),
    _stream("vllm: reasoning_content", wire.vllm),
    _stream("vllm, newer: reasoning", wire.vllm, field="reasoning"),
    _stream("llama.cpp: reasoning_content and timings", wire.llama_cpp),
    _stream("openrouter: comments, details and usage with a choice", wire.openrouter),
    _stream("groq: usage in a field of its own", wire.groq),
    _stream("gemini: big chunks, thought between tags", wire.gemini),
    _stream("mistral: a list of parts", wire.mistral),
    _stream("deepseek: null content and keep-alives", wire.deepseek),
    ModelPlay("think tags", (says(f"<think>\n{_THINKING}\n</think>\n\n{COST} [{{N}}]"),)),
    ModelPlay("think tags on one line", (says(f"<think>{_THINKING}</think>{COST} [{{N}}]"),)),
    ModelPlay("an empty thought", (says(f"<think>\n\n</think>\n\n{COST} [{{N}}]"),)),
    ModelPlay("no opening tag", (says(f"{_THINKING}{COST} [{{N}}]\n</think>\n\n{COST} [{{N}}]"),)),
    ModelPlay("no opening tag, thoughts with citations", (says(f"{RIBBON} [{{N}}] {_THINKING}\n</think>\n\n{COST} [{{N}}]"),)),
    ModelPlay("THINK in square brackets", (says(f"[THINK]{_THINKING}[/THINK]{COST} [{{N}}]"),)),
    ModelPlay("harmony channels", (says(f"<|channel|>analysis<|message|>{_THINKING}<|end|><|start|>assistant<|channel|>final<|message|>{COST} [{{N}}]<|return|>"),)),
    ModelPlay("harmony, the final channel only", (says(f"<|channel|>final<|message|>{COST} [{{N}}]"),)),
    ModelPlay("harmony without its marks", (says(f"analysisWe need the cost. {_THINKING}assistantfinal{COST} [{{N}}]"),)),
    ModelPlay("marks of a chat template", (says(f"<|im_start|>assistant\n{COST} [{{N}}]<|im_end|>"),)),
    ModelPlay("a tool's call before the answer", (says(f'<tool_call>{{"name": "{THOUGHT}"}}</tool_call>{COST} [{{N}}]'),)),
    ModelPlay("thought until the limit, then answered with more room", (_ONLY_THOUGHT, sent(wire.vllm))),
    ModelPlay("only thought, again and again", (_ONLY_THOUGHT,), "quoted", (), ("note-model-only-thought",)),
    ModelPlay("cut in its thoughts", (Sends(lambda request: wire.openai(f"<think>{_THINKING}", finish="length")),), "quoted", (), ("note-model-only-thought",)),
    ModelPlay("cut in a sentence", (Sends(lambda request: wire.openai(f"{COST} [{cost(request)}] Mayor Ines Calder cut the rib", finish="length")),), notes=("note-cut",)),
    ModelPlay("cut by a filter", (Sends(lambda request: wire.azure(f"{COST} [{cost(request)}] Mayor Ines", finish="content_filter")),), notes=("note-cut",)),
    ModelPlay("filtered before a word", (Sends(lambda request: wire.nothing("content_filter")),), "quoted", (), ("note-model-filtered",)),
    ModelPlay("a refusal of its own", (Sends(lambda request: wire.refusal("I'm sorry, I can't help with that.")),), "declined", ()),
    ModelPlay("only a tool's call", (Sends(lambda request: wire.tool_calls()),), "quoted", (), ("note-model-broke",)),
    ModelPlay("nothing at all", (Sends(lambda request: wire.nothing()),), "quoted", (), ("note-model-broke",)),
    ModelPlay("nothing at first", (Sends(lambda request: wire.nothing()), sent(wire.ollama))),
    ModelPlay("an error in the stream", (Sends(lambda request: wire.error_in_stream(f"{COST} [{cost(request)}] Mayor Ines Calder", "Upstream error")),), notes=("note-model-refused",)),
    ModelPlay("another language, then the question's", (says("Die Lantern Bridge hat insgesamt 412 Millionen Kronen gekostet. [{N}]"), Says(_GOOD))),
    ModelPlay("another language again and again", (says("Die Lantern Bridge hat insgesamt 412 Millionen Kronen gekostet. [{N}]"),), "quoted", (), ("note-other-language",)),
    ModelPlay("another language behind the answer", (says(f"{COST} [{{N}}] Bürgermeisterin Ines Calder durchschnitt das Band vor rund 6.000 Menschen. [{{N}}]"),), notes=("note-left-out",)),
    ModelPlay("no usage", (Says(_GOOD, tells_usage=False),), estimated=True),
]  # fmt: skip


def _has(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: name in body


def _has_system(body: dict[str, Any]) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def _refused(name: str, refuses: Callable[[dict[str, Any]], bool], status: int, body: Any, *more: Refusal) -> ModelPlay:  # fmt: skip
    return ModelPlay(name, (Picky((Refusal(refuses, status, body), *more), Says(_GOOD)),))


def _error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}  # fmt: skip


def _forbidden(name: str) -> dict[str, Any]:
    return {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": 1}  # fmt: skip


def _long(body: dict[str, Any]) -> bool:
    return sum(len(message["content"]) for message in body["messages"]) > 4_500


REFUSALS = [
    _refused("openai: max_completion_tokens", _has("max_tokens"), 400, _error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported_parameter")),
    _refused("the same without param", _has("max_tokens"), 400, {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "code": "invalid_request_body"}}),
    _refused("no limit at all", lambda body: "max_tokens" in body or "max_completion_tokens" in body, 400, _error("Unrecognized request argument supplied: max_tokens and max_completion_tokens")),
    _refused("openai: one temperature", _has("temperature"), 400, _error("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", param="temperature", code="unsupported_value")),
    _refused("deepseek: temperature in the message", _has("temperature"), 400, _error("deepseek-reasoner does not support the parameter `temperature`", code="invalid_request_error")),
    _refused("mistral: loc in the message", _has("stream_options"), 422, {"object": "error", "message": {"detail": [_forbidden("stream_options")]}, "type": "invalid_request_error", "param": None, "code": None}),
    _refused("mistral: detail alone, two at once", lambda body: "stream_options" in body or "temperature" in body, 422, {"detail": [_forbidden("stream_options"), _forbidden("temperature")]}),
    _refused("mistral: JSON in a string", _has("stream_options"), 422, {"object": "error", "message": '{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}', "type": "internal_error_proxy", "code": "1000"}),
    _refused("gemini: a list", _has("stream_options"), 400, [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.', "status": "INVALID_ARGUMENT"}}]),
    _refused("groq: a property", _has("stream_options"), 400, _error("property 'stream_options' is unsupported", param="", code="")),
    _refused("vllm: no system role", _has_system, 400, {"object": "error", "message": "System role not supported", "type": "BadRequestError", "param": None, "code": 400}),
    _refused("openai: no system role", _has_system, 400, _error("Unsupported value: 'messages[0].role' does not support 'system' with this model.", param="messages[0].role", code="unsupported_value")),
    _refused("gemini: no developer instruction", _has_system, 400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3-27b-it", "status": "INVALID_ARGUMENT"}}]),
    _refused("llama.cpp: roles must alternate", _has_system, 500, {"error": {"code": 500, "message": "Conversation roles must alternate user/assistant/user/assistant/...", "type": "server_error"}}),
    _refused("everything at once", _has("max_tokens"), 400, _error("Unsupported parameter: 'max_tokens'", param="max_tokens"), Refusal(_has("temperature"), 400, _error("Unsupported value: 'temperature'", param="temperature")), Refusal(_has("stream_options"), 400, _error("stream_options is not supported")), Refusal(_has_system, 400, _error("System role not supported"))),
    _refused("too many tokens to write", lambda body: body.get("max_tokens", 0) > 256, 400, _error("max_tokens is too large: 400. This model supports at most 256 completion tokens, whereas you provided 400.", param="max_tokens", code="invalid_value")),
    _refused("vllm: context", _long, 400, {"object": "error", "message": "This model's maximum context length is 1900 tokens. However, you requested 2400 tokens (2000 in the messages, 400 in the completion). Please reduce the length of the messages or completion.", "type": "BadRequestError", "param": None, "code": 400}),
    _refused("llama.cpp: context", _long, 400, {"error": {"code": 400, "message": "request (2390 tokens) exceeds the available context size (1900 tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 2390, "n_ctx": 1900}}),
    ModelPlay("lm studio: context, as an event", (Sends(lambda request: wire.lm_studio_error("Trying to keep the first 2390 tokens when context the overflows. However, the model is loaded with context length of only 1900 tokens, which is not enough.")), Says(_GOOD))),
    ModelPlay("llama.cpp: still loading", (Picky((Refusal(lambda body: True, 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),), Says(_GOOD)), Says(_GOOD))),
    ModelPlay("azure: filtered", (Picky((Refusal(lambda body: True, 400, {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "type": None, "param": "prompt", "code": "content_filter", "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),), Says(_GOOD)),), "quoted", (), ("note-model-filtered",)),
    ModelPlay("a wrong key", (Fails(401),), "quoted", (), ("note-model-refused",)),
]  # fmt: skip

_BOTH = (COST, RIBBON)


def _style(name: str, template: str, sentences: tuple[str, ...] = (COST,)) -> ModelPlay:
    return ModelPlay(f"citation {name}", (says(template),), sentences=sentences)


_C, _R = COST[:-1], RIBBON[:-1]

CITATIONS = [
    _style("[1] behind the full stop", f"{COST} [{{N}}] {RIBBON} [{{N}}]", _BOTH),
    _style("[1] before the full stop", f"{_C} [{{N}}]. {_R} [{{N}}].", _BOTH),
    _style("two in one", f"{_C} [{{N}}, 2]."),
    _style("two side by side", f"{_C} [{{N}}][2]."),
    _style("a range", f"{_C} [1-3]."),
    _style("black brackets", f"{COST}【{{N}}】{RIBBON}【{{N}}】", _BOTH),
    _style("black brackets with a dagger", f"{_C}【{{N}}†source】."),
    _style("parentheses", f"{_C} ({{N}}). {_R} ({{N}}).", _BOTH),
    _style("a footnote mark", f"{COST}[^{{N}}]\n\n[^{{N}}]: Maravel Courier, 5 March 2026"),
    _style("a raised number", f"{COST}¹"),
    _style("a raised number as HTML", f"{COST}<sup>{{N}}</sup>"),
    _style("a word in the brackets", f"{_C} [Source {{N}}]. {_R} [Passage {{N}}].", _BOTH),
    _style("doubled brackets", f"{_C} [[{{N}}]]."),
    _style("escaped brackets", f"{_C} \\[{{N}}\\]."),
    _style("a label before", f"Source {{N}}: {COST}"),
    _style("told by the passage", "Passage [{N}] says that the Lantern Bridge cost 412 million crowns."),
    _style("according to the passage", "According to passage {N}, the Lantern Bridge cost 412 million crowns."),
    _style("a label for the passage", "The passage is: The Lantern Bridge cost 412 million crowns. [{N}]"),
    _style("talk of the passages", "Based on the provided passages, the Lantern Bridge cost 412 million crowns. [{N}]"),
    _style("a link", f"{_C} [{{N}}](https://evil.example/x)."),
    _style("once for the paragraph", f"{COST} {RIBBON} [{{N}}]", _BOTH),
    _style("none", COST),
    _style("a list", f"- {_C} [{{N}}]\n- {_R} [{{N}}]\n", _BOTH),
    _style("a numbered list", f"1. {COST} [{{N}}]\n2. {RIBBON} [{{N}}]\n", _BOTH),
    _style("a heading and bold", "## Answer\n\n**Cost**\n\nThe Lantern Bridge cost **412 million** crowns. [{N}]"),
    _style("sources at the end", f"{COST} [{{N}}]\n\nSources:\n[{{N}}] Maravel Courier\n[2] https://evil.example"),
]  # fmt: skip


def _declined(name: str, template: str) -> ModelPlay:
    return ModelPlay(f"decline {name}", (says(template),), "declined", ())


DECLINES = [
    _declined("as asked", "NOT_ANSWERED"),
    _declined("as asked, dressed up", "**NOT_ANSWERED** [1]"),
    _declined("in its own words", "I'm sorry, but none of the passages mention what the bridge cost."),
    _declined("with a citation", "The passages do not say how much was paid. [1]"),
    _declined("in German", "In den vorliegenden Artikeln steht nichts über die Kosten."),
    _declined("in Chinese", "文章没有提到大桥的费用。"),
    _declined("in Russian", "В предоставленных отрывках нет информации о стоимости."),
    _declined("after a thought", f"<think>{_THINKING}</think>The articles don't specify the cost."),
    ModelPlay("an answer with a decline behind it", (says(f"{COST} [{{N}}] The passages do not say who paid for it."),)),
]  # fmt: skip

ALL = [*STREAMS, *REFUSALS, *CITATIONS, *DECLINES]
