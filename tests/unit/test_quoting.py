"""Answers made of quotations: what a question asks for, which sentences answer it, when none do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.extractive import Selection, select
from bot.answering.extractive.answer_spans import answer_spans
from bot.answering.extractive.answer_type import expected_answer_type
from retrieval.indexes.keyword_index import stems
from retrieval.models import Passage, Reference, SearchResult, SearchResults
from retrieval.search.query import content_words

_NOW = datetime(2023, 11, 3, 12, tzinfo=UTC)


def hit(rank: int, title: str, text: str) -> SearchResult:
    article = Reference(f"a{rank}", f"https://example.com/{rank}", title, "Courier", "2023-11-02")
    return SearchResult(rank, 1 / rank, Passage(rank, article, 0, len(text), text))


def asked(question: str, *hits: SearchResult, since: datetime | None = None) -> Selection:
    weights = {stem: 5.0 for word in content_words(question) for stem in stems(word)}
    return select(SearchResults(question, since, _NOW, hits, weights=weights))


BRIDGE = hit(
    1,
    "Lantern Bridge opens",
    "Mayor Ines Calder cut the ribbon of the Lantern Bridge before a crowd. "
    "Is the Lantern Bridge worth what it cost? "
    "The Lantern Bridge cost the city 412 million crowns in the end.",
)
TRAMS = hit(
    2,
    "Night trams from March",
    "The board voted to run trams through the night. Drivers agreed only if shifts stay voluntary.",
)


def test_the_sentence_with_the_kind_of_answer_comes_first() -> None:
    answer = asked("How much did the Lantern Bridge cost?", BRIDGE, TRAMS)
    assert answer.quotations[0].text.endswith("412 million crowns in the end.")
    assert not answer.thin


def test_the_same_passage_answers_another_question_with_another_sentence() -> None:
    answer = asked("Who cut the ribbon of the Lantern Bridge?", BRIDGE, TRAMS)
    assert answer.quotations[0].text.startswith("Mayor Ines Calder")


def test_every_quotation_stands_in_its_passage_and_none_is_a_question() -> None:
    answer = asked("What did the Lantern Bridge cost the city?", BRIDGE, TRAMS)
    assert answer.quotations
    for quotation in answer.quotations:
        assert quotation.text in quotation.hit.passage.text
        assert not quotation.text.endswith("?")


def test_what_several_outlets_say_alike_is_quoted_once() -> None:
    copies = [
        hit(n, "Lantern Bridge opens", f"The Lantern Bridge cost 412 million crowns, {who} said.")
        for n, who in enumerate(("the mayor", "the council", "officials"), 1)
    ]
    assert len(asked("How much did the Lantern Bridge cost?", *copies).quotations) == 1


def test_an_answer_is_three_sentences_and_a_paragraph_at_most() -> None:
    long = " ".join(
        f"The Lantern Bridge cost {n} million crowns by the count of office {n}, which "
        + f"looked at bill {n} " * 12
        + "again."
        for n in range(11, 17)
    )
    answer = asked("How much did the Lantern Bridge cost?", hit(1, "Lantern Bridge", long))
    assert 1 <= len(answer.quotations) <= 3
    assert sum(len(q.text) for q in answer.quotations) <= 600


def test_a_name_that_nothing_tells_of_is_a_reason_not_to_answer() -> None:
    answer = asked("Who is the president of Brazil?", BRIDGE, TRAMS)
    assert answer.thin
    assert answer.reason == "nothing-on-it"
    assert answer.confidence < 0.1


def test_an_empty_range_is_told_from_an_empty_corpus() -> None:
    assert asked("Who won?").reason == "nothing-on-it"
    assert asked("Who won?", since=_NOW).reason == "nothing-in-range"


def test_much_of_the_question_without_its_name_is_too_thin() -> None:
    answer = asked("How much toll do lorries from Osswick pay on the Lantern Bridge?", hit(
        1, "Tolls", "The Lantern Bridge takes a toll of cars.",
    ))  # fmt: skip
    assert answer.reason == "too-thin"


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How many people were evacuated?", {"number"}),
        ("What percentage of Americans get a flu shot?", {"percent", "number"}),
        ("A bottle of whisky sold for how much?", {"money", "number"}),
        ("When does daylight saving time end?", {"date"}),
        ("Who won the election?", {"person"}),
        ("Which Republican presidential candidate dropped out?", {"person"}),
        ("Which state fair did candidates visit in which state?", {"state"}),
        ("The US made a deal with which country?", {"country"}),
        ("Where did the debate take place?", {"place"}),
        ("Which airline was fined?", {"name"}),
        ("Which animal was named after Harrison Ford?", set()),
    ],
)
def test_a_question_asks_for_a_kind_of_answer(question: str, kinds: set[str]) -> None:
    assert expected_answer_type(question).kinds == kinds


@pytest.mark.parametrize(
    ("sentence", "key", "kind"),
    [
        ("Police say Anna Berg fled.", "anna berg", "person"),
        ("The fair opened in Iowa on Monday.", "iowa", "state"),
        ("Talks with South Korea failed.", "south korea", "country"),
        ("It cost $3.7 million to mend.", "$3.7 million", "money"),
        ("About 85% of it burnt.", "85%", "percent"),
        ("It runs from 1 March.", "1 march", "date"),
        ("He called them “vermin” twice.", "vermin", "quote"),
        ("The final score was 63-7.", "63-7", "number"),
    ],
)
def test_what_could_be_an_answer_is_seen_in_a_sentence(sentence: str, key: str, kind: str) -> None:
    assert (key, True) in [(p.key, kind in p.kinds) for p in answer_spans(sentence, set())]


def test_a_word_that_begins_a_sentence_is_no_name() -> None:
    assert not list(answer_spans("Officials declined to comment.", set()))
    assert list(answer_spans("Boeing declined to comment.", {"Boeing"}))
