"""The second opinion: one call for all sentences, read from JSON or from lines."""

from __future__ import annotations

import pytest

from bot.answering.verification.second_opinion import (
    OpenQuestion,
    read_opinions,
    second_opinions,
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1: yes\n2: no", {1: True, 2: False}),
        ("1. Yes\n2) No.", {1: True, 2: False}),
        ('{"verdicts": [{"sentence": 1, "supported": true}, {"sentence": 2, "supported": false}]}', {1: True, 2: False}),
        ("2: no\n7: yes", {2: False}),
        ("I think that all is well.", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_opinions_are_read_by_number(answer: str, expected: dict[int, bool]) -> None:
    assert read_opinions(answer, 2) == expected


async def test_all_sentences_are_asked_about_in_one_call() -> None:
    prompts: list[str] = []

    async def ask(prompt: str, most: int) -> str:
        prompts.append(prompt)
        assert most < 500
        return "1: yes\n3: no"

    questions = [OpenQuestion(f"Sentence {n}.", ("passage A", "passage B")) for n in range(3)]
    assert await second_opinions(questions, ask) == [True, None, False]
    [prompt] = prompts
    assert prompt.count("passage A") == 1


async def test_without_an_answer_nothing_is_confirmed() -> None:
    async def ask(prompt: str, most: int) -> None:
        return None

    assert await second_opinions([OpenQuestion("One.", ("text",))], ask) == [None]
