"""Moderators are told when the languages of a corpus ask for another embedder."""

from __future__ import annotations

import pytest

from bot.i18n import LANGUAGES, describe
from bot.ops.search_advice import language_advice
from retrieval.embedders import EmbedderOptions, make_embedder

_ALL_ENGLISH = {"en": 90, "de": 3}


@pytest.mark.parametrize(
    ("articles", "questions", "told"),
    [
        (_ALL_ENGLISH, {"en": 9}, None),
        ({"de": 40, "fr": 1}, {}, "de"),
        ({"en": 50, "ru": 30}, {}, "en,ru"),
        (_ALL_ENGLISH, {"zh": 5, "en": 5}, "en,zh"),
        ({}, {}, None),
    ],
)
def test_languages_that_the_embedder_does_not_know_are_told(
    articles: dict[str, int], questions: dict[str, int], told: str | None
) -> None:
    advice = language_advice(make_embedder("wordllama"), articles, questions)
    assert (advice.params["languages"] if advice else None) == told
    for name in ("e5", "openai"):
        knows_many = make_embedder(name, EmbedderOptions(base_url="http://127.0.0.1:9/v1"))
        assert language_advice(knows_many, articles, questions) is None


@pytest.mark.parametrize(
    ("model", "english"),
    [
        ("BAAI/bge-small-en-v1.5", True),
        ("sentence-transformers/all-MiniLM-L6-v2", True),
        ("intfloat/multilingual-e5-large", False),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", False),
    ],
)
def test_the_names_of_neural_models_say_whether_they_are_for_english(
    model: str, english: bool
) -> None:
    embedder = make_embedder("neural", EmbedderOptions(neural_model=model))
    assert (embedder.languages == frozenset({"en"})) is english


def test_languages_are_named_in_the_language_of_who_reads_it() -> None:
    advice = language_advice(make_embedder("wordllama"), {"en": 50, "ru": 30}, {})
    assert advice is not None
    assert "Russian" in describe(advice)
    assert "Russisch" in describe(advice, "de")
    assert len({describe(advice, language, remedy=True) for language in LANGUAGES}) == len(
        LANGUAGES
    )
