"""What news at large tells of words: how common they are, and what they are slips of."""

from __future__ import annotations

import pytest

from retrieval.indexes.common_words import is_common, nearest_common, share_of_passages


@pytest.mark.parametrize("word", ["anything", "new", "guy", "getting", "late", "how"])
def test_everyday_words_are_common_in_any_form(word: str) -> None:
    assert is_common(word)


@pytest.mark.parametrize("word", ["Biden", "Calderquay", "2031", "нужно", ""])
def test_names_numbers_and_words_of_other_languages_are_not(word: str) -> None:
    assert not is_common(word)


def test_shares_are_between_none_and_all_and_fall_with_rarity() -> None:
    assert 1 >= share_of_passages("the") > share_of_passages("anyth") > 0
    assert share_of_passages("calderquay") == 0


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("prisson", "prison"), ("anythng", "anything"), ("arested", "arrested")],
)
def test_a_slip_is_read_as_the_nearest_common_word(slip: str, meant: str) -> None:
    assert nearest_common(slip) == meant


@pytest.mark.parametrize("word", ["calderquay", "rizz", "39", "ab", "prison"])
def test_what_is_near_to_none_and_what_is_right_stays(word: str) -> None:
    assert nearest_common(word) is None
