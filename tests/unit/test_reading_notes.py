"""Remarks on an answer of another time than was asked for, and on words that were respelled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.models import Answer, AnswerSentence, Citation
from bot.answering.reading_notes import reading_notes
from retrieval.models import Reference, Respelling, SearchResults, TimePreference

_NOW = datetime(2023, 12, 13, tzinfo=UTC)
_MAY = TimePreference("in May 2023", datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 5, 31, tzinfo=UTC), 3)  # fmt: skip


def _keys(published_at: str, quote: str, preferred: TimePreference | None) -> list[str]:
    article = Reference("1", None, "Bridge", "Courier", published_at)
    answer = Answer("?", quote, False, (AnswerSentence(quote, (1,)),), (Citation(1, article, quote),))  # fmt: skip
    found = SearchResults("?", None, _NOW, (), preferred=preferred)
    return [note.code for note in reading_notes(answer, found, "?")]


@pytest.mark.parametrize(
    ("published_at", "quote", "keys"),
    [
        ("2023-05-10", "The bridge was painted.", []),
        ("2023-06-03", "The bridge was painted.", []),
        ("2023-11-10", "The bridge was painted on 3 May.", []),
        ("2023-11-10", "The bridge, painted in 2023, is red.", []),
        ("2023-11-10", "The bridge was painted.", ["note-other-time"]),
    ],
)
def test_an_answer_of_another_time_says_so(published_at: str, quote: str, keys: list[str]) -> None:
    assert _keys(published_at, quote, _MAY) == keys
    assert _keys(published_at, quote, None) == []


def test_what_was_looked_for_instead_is_told() -> None:
    found = SearchResults("?", None, _NOW, (), respellings=(Respelling("canabis", ("cannabis",)),))
    (note,) = reading_notes(Answer("?", "", True), found, "Is Canabis legal?")
    assert note.code == "note-respelled"
    assert note.params["instead"] == "cannabis"
    assert reading_notes(Answer("?", "", True), found, "who voted for it?") == []
