"""Articles that tell the same and give another answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.answering.conflicts import Difference, ToldValue
from bot.answering.extractive.selection import Quotation
from bot.answering.models import Answer, AnswerSentence, Citation
from bot.answering.quoted_answer import ReadAnswer, read_answer
from bot.answering.replies.flatten import joined
from bot.answering.replies.told_differences import append_difference, with_difference
from bot.answering.serialization import as_record, from_record
from retrieval.models import Passage, Reference, RelatedArticle, SearchResult, SearchResults

QUESTION = "Who was elected mayor of Maravel?"
FIRST = "Ines Okafor was elected mayor of Maravel on Sunday with a narrow majority of the votes."
OTHER = "Tomas Brandt was elected mayor of Maravel on Sunday with a narrow majority of the votes."
WEIGHTS = {"elect": 2.0, "mayor": 3.0, "maravel": 4.0}


def hit(number: int, text: str, published_at: str = "2023-11-03") -> SearchResult:
    article = Reference(
        f"a{number}",
        f"https://n{number}.example/a",
        f"Vote {number}",
        f"Paper {number}",
        published_at,
    )
    return SearchResult(number, 1.0 / number, Passage(number, article, 0, len(text), text))


def found(*hits: SearchResult, question: str = QUESTION, copies: int = 0) -> SearchResults:
    """The last ``copies`` of the hits are near-copies of others."""
    own = len(hits) - copies
    return SearchResults(
        question,
        None,
        datetime(2023, 11, 9, tzinfo=UTC),
        hits[:own],
        (),
        WEIGHTS,
        copies=hits[own:],
    )


def difference(*hits: SearchResult, question: str = QUESTION, copies: int = 0) -> Difference | None:
    return read_answer(found(*hits, question=question, copies=copies), None).resolution.difference


@pytest.mark.parametrize("copies", [0, 1])
def test_each_name_is_told_with_its_publisher_and_day(copies: int) -> None:
    results = found(hit(1, FIRST), hit(2, OTHER), copies=copies)
    answer = read_answer(results, None).answer(results, "en")
    [conflict] = answer.conflicts
    assert {value.value for value in conflict.values} == {"Ines Okafor", "Tomas Brandt"}
    by_number = {citation.n: citation.article.source for citation in answer.citations}
    sources = {value.value: by_number[value.citations[0]] for value in conflict.values}
    assert sources == {"Ines Okafor": "Paper 1", "Tomas Brandt": "Paper 2"}
    assert answer.text.startswith(("Paper 1, 3 November 2023: ", "Paper 2, 3 November 2023: "))
    beginning = " ".join(answer.text.split()[:120])
    assert "Ines Okafor" in beginning
    assert "Tomas Brandt" in beginning
    assert [note.code for note in answer.notes] == ["note-sources-differ"]


@pytest.mark.parametrize(
    "other",
    [
        FIRST.replace("Sunday", "Monday"),  # not what is asked
        FIRST.replace("narrow", "slim"),
        OTHER.replace("Sunday", "Monday").replace("Maravel", "Linden"),  # another event
        "Tomas Brandt said that Ines Okafor was elected mayor of Maravel on Sunday.",
        "Ines Okafor was elected mayor of Maravel on Sunday.",  # says less
        f"{OTHER} Later the office said that Ines Okafor had won.",  # has both
    ],
)
def test_other_wording_other_events_and_both_names_are_no_difference(other: str) -> None:
    assert difference(hit(1, FIRST), hit(2, other)) is None


def test_reports_weeks_apart_do_not_differ() -> None:
    assert difference(hit(1, FIRST), hit(2, OTHER, "2023-06-03")) is None


@pytest.mark.parametrize(
    ("question", "text", "first", "other"),
    [
        (
            "When does the Lantern Bridge open in Maravel?",
            "The Lantern Bridge in Maravel will open to all traffic on {}, the mayor said.",
            "3 May 2024",
            "November 9, 2024",
        ),
        (
            "How much does the Lantern Bridge in Maravel cost?",
            "The Lantern Bridge in Maravel has cost the city {} since the works began.",
            "$10.4 billion",
            "$13.9 billion",
        ),
        (
            "Where in Maravel is the mayor's new house?",
            "The new house of the mayor of Maravel stands in {} beside the old harbour wall.",
            "Tannery Row",
            "Chapel Hill",
        ),
    ],
)
def test_dates_amounts_and_places_stay_whole(
    question: str, text: str, first: str, other: str
) -> None:
    told = difference(hit(1, text.format(first)), hit(2, text.format(other)), question=question)
    assert told is not None
    assert {each.value for each in told.values} == {first, other}


def test_the_same_day_written_otherwise_is_no_difference() -> None:
    text = "The Lantern Bridge in Maravel will open to all traffic on {}, the mayor said."
    hits = hit(1, text.format("3 May 2024")), hit(2, text.format("May 3, 2024"))
    assert difference(*hits, question="When does the Lantern Bridge open in Maravel?") is None


def test_a_figure_that_rose_is_led_by_the_newest_with_the_way_there() -> None:
    question = "How many people died in the fire in Maravel?"
    text = "The fire in Maravel has killed {} people, officials said."
    old, new = hit(1, text.format(36), "2023-11-03"), hit(2, text.format(67), "2023-11-05")
    related = [
        SearchResult(each.rank, each.score, each.passage, also=(_also(other),))
        for each, other in ((old, new), (new, old))
    ]
    results = found(*related, question=question)
    answer = read_answer(results, None).answer(results, "en")
    first = answer.sentences[0]
    assert "67" in first.text
    assert first.text.endswith(", officials said (up from 36 on 3 November 2023).")
    assert len(first.citations) == 2
    assert answer.conflicts == ()
    assert not answer.notes


@pytest.mark.parametrize(
    ("new", "clause"),
    [("1.2 million", "(up from 900,000 on 3 November 2023)"), ("800,000", "(down from 900,000 on")],
)
def test_up_or_down_is_told_by_what_the_figures_are_worth(new: str, clause: str) -> None:
    text = "The fire in Maravel has driven {} people from their homes, officials said."
    values = [(new, "2023-11-05"), ("900,000", "2023-11-03")]
    sides = [
        ToldValue(value, Quotation(hit(n, text.format(value), at), text.format(value), 0.0))
        for n, (value, at) in enumerate(values, 1)
    ]
    told = Difference("homes", (sides[0], sides[1]), changed=True)
    answer = with_difference(Answer(QUESTION, "", False, (), ()), told, "en")
    assert clause in answer.text


def test_a_number_within_another_is_not_that_number() -> None:
    text = "The new harbour wall in Maravel has {} gates to the sea, the mayor said on Sunday."
    more = "The harbour was dug in 2015, and a toll of 1.5 crowns was asked."
    hits = hit(1, text.format(5)), hit(2, f"{text.format(7)} {more}")
    told = difference(*hits, question="How many gates has the harbour wall in Maravel?")
    assert told is not None
    assert {each.value for each in told.values} == {"5", "7"}


def test_a_written_answer_gets_the_side_that_it_lacks() -> None:
    results = found(hit(1, FIRST), hit(2, OTHER))
    read: ReadAnswer = read_answer(results, None)
    assert read.resolution.difference is not None
    whole = read.answer(results, "en")
    citations = [c for c in whole.citations if c.article.source == "Paper 1"]
    written = Answer(
        QUESTION,
        FIRST,
        False,
        (AnswerSentence(FIRST, (1,)),),
        (replace(citations[0], n=1),),
    )
    events: list[object] = []
    answer = append_difference(written, read.resolution.difference, events.append, "en")
    assert "Tomas Brandt" in answer.text
    assert len(events) == 1
    assert {value.value for value in answer.conflicts[0].values} == {"Ines Okafor", "Tomas Brandt"}
    assert from_record(QUESTION, as_record(answer)).conflicts == answer.conflicts


def test_two_questions_of_one_message_keep_what_sources_differ_on() -> None:
    results = found(hit(1, FIRST), hit(2, OTHER))
    both = read_answer(results, None).answer(results, "en")
    plain = Answer(
        QUESTION,
        "The wall is high.",
        False,
        (AnswerSentence("The wall is high.", (1,)),),
        (Citation(1, hit(3, "The wall is high.").passage.article, "The wall is high."),),
    )
    answer = joined([plain, both])
    [conflict] = answer.conflicts
    sources = {citation.n: citation.article.source for citation in answer.citations}
    told = {value.value: [sources[n] for n in value.citations] for value in conflict.values}
    assert told == {"Ines Okafor": ["Paper 1"], "Tomas Brandt": ["Paper 2"]}


def _also(other: SearchResult) -> RelatedArticle:
    article = other.passage.article
    return RelatedArticle(article.article_id, article.source, article.url)


def test_an_amount_is_read_where_its_value_stands_by_itself() -> None:
    text = "In 2015 the ferry had 5 million riders."
    quotation = Quotation(hit(1, text), text, 0.0)
    assert ToldValue("5", quotation).amount == 5_000_000
