"""What a model thinks is told from what it answers, wherever the stream is cut."""

from __future__ import annotations

import pytest

from bot.answering.providers.reasoning import ReasoningSplitter

STREAMS = [
    ("The bridge cost 5. [1] It < 3 opened.", "The bridge cost 5. [1] It < 3 opened."),
    ("<think>Hm, [1] yes.</think>The answer. [1]", "The answer. [1]"),
    ("The user asks.\n</think>The answer. [1]", "The answer. [1]"),
    ("<think>Hm and so on", ""),
    ("<|channel|>analysis<|message|>We need<|end|><|start|>assistant<|channel|>final<|message|>Georgi won. [1]<|return|>", "Georgi won. [1]"),
    ("<|channel|>final<|message|>Georgi won. [1]", "Georgi won. [1]"),
    ("<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|>", ""),
    ("analysisWe need to answer. assistantfinalGeorgi won. [1]", "Georgi won. [1]"),
    ("Analysis shows that it rose. [1]", "Analysis shows that it rose. [1]"),
    ("analysis of x shows", "analysis of x shows"),
    ("[THINK]Hm[/THINK]Answer. [1]", "Answer. [1]"),
    ('<tool_call>{"name": "search"}</tool_call>', ""),
    ("<|im_start|>assistant\nAnswer.<|im_end|>", "Answer."),
    ("Answer.<｜end▁of▁sentence｜>", "Answer."),
    ("<think>a</think>B. [2] <think>c</think>D.", "B. [2] D."),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 8, 500])
@pytest.mark.parametrize(("stream", "answer"), STREAMS)
def test_only_the_answer_is_left(stream: str, answer: str, size: int) -> None:
    splitter = ReasoningSplitter()
    said = ""
    parts = [
        part
        for first in range(0, len(stream), size)
        for part in splitter.feed(stream[first : first + size])
    ]
    for part in [*parts, *splitter.finish()]:
        said = "" if part.kind == "retracted" else said + part.text * (part.kind == "answer")
    assert said.strip() == answer
