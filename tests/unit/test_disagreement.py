"""Reports that differ, and corrections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bot.demo
from bot.answering.conflicts import ConflictResolution, differing, reconcile
from bot.answering.extractive import Quotation
from bot.answering.figures import figures
from bot.i18n import describe
from retrieval.models import Passage, Reference, RelatedArticle, SearchResult

SOURCES = ("BBC", "Reuters", "Courier")


def report(number: int, text: str, published_at: str, *, alone: bool = False) -> SearchResult:
    """A report of the one story that all three outlets tell, unless it stands ``alone``."""
    article = Reference(f"a{number}", None, f"Report {number}", SOURCES[number], published_at)
    also = tuple(
        RelatedArticle(f"a{n}", SOURCES[n], None) for n in range(3) if n != number and not alone
    )
    return SearchResult(number + 1, 1.0, Passage(number, article, 0, len(text), text), also)


def reconciled(question: str, *hits: SearchResult) -> ConflictResolution:
    """As if the first hit's text had been chosen."""
    return reconcile(question, [Quotation(hits[0], hits[0].passage.text, 1.0)], hits)


QUESTION = "How many people were killed in the Harbour Street fire?"
BBC = report(0, "The fire in Harbour Street killed 12 people, police said.", "2023-11-03")


def test_two_figures_of_one_day_are_both_given() -> None:
    reuters = report(1, "A fire in Harbour Street killed 15 people, officials said.", "2023-11-03")
    result = reconciled(QUESTION, BBC, reuters)
    assert [describe(note) for note in result.notes] == [
        "Sources differ: 12 (BBC, 3 November 2023) and 15 (Reuters, 3 November 2023)."
    ]
    assert [quotation.hit for quotation in result.quotations] == [BBC, reuters]
    assert result.difference is not None
    assert not result.difference.changed


def test_a_figure_of_another_day_has_changed_and_the_newest_leads() -> None:
    reuters = report(1, "A fire in Harbour Street killed 15 people, officials said.", "2023-11-04")
    result = reconciled(QUESTION, BBC, reuters)
    assert result.difference is not None
    assert result.difference.changed
    assert [told.value for told in result.difference.values] == ["15", "12"]
    assert result.quotations[0].hit == reuters
    assert not result.notes


@pytest.mark.parametrize(
    "text",
    [
        "A fire in Harbour Street killed twelve people, officials said.",
        "A fire in Harbour Street killed more than 11 people, officials said.",
        "A fire in Harbour Street damaged 15 houses, officials said.",
        "A fire in Harbour Street killed people at 15 minutes past nine, officials said.",
        "A storm in another town killed 15 people.",
        "In 2014 a fire in Harbour Street killed 15 people, officials said.",
    ],
)
def test_the_same_number_a_rough_one_and_another_thing_are_no_disagreement(text: str) -> None:
    assert not reconciled(QUESTION, BBC, report(1, text, "2023-11-04")).notes


def test_reports_of_different_stories_do_not_disagree() -> None:
    text = "A fire in Harbour Street killed 15 people, officials said."
    old = report(0, BBC.passage.text, "2023-11-03", alone=True)
    assert not reconciled(QUESTION, old, report(1, text, "2021-06-01", alone=True)).notes


def test_opposite_outcomes_are_both_given() -> None:
    first = report(0, "The council approved the Harbour Street plan on Monday.", "2023-11-03")
    second = report(1, "The council rejected the Harbour Street plan on Monday.", "2023-11-03")
    result = reconciled("What did the council decide on the Harbour Street plan?", first, second)
    [note] = result.notes
    assert note.code == "note-sources-differ"
    assert (note.params["first"], note.params["second"]) == ("approved", "rejected")


def test_a_later_correction_wins_and_is_named() -> None:
    correction = report(
        2,
        "An earlier version of this article said the Harbour Street fire killed 12 people; it was 10.",
        "2023-11-05",
    )
    result = reconciled(QUESTION, BBC, correction)
    [note] = result.notes
    assert describe(note) == "Corrected: 10, not 12 (Courier, 5 November 2023)."
    assert [quotation.hit for quotation in result.quotations] == [correction]


@pytest.mark.parametrize(
    ("text", "published_at"),
    [
        ("Correction: 10 people were killed in Harbour Street, not 12.", "2023-11-01"),
        ("Correction: 10 cats were shown at the fair, not 12 as reported.", "2023-11-05"),
    ],
)
def test_an_earlier_or_another_correction_changes_nothing(text: str, published_at: str) -> None:
    assert not reconciled(QUESTION, BBC, report(2, text, published_at, alone=True)).notes


def test_the_demo_corrects_its_flood() -> None:
    folder = Path(bot.demo.__file__).parent
    articles = {
        record["url"].rsplit("/", 1)[-1]: record
        for record in map(
            json.loads, (folder / "articles.jsonl").read_text(encoding="utf-8").splitlines()
        )
    }
    flood = report(0, articles["saltmarket-flood"]["text"], "2023-11-03")
    later = report(1, articles["saltmarket-correction"]["text"], "2023-11-04")
    wrong = "The fire service said that 820 people were evacuated from the Saltmarket before dawn."
    result = reconcile(
        "How many people were evacuated from the Saltmarket?",
        [Quotation(flood, wrong, 1.0)],
        [flood, later],
    )
    [note] = result.notes
    assert (note.code, note.params["good"], note.params["bad"]) == ("note-corrected", "280", "820")
    assert [quotation.text for quotation in result.quotations] == [
        "Correction: 280 people were evacuated from the Saltmarket, not 820 as first reported, the fire"
        " service said."
    ]


def test_two_outlets_of_the_demo_agree_on_what_the_bridge_cost() -> None:
    first = report(0, "The Lantern Bridge cost 412 million crowns.", "2023-11-03")
    second = report(1, "He said the final bill had come to 412 million crowns.", "2023-11-03")
    result = reconciled("How much did the Lantern Bridge cost?", first, second)
    assert result == ConflictResolution((Quotation(first, first.passage.text, 1.0),), ())


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("It cost 412 million crowns.", 412e6, "$"),
        ("It cost $1.5bn.", 1.5e9, "$"),
        ("Some 6,000 people came.", 6000, "peopl"),
        ("Turnout was 63 percent.", 63, "%"),
        ("Seven more passengers died.", 7, "passeng"),
        ("Twenty-one people died.", 21, "peopl"),
    ],
)
def test_a_figure_is_a_value_and_what_it_counts(text: str, value: float, unit: str) -> None:
    assert [(figure.value, figure.unit) for figure in figures(text)] == [(value, unit)]


@pytest.mark.parametrize("text", ["In 2023 it rained.", "On 3 May it rained.", "They won 63-7."])
def test_years_days_and_scores_count_nothing(text: str) -> None:
    assert not list(figures(text))


def of_article(number: int, *texts: str) -> list[tuple[Passage, str]]:
    article = Reference(f"a{number}", None, "", f"Outlet {number}", None)
    return [(Passage(10 * number + n, article, 0, len(t), t), t) for n, t in enumerate(texts)]


FLED = "An estimated 260,000 people have fled their homes in the valley, most of them to schools."
MORE = "About 423,000 people have fled their homes in the valley, most of them to schools."
MOST = "Most of them fled their homes in the valley on foot, and 12 buses drove people to schools in the hills all night long."


@pytest.mark.parametrize(
    ("first", "second", "places"),
    [
        ((FLED,), (MORE,), [(0, 1)]),
        ((FLED, "Aid workers spoke of 423,000 people."), (MORE,), []),
        ((FLED,), (MOST,), []),
        ((FLED, MORE), (), []),
        (("The council of Oskar approved the bridge on Monday.",), ("The council of Oskar rejected the bridge on Monday.",), [(0, 1)]),
    ],
    ids=["another figure", "which it gives too", "another matter", "one report", "another outcome"],
)  # fmt: skip
def test_reports_of_a_story_differ_where_they_say_the_same_with_another_figure_or_outcome(
    first: tuple[str, ...], second: tuple[str, ...], places: list[tuple[int, int]]
) -> None:
    assert list(differing([*of_article(1, *first), *of_article(2, *second)])) == places
