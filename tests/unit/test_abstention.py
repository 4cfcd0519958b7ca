"""The trade-off between answering and abstaining, as a curve."""

from __future__ import annotations

import pytest

from bot.answering.extractive import Selection
from bot.evaluation.abstention import Tradeoff, first_half


def sure(confidence: float) -> Selection:
    return Selection((), confidence, None if confidence >= 0.5 else "too-thin")


def half(known: list[float], unknown: list[float]) -> Tradeoff:
    return Tradeoff(10, tuple(map(sure, known)), tuple(map(sure, unknown)))


def test_telling_all_apart_has_the_area_one_and_chance_a_half() -> None:
    assert half([0.9, 0.8], [0.1, 0.2]).area == pytest.approx(1.0)
    assert half([0.1, 0.2], [0.9, 0.8]).area == pytest.approx(0.0)
    assert half([0.3, 0.3], [0.3, 0.3]).area == pytest.approx(0.5)


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    assert half([0.9, 0.4], [0.6, 0.1]).area == pytest.approx(3 / 4)


def test_the_curve_goes_from_all_answered_to_all_refused() -> None:
    curve = half([0.9, 0.4], [0.6, 0.1]).curve()
    assert curve[0][1:] == (1.0, 0.0)
    assert curve[-1][1:] == (0.0, 1.0)


def test_the_shares_are_those_at_the_threshold_in_use() -> None:
    result = half([0.9, 0.4], [0.6, 0.1, 0.2])
    assert result.answered.value == pytest.approx(1 / 2)
    assert result.abstained.value == pytest.approx(2 / 3)


def test_the_first_half_of_the_dates_names_the_articles() -> None:
    articles = [{"url": f"https://example.com/{n}"} for n in range(4)]
    questions = [
        {"asked_at": f"2023-11-0{n + 1}", "gold_urls": [f"https://example.com/{n}"]}
        for n in range(4)
    ]
    assert first_half(articles, questions) == articles[:2]
