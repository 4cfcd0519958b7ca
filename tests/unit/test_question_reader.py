"""What a question asks for that nothing can tell, and what was misspelt in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.answering.misspelt import near_words, respelt
from bot.answering.question_reader import years_ahead
from bot.answering.quoted_answer import read_answer
from retrieval.models import Passage, Reference, SearchResult, SearchResults, TimePreference

TEXT = (
    "Aaron Rodgers tore his Achilles in the first game of the Jets on Monday. "
    "The quarterback of the Jets was helped off the field after four snaps."
)
WEIGHTS = {"jet": 2.0, "game": 1.0, "tear": 2.0}


def found(question: str, text: str = TEXT) -> SearchResults:
    article = Reference("a1", None, "Jets lose quarterback", "Courier", "2023-09-12")
    hit = SearchResult(1, 1.0, Passage(1, article, 0, len(text), text))
    return SearchResults(question, None, datetime(2023, 9, 13, tzinfo=UTC), (hit,), (), WEIGHTS)


def test_slips_are_mended_by_the_passages_that_have_the_rest() -> None:
    question = "what did aron rogers tear in his frist jets game"
    slips = near_words(question, found(question))
    assert {slip.word: slip.instead for slip in slips} == {
        "aron": ("aaron",),
        "rogers": ("rodgers",),
        "frist": ("first",),
    }
    assert respelt(question, slips) == "what did aaron rodgers tear in his first jets game"


@pytest.mark.parametrize(
    "question", ["what did aaron rodgers tear", "who coached the dolphins", "what is a jet"]
)
def test_words_that_stand_there_and_words_far_from_all_stay(question: str) -> None:
    assert near_words(question, found(question)) == []


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("who won the 2024 presidential election", ("2024",)),
        ("which team beat the Jets in the 2025 final", ("2025",)),
        ("who won the 2023 Booker prize", ()),
        ("when is the 2024 election", ()),
        ("what did the senator say about the 2024 election", ()),
    ],
)
def test_nobody_can_tell_the_outcomes_of_years_ahead(question: str, years: tuple[str, ...]) -> None:
    assert years_ahead(question, 2023) == years


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("How much did the Jets pay for the game?", TEXT, "too-thin"),
        ("How much did the Jets pay for the game?", f"{TEXT} The Jets paid $4 million.", None),
    ],
)
def test_an_amount_is_answered_by_sentences_that_have_one(
    question: str, text: str, reason: str | None
) -> None:
    assert read_answer(found(question, text), question).reason == reason


def test_what_is_asked_of_this_year_is_led_by_reports_of_this_year() -> None:
    texts = {
        "2017-06-15": "Ilan Gross has won the Harbour Prize for his novel of a horse.",
        "2023-11-26": "Paul Linden won the Harbour Prize on Sunday for a novel of a family.",
    }
    hits = tuple(
        SearchResult(
            n,
            1.0 / n,
            Passage(n, Reference(f"a{n}", None, f"Prize {n}", "Courier", day), 0, len(text), text),
        )
        for n, (day, text) in enumerate(texts.items(), 1)
    )
    now = datetime(2023, 12, 20, tzinfo=UTC)
    asked = SearchResults(
        "Who won the Harbour Prize this year?", None, now, hits, (), {"harbour": 2.0, "prize": 2.0}
    )
    this_year = TimePreference("this year", datetime(2023, 1, 1, tzinfo=UTC), None, articles=1)
    quoted = read_answer(replace(asked, preferred=this_year), None).selection.quotations
    assert [each.hit.passage.article.published_at for each in quoted] == [
        "2023-11-26",
        "2017-06-15",
    ]
