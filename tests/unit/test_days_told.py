"""The days that reports tell of."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from retrieval.stories.event_dates import REACH, event_date_distribution, overlap

_THURSDAY = date(2023, 8, 24)


@pytest.mark.parametrize(
    ("sentence", "away"),
    [
        ("The ferry sank on Wednesday, the harbour office said.", -1),
        ("The ferry sank on Friday.", -6),
        ("The candidates will meet on Wednesday.", 6),
        ("The two sides spoke last Thursday.", -7),
        ("The vote comes next Thursday.", 7),
        ("The vote is scheduled for Wednesday, Aug. 30.", 6),
        ("The vote is scheduled for Aug. 30, 2023, at noon.", 6),
        ("The eclipse of 31 August was seen from the coast.", 7),
        ("The eclipse of the 31st of August was seen from the coast.", 7),
        ("The bridge was closed last night.", -1),
        ("Tomorrow the bridge opens again.", 1),
    ],
)
def test_a_day_is_read_against_the_day_of_publication(sentence: str, away: int) -> None:
    told = event_date_distribution("A title without a day", sentence, _THURSDAY)
    told[REACH] = 0  # the day of publication counts as well
    assert int(np.argmax(told)) - REACH == away


@pytest.mark.parametrize(
    "sentence",
    [
        "It was the worst fire since Aug. 30, 1987.",
        "On 31 June nothing happened, nor on Feb. 30.",
        "He may march on, and Mayor April Day said so.",
        "",
    ],
)
def test_what_names_no_day_near_tells_of_the_day_of_publication(sentence: str) -> None:
    assert np.allclose(
        event_date_distribution("", sentence, _THURSDAY), event_date_distribution("", "", _THURSDAY)
    )


def test_reports_before_and_after_a_day_tell_of_it_and_reports_of_other_days_do_not() -> None:
    before = event_date_distribution(
        "Debate on Aug. 30", "It will be held on Wednesday, Aug. 30.", _THURSDAY
    )
    after = event_date_distribution("The debate", "They met on Wednesday.", date(2023, 8, 31))
    earlier = event_date_distribution("The debate", "They met on Wednesday.", date(2023, 8, 17))
    assert overlap(before, after, 7) > 0.5
    assert overlap(after, before, -7) == pytest.approx(overlap(before, after, 7))
    assert overlap(before, earlier, -7) < 0.3
    assert overlap(before, after, 10 * REACH) == 0


@pytest.mark.parametrize("published", [date.min, date.max, date(2024, 2, 29)])
def test_any_day_of_publication_will_do(published: date) -> None:
    told = event_date_distribution("", "On Feb. 29 and Dec. 31, and last Monday.", published)
    assert np.linalg.norm(told) == pytest.approx(1)
