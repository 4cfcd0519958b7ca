"""Sentences that mean a day by "yesterday" carry their article's date; so do overtaken ones."""

from __future__ import annotations

import pytest

from bot.answering.models import AnswerSentence, text_with_citations
from bot.answering.sentence_dates import date_beside, speaks_of_its_day
from retrieval.models import Passage, Reference, RelatedArticle, SearchResult


def result(number: int, published: str | None, *also: int) -> SearchResult:
    article = Reference(f"a{number}", None, f"Report {number}", "Courier", published)
    others = tuple(RelatedArticle(f"a{each}", "Post", None) for each in also)
    return SearchResult(number, 1.0, Passage(number, article, 0, 4, "Text"), others)


@pytest.mark.parametrize(
    "text",
    [
        "The mayor resigned yesterday.",
        "She will speak on Tuesday.",
        "It opened three days ago.",
        "Sie kam gestern an.",
        "Il est arrivé hier.",
        "他昨天辞职了。",
        "Он ушёл вчера.",
    ],
)
def test_words_that_count_from_the_day_of_writing(text: str) -> None:
    assert speaks_of_its_day(text)
    article = result(1, "2023-11-14T09:30:00Z").passage.article
    assert date_beside(text, article, ()) == "2023-11-14"


@pytest.mark.parametrize("text", ["The mayor resigned on 3 May 2023.", "Sundays Bakery is old."])
def test_a_date_of_its_own_needs_no_other(text: str) -> None:
    assert not speaks_of_its_day(text)


def test_an_older_report_of_a_story_is_dated_where_a_newer_one_was_found() -> None:
    old, new = result(1, "2023-11-10", 2), result(2, "2023-11-14")
    assert date_beside("Twelve died.", old.passage.article, [old, new]) == "2023-11-10"
    assert date_beside("Fifteen died.", new.passage.article, [old, new]) is None
    alone = result(3, "2023-11-01")
    assert date_beside("Nobody died.", alone.passage.article, [alone, new]) is None


def test_an_undated_article_gives_no_date() -> None:
    assert date_beside("She left today.", result(1, None).passage.article, ()) is None


def test_the_date_stands_between_the_sentence_and_its_sources() -> None:
    sentences = (
        AnswerSentence("She left on Tuesday.", (1,), "2023-11-14"),
        AnswerSentence("She is 40.", (2,)),
    )
    assert (
        text_with_citations(sentences)
        == "She left on Tuesday. (14 November 2023) [1] She is 40. [2]"
    )
