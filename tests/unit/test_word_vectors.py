"""Vectors of words, as verification looks them up."""

from __future__ import annotations

import numpy as np
import pytest

from bot.answering.verification import word_vectors
from bot.answering.verification.word_vectors import WordVectors
from retrieval.embedders import wordllama
from retrieval.embedders.wordllama import sentence_vectors, tokens_of


def test_a_full_cache_forgets_and_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors, "_MAX_WORDS", 2)
    vectors = WordVectors()
    first, _ = vectors.look_up(["harbour", "lantern", "ferry"])
    again, _ = vectors.look_up(["ferry", "council", "harbour"])
    assert np.array_equal(again[[2, 0]], first[[0, 2]])


def test_sentences_have_the_same_vectors_whether_remembered_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wordllama, "_REMEMBERED", 3)
    monkeypatch.setattr(wordllama, "_known_tokens", {})
    texts = ["The ferry left the harbour.", "", "Die Fähre fuhr ab.", "The ferry left the harbour."]
    apart = sentence_vectors(texts)
    for _ in range(2):
        assert np.array_equal(sentence_vectors(texts, remembering=True), apart)
    other = ["A council met.", "It met again.", "A lantern fell.", "Nobody saw it."]
    assert [len(each.ids) for each in tokens_of(other)] == [
        len(tokens_of([text])[0].starts) for text in other
    ]
    assert len(wordllama._known_tokens) <= 4
    assert np.array_equal(sentence_vectors(texts, remembering=True), apart)
