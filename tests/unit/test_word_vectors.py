"""Vectors of words, as verification looks them up."""

from __future__ import annotations

import numpy as np
import pytest

from bot.answering.verification import word_vectors
from bot.answering.verification.word_vectors import WordVectors


def test_a_full_cache_forgets_and_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors, "_MAX_WORDS", 2)
    vectors = WordVectors()
    first, _ = vectors.look_up(["harbour", "lantern", "ferry"])
    again, _ = vectors.look_up(["ferry", "council", "harbour"])
    assert np.array_equal(again[[2, 0]], first[[0, 2]])
