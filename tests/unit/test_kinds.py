"""What a question asks for, and how many of that a passage holds."""

import numpy as np
import pytest

from retrieval.search.ranking import (
    FEATURES,
    bm25_features,
    dense_features,
    kind_features,
    lead_features,
    learned_weights,
)
from retrieval.text.answer_counts import counted_kind, counts
from retrieval.text.answer_types import expected_answer_type


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many satellites does Starlink have in orbit?", "number"),
        ("When does daylight saving time end in 2023?", "number"),
        ("What was the final score between Delaware and Penn State?", "number"),
        ("What percentage of couples are 'sleep divorced'?", "percentage"),
        ("UK house prices fell by how much in August?", "percentage"),
        ("Which Latin American country elected a new president?", "country"),
        ("Which US states voted on abortion?", "state"),
        ("Who won this year's Nobel Peace Prize?", None),
        ("Which company said that the state of the economy is to blame?", None),
    ],
)
def test_a_question_asks_for_a_kind_of_thing(question: str, kind: str | None) -> None:
    assert counted_kind(expected_answer_type(question)) == kind


def test_numbers_and_places_count_once_percentages_each_time() -> None:
    text = (
        "South Korea’s exports fell 12% in May, 12 per cent less than in Papua New Guinea and 3.5 percent less "
        "than in New Mexico. Japan sold 1,200 cars, South Korea 1,200."
    )
    assert counts(text) == {"number": 4, "percentage": 3, "country": 3, "state": 1}


def test_a_text_without_any_holds_none() -> None:
    assert counts("Nobody said where the money went.") == dict.fromkeys(counts(""), 0)


def test_only_the_kind_that_is_asked_for_counts() -> None:
    features = kind_features("state", np.array([0, 3], dtype=np.float32))
    assert features["place"].tolist() == pytest.approx([0, np.log(4)])
    assert not features["number"].any()
    assert not features["percentage"].any()
    assert not any(column.any() for column in kind_features(None, np.ones(2, np.float32)).values())


def test_an_article_is_as_close_as_the_middle_of_its_passages() -> None:
    question = np.array([1.0, 0.0], dtype=np.float32)
    passages = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    features = dense_features(question, passages, [7, 7, 9])
    assert features["cosine"].tolist() == [1, 0, 0]
    assert features["article_cosine"].tolist() == pytest.approx([2**-0.5, 2**-0.5, 0])
    assert dense_features(question, passages[:0], [])["article_cosine"].shape == (0,)


def test_bm25_counts_up_to_four_fifths_of_the_highest_and_the_rest_apart() -> None:
    features = bm25_features(np.array([1.0, 0.9, 0.5], dtype=np.float32))
    assert features["bm25"] == pytest.approx([0.8, 0.8, 0.5])
    assert features["bm25_peak"] == pytest.approx([0.2, 0.1, 0.0])
    assert bm25_features(np.zeros(0, dtype=np.float32))["bm25"].shape == (0,)


def test_the_lead_of_an_article_is_weighed_apart_where_a_number_is_asked_for() -> None:
    assert lead_features([0, 1], None)["lead_for_kind"].tolist() == [0, 0]
    assert lead_features([0, 1], "number")["lead_for_kind"].tolist() == [1, 0.5]


def test_there_is_a_weight_for_every_feature() -> None:
    assert set(learned_weights()) == set(FEATURES)
