"""Declines are told from answers that sound like them, on sentences that nothing was learned from."""

from __future__ import annotations

import pytest

from bot.answering.conversation import usable_rewrite
from bot.answering.declines import NO_ANSWER, is_decline
from tests.benchmarks.train_declines import held_out

FLOOR = 0.97


def test_of_200_declines_in_eight_languages_nearly_all_are_told() -> None:
    texts = [text for each in held_out()["declines"].values() for text in each]
    assert len(texts) == 200
    assert sum(map(is_decline, texts)) >= FLOOR * len(texts)


def test_of_200_answers_that_sound_like_declines_nearly_all_stay_answers() -> None:
    texts = [text for each in held_out()["answers"].values() for text in each]
    assert len(texts) == 200
    assert sum(map(is_decline, texts)) <= (1 - FLOOR) * len(texts)


@pytest.mark.parametrize("text", [NO_ANSWER, f"**{NO_ANSWER}**", "Not answered."])
def test_the_token_is_a_decline_however_it_is_dressed(text: str) -> None:
    assert is_decline(text)


@pytest.mark.parametrize(
    ("rewritten", "usable"),
    [
        ("Who paid for the Lantern Bridge?", True),
        ("“Who paid for the Lantern Bridge?”", True),
        ("Rewritten question: Who paid for the Lantern Bridge?", True),
        ("", False),
        ("The user wants somebody's identity, hence I should mention it.", False),
        ("Who paid for the Lantern Bridge?\n\nIt was paid for by the city.", False),
        ("Who paid for the Lantern Bridge? The city did.", False),
        ("Who paid " + "for the Lantern Bridge " * 12 + "?", False),
        ("I don't know.", False),
    ],
)
def test_a_rewritten_question_is_used_only_if_it_is_one(rewritten: str, usable: bool) -> None:
    told = "Asked: How much did the Lantern Bridge cost?\nAnswered: It cost 412 million crowns."
    assert (usable_rewrite(rewritten, "and who paid for it?", told) is not None) is usable
