"""What a decline says is missing: names and numbers, never everyday words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.replies.decline_reasons import why_declined
from bot.i18n import reply_text
from retrieval.models import Passage, Reference, SearchResult, SearchResults

TEXT = "A jury found pension fund manager Casimir Lorne guilty of nine counts of fraud on Friday."


def found(question: str) -> SearchResults:
    article = Reference("a1", None, "Lorne guilty in pension case", "Courier", "2031-07-04")
    hit = SearchResult(1, 1.0, Passage(1, article, 0, len(TEXT), TEXT))
    return SearchResults(
        question, None, datetime(2031, 7, 5, tzinfo=UTC), (hit,), (), {"lorn": 2.0}
    )


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("anything new on the lorne case", "lorne case"),
        ("what did that lorne guy get for fraud", "lorne fraud"),
    ],
)
def test_everyday_words_that_are_missing_are_not_named(question: str, subject: str) -> None:
    assert why_declined(found(question), "too-thin", "en") == reply_text(
        "en", "decline-not-told", subject=subject
    )


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("how did casimir lorne know vardell", "vardell"),
        ("what did casimir lorne say to the jury in 2019", "2019"),
    ],
)
def test_a_missing_name_or_number_is(question: str, missing: str) -> None:
    told = why_declined(found(question), "too-thin", "en")
    assert told.startswith(
        reply_text("en", "decline-missing", subject="|", missing="|").split("|")[0]
    )
    assert missing in told


def test_nothing_is_claimed_where_most_of_the_question_is_missing() -> None:
    told = why_declined(found("who won the regatta in calderquay for the lorne"), "too-thin", "en")
    assert told == reply_text("en", "decline-nothing-on-it")
