"""The words of a question that search looks for."""

from __future__ import annotations

import pytest

from retrieval.search.query import content_words, names


@pytest.mark.parametrize(
    "question",
    [
        "What is the name of the ship?",
        "What was the ship's name?",
        "What’s the name of this ship?",
        "Name the ship",
    ],
)
def test_a_question_for_a_name_does_not_look_for_the_word(question: str) -> None:
    assert "name" not in [word.lower() for word in content_words(question)]


@pytest.mark.parametrize(
    "question", ["Which country may be changing its name?", "What is India changing its name to?"]
)
def test_a_question_about_a_name_looks_for_the_word(question: str) -> None:
    assert content_words(question)[-2:] == ["changing", "name"]


def test_a_question_of_question_words_alone_keeps_them() -> None:
    assert content_words("What is the name?") == ["What", "is", "the", "name"]


def test_capitals_tell_names_from_the_second_word_on() -> None:
    assert names("Which role does Sharon White leave at John Lewis?") == (
        "Sharon", "White", "John", "Lewis",
    )  # fmt: skip
