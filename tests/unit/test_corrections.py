"""Notices of correction, told from the news about corrections."""

from __future__ import annotations

import pytest

from retrieval.catalogue.corrections import correction_in

_BEFORE = "The mayor opened the bridge. It cost ten million.\n\n"


@pytest.mark.parametrize(
    "notice",
    [
        "Correction: The bridge cost eleven million, not ten.",
        "CORRECTION (Nov. 3, 2023): The bridge cost eleven million.",
        "Correction, Nov. 3: A previous number was wrong.",
        "• This article was amended on 3 November 2023 to name the architect.",
        "An earlier version of this article misstated the cost.",
        "This story has been corrected to say that the bridge cost eleven million.",
        "This report has been updated to correct the cost.",
    ],
)
def test_a_notice_is_found_with_its_paragraph(notice: str) -> None:
    assert correction_in(_BEFORE + notice + "\n\nMore news.") == notice


@pytest.mark.parametrize(
    "text",
    [
        "Shares fell in a correction: the index lost ten percent.",
        "The court corrected the sentence, and the law was amended in May.",
        "Corrections officers went on strike on Monday.",
        "This story has been updated with the mayor's reply.",
        "",
    ],
)
def test_other_corrections_are_news(text: str) -> None:
    assert correction_in(_BEFORE + text) is None
