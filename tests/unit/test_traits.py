"""What is kept of an article to tell reports of one event by."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.traits import Traits, traits_of, unpacked_traits

_AT = 1_700_000_000_000_000


def _equal(first: Traits, second: Traits) -> bool:
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
    traits = traits_of(title, text, _AT)
    assert _equal(unpacked_traits(traits.packed()), traits)


def test_an_article_kept_before_there_were_traits_has_none() -> None:
    assert not len(unpacked_traits(None).words)


def test_roundups_and_numbers_are_told_by_the_title() -> None:
    for title in ("Quiz of the week", "Strike, storm, snow: Thursday's news", "The Hour podcast"):
        assert traits_of(title, "", _AT).roundup
    report = traits_of("Toll rises to 1,200 in third week", "More than 99 are hurt.", _AT)
    assert not report.roundup
    assert len(report.numbers) == 2
