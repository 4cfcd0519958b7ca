"""Which titles are of pages that report no event."""

from __future__ import annotations

import pytest

from bot.answering.summaries.no_report import reports_an_event


@pytest.mark.parametrize(
    "title",
    [
        "In photos: Flood in the Saltmarket",
        "5 things to know for Nov. 3: Ferry, strike, harbor",
        "Tariffs, ferries, the harbor, schools, Anna Berg ...",
        "Ferry raised, Saltmarket flood, Anna Berg: Daily Briefing",
        "Larks vs. Herons picks and predictions",
        "When is the cup final? Time, TV, streaming",
        "Everything you need to know for the harbour regatta",
        "Where to watch the cup final on Saturday",
        "Black Friday deals: the best lamps",
        "Bilder der Woche: Möwen und Masten",
        "Dónde ver la final de la copa",
        "Mega Millions numbers for Friday",
    ],
)
def test_pages_beside_the_news_are_no_reports(title: str) -> None:
    assert not reports_an_event(title)


@pytest.mark.parametrize(
    "title",
    [
        "Ferry burns in the harbor, 34 hurt",
        "Mayor Anna Berg, three councillors and a builder charged with fraud",
        "Photographer wins prize for picture of the flood",
        "Bookmakers fined after the cup final",
        "Oskar, Calder and Pell agree on fishing quotas for 2032",
        "Ferry burns, 34 hurt, captain held",
        "Watch stolen from museum found in a canal",
    ],
)
def test_news_is_a_report(title: str) -> None:
    assert reports_an_event(title)
