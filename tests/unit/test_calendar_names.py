"""The names of months and weekdays that the program knows."""

from __future__ import annotations

import pytest

from retrieval.text.calendar_names import calendar_names
from retrieval.text.stemming import _LATIN, _NOT_LATIN

# Babel has its weekdays under the wrong days, and for short months only figures.
_LEFT_OUT = {"dz"}


@pytest.mark.parametrize("language", sorted({*_LATIN, *_NOT_LATIN} - _LEFT_OUT))
def test_a_language_whose_words_have_stems_has_names_of_months_and_days(language: str) -> None:
    names = calendar_names(language)
    assert names is not None
    assert [len(names.months), len(names.weekdays)] == [12, 7]
    assert all(form for forms in (*names.months, *names.weekdays) for form in forms)
