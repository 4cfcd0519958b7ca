"""What is kept of an article to tell reports of one event by."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.stories.features import ArticleFeatures, article_features, unpack_features

_AT = 1_700_000_000_000_000


def _equal(first: ArticleFeatures, second: ArticleFeatures) -> bool:
    return (
        all(
            np.array_equal(getattr(first, name), getattr(second, name))
            for name in ("words", "counts", "title", "numbers")
        )
        and np.allclose(first.days, second.days, atol=1e-3)
        and first.roundup == second.roundup
    )


@given(st.text(max_size=60), st.text(max_size=400))
def test_traits_are_read_back_as_they_were_kept(title: str, text: str) -> None:
    traits = article_features(title, text, _AT)
    assert _equal(unpack_features(traits.packed()), traits)


def test_an_article_kept_before_there_were_traits_has_none() -> None:
    assert not len(unpack_features(None).words)


def test_roundups_and_numbers_are_told_by_the_title() -> None:
    for title in (
        "Quiz of the week",
        "Strike, storm, snow: Thursday's news",
        "The Hour podcast",
        "Ten things you need to know today",
        "A tram for trees: news from around the country",
    ):
        assert article_features(title, "", _AT).roundup
    report = article_features("Toll rises to 1,200 in third week", "More than 99 are hurt.", _AT)
    assert not report.roundup
    assert len(report.numbers) == 2


def test_a_roundup_whose_title_names_its_first_subject_is_told_by_how_it_begins() -> None:
    for text in (
        "On today's episode of the Harbour Hour: a strike, and a storm.",
        "Good evening, Harbour readers! A strike has begun.",
        "A strike has begun. Also in the news: a storm came ashore.",
    ):
        assert article_features("Strike begins in Maravel", text, _AT).roundup
    report = "A strike has begun in Maravel. It made the evening good, readers of the Herald said."
    assert not article_features("Strike begins in Maravel", report, _AT).roundup
