"""Key figures: each with what it counts, as its sentence has it."""

from __future__ import annotations

import pytest

from bot.answering.summaries.extractive import LoadedReport, key_figures
from retrieval.catalogue.coverage import Report
from retrieval.models import Passage, Reference


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("The state has sent 14 Navy ships to the region this week.", "14 Navy ships"),
        ("The spokesman said that about 400 U.S. citizens want to leave.", "400 U.S. citizens"),
        ("The strike of 46,000 UAW workers ended on Monday evening.", "46,000 UAW workers"),
        ("The new bridge cost 412 million crowns, the council said.", "412 million crowns"),
        ("Prices rose by 3.7 percent over the whole of last year.", "3.7 percent"),
        ("The storm hit 30 Florida and Georgia towns in one night.", "30 Florida"),
    ],
)
def test_a_figure_is_told_with_what_it_counts(sentence: str, figure: str) -> None:
    article = Reference("a", None, "", None, None)
    passage = Passage(1, article, 0, len(sentence), sentence)
    [(text, line)] = key_figures([LoadedReport(Report(1, article, 0, 1, 1), [passage])])
    assert text == figure
    assert line.text == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "The poet, whose death at 95 was announced on Saturday, wrote until her last year.",
        "The bishop, who in 1415 was the last to step down, went back to his old town.",
    ],
)
def test_a_number_that_counts_nothing_is_no_figure(sentence: str) -> None:
    article = Reference("a", None, "", None, None)
    passage = Passage(1, article, 0, len(sentence), sentence)
    assert key_figures([LoadedReport(Report(1, article, 0, 1, 1), [passage])]) == []
