"""Grouping of articles into stories and near-copies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.stories.clustering import (
    ClusterAssignment,
    ClusterDocument,
    ClusteringConfig,
    Fingerprint,
    StoryClusterer,
    containment,
    fingerprint,
    names_in,
    sketch,
)
from retrieval.stories.event_model import IdfTable, shared_words
from retrieval.stories.features import article_features
from retrieval.timestamps import DAY_MICROS

_TEXT = " ".join(f"Sentence {n} tells of the {w} in a way of its own." for n, w in enumerate(["flood", "bridge", "mayor", "tram", "comet", "library", "barrier", "harbour", "election", "budget"] * 8))  # fmt: skip


def _marks(
    number: int, angle: float, day: float, text: str, names: str = "Maravel Calder"
) -> ClusterDocument:
    vector = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
    at = int(day * DAY_MICROS)
    found = Fingerprint(sketch(text), names_in(names, ""), article_features(names, text, at))
    return ClusterDocument(number, text, at, vector, found)


def test_copies_rewrites_and_strangers_are_told_apart() -> None:
    cut = _TEXT[: len(_TEXT) // 2]
    edited = _TEXT.replace("tells of", "speaks of", 3).replace("flood", "deluge", 2)
    assert containment(sketch(_TEXT), sketch(_TEXT)) == 1
    assert containment(sketch(_TEXT), sketch(cut)) > 0.8
    assert containment(sketch(_TEXT), sketch(edited)) > 0.7
    assert containment(sketch(_TEXT), sketch("Nothing of the kind was ever said by anyone.")) == 0
    assert containment(sketch(_TEXT), sketch("")) == 0


@given(st.text(max_size=300), st.text(max_size=300))
def test_containment_is_a_share_and_symmetric(first: str, second: str) -> None:
    a, b = sketch(first), sketch(second)
    assert 0 <= containment(a, b) <= 1
    assert containment(a, b) == containment(b, a)


def test_a_copy_joins_its_original_and_an_event_its_story() -> None:
    stories = StoryClusterer(2)
    original = stories.place(_marks(1, 0.0, 10, _TEXT))
    assert original == ClusterAssignment(1, 1, 1)
    copy = stories.place(_marks(2, 0.3, 12, _TEXT + " Sign up for our newsletter."))
    assert copy == ClusterAssignment(2, 1, 1)
    report = stories.place(_marks(3, 0.2, 10.5, "Another report of the same day in its own words."))
    assert (report.story_id, report.copy_id) == (1, 3)


@pytest.mark.parametrize(
    ("angle", "day", "names"),
    [(1.5, 10, "Maravel Calder"), (0.2, 40, "Maravel Calder"), (0.2, 10, "Paris Macron")],
    ids=["another subject", "a month later", "other names"],
)
def test_another_event_begins_a_story_of_its_own(angle: float, day: float, names: str) -> None:
    stories = StoryClusterer(2)
    stories.place(_marks(1, 0.0, 10, _TEXT))
    assert stories.place(_marks(2, angle, day, "A report in its own words.", names)).story_id == 2


def _report(number: int, title: str, text: str, day: float) -> ClusterDocument:
    """Of one subject: about as near to one another as reports of one subject are."""
    vector = np.array([np.cos(number / 10), np.sin(number / 10)], dtype=np.float32)
    at = int(day * DAY_MICROS)
    return ClusterDocument(number, title, at, vector, fingerprint(title, text, at))


_BEFORE = ("Candidates meet in Maravel debate on June 18", "Six candidates for mayor of Maravel will debate on Wednesday, June 18, in the Harbour Hall.")  # fmt: skip
_AFTER = ("Who won the Maravel debate", "The candidates for mayor of Maravel clashed over the tram at the Harbour Hall on Wednesday.")  # fmt: skip
_JUNE_12 = 20_251.5  # a Thursday


def test_a_preview_and_a_report_of_one_debate_are_of_one_event() -> None:
    stories = StoryClusterer(2)
    stories.place(_report(1, *_BEFORE, _JUNE_12))
    assert stories.place(_report(2, *_AFTER, _JUNE_12 + 7)).story_id == 1


def test_the_debate_of_another_week_is_another_event() -> None:
    stories = StoryClusterer(2)
    stories.place(_report(1, *_AFTER, _JUNE_12))
    later = ("Maravel candidates debate again", "The candidates for mayor of Maravel clashed over the port at the Harbour Hall on Wednesday.")  # fmt: skip
    assert stories.place(_report(2, *later, _JUNE_12 + 7)).story_id == 2


def test_a_roundup_in_which_an_event_is_one_of_several_stays_out_of_its_story() -> None:
    news = (
        "A storm came ashore, a tram line was closed, and candidates for mayor of Maravel clashed."
    )
    for title, story in (("Maravel debate, storm: Thursday's news", 2), ("Maravel debate", 1)):
        stories = StoryClusterer(2)
        stories.place(_report(1, *_AFTER, _JUNE_12))
        assert stories.place(_report(2, title, news, _JUNE_12)).story_id == story


def test_no_report_joins_a_roundup() -> None:
    stories = StoryClusterer(2)
    news = "Also in the news: candidates for mayor of Maravel clashed over the tram on Wednesday."
    stories.place(_report(1, "Storm over Maravel", news, _JUNE_12))
    assert stories.place(_report(2, *_AFTER, _JUNE_12)).story_id == 2


@pytest.mark.parametrize(("weight", "story"), [(0.0, 1), (1.0, 3)])
def test_a_story_is_judged_by_its_nearest_report_and_by_all(weight: float, story: int) -> None:
    stories = StoryClusterer(2, ClusteringConfig(event_all=weight, event_stranger=-9.0))
    stories.place(_report(1, *_AFTER, _JUNE_12))
    stories.place(_report(16, "Maravel tram", "A tram is late.", _JUNE_12), pinned=1)
    assert stories.place(_report(3, *_BEFORE, _JUNE_12)).story_id == story


def test_common_words_make_no_articles_alike_where_there_are_few() -> None:
    tram, comet, trams = (
        article_features(title, text, int(_JUNE_12 * DAY_MICROS))
        for title, text in [
            ("The tram of the year", "It was the tram that they had been after, and it will be out of it."),
            ("The comet of the year", "It was the comet that they had been after, and it will be out of it."),
            ("Trams", "A tram line is out, some tram stops were lost."),
        ]
    )  # fmt: skip
    rarity = IdfTable()
    for traits in (tram, comet, trams):
        rarity.add(traits)
    words, _ = shared_words(tram, [comet, trams], rarity)
    assert words[0] < 0.2 < words[1]


def test_articles_without_words_are_placed() -> None:
    stories = StoryClusterer(2)
    for number, text in enumerate([_AFTER, ("", ""), ("", "..."), _BEFORE], 1):
        stories.place(_report(number, *text, _JUNE_12))


def test_many_articles_are_taken_in() -> None:
    stories = StoryClusterer(2)
    for number in range(1, 2_500):
        stories.add(
            _marks(number, number, number, str(number)), ClusterAssignment(number, number, number)
        )
    assert stories.place(_marks(9_999, 0.0, 2_000, "2000")).story_id == 2000


def test_short_reports_made_to_one_pattern_stay_apart() -> None:
    stories = StoryClusterer(2)
    for number in (1, 2, 3):
        text = f"A quake of magnitude 4.{number} shook the coast near Maravel at {number} in the morning, the observatory said."
        assert stories.place(_marks(number, 0.0, 10, text)).copy_id == number
