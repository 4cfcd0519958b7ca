"""Days that texts name, read against the day of their publication."""

from __future__ import annotations

from datetime import date

import pytest

from retrieval.text.time_expressions.mentions import day_mentions, day_of_sentence

# A Wednesday.
_PUBLISHED = date(2023, 11, 15)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("The ferry sank on Tuesday off Maravel.", "2023-11-14"),
        ("The ferry sank Wednesday off Maravel.", "2023-11-15"),
        # Nearly always such a report was updated a day after its date.
        ("The ferry sank on Thursday.", "2023-11-16"),
        ("The ferry sank last Thursday.", "2023-11-09"),
        ("The ferry sank on Friday.", "2023-11-10"),
        ("On Tuesday, Nordskiff not only unveiled a ferry, it will repair old ones.", "2023-11-14"),
        ("A plan that would empower the harbour failed to pass on Tuesday.", "2023-11-14"),
        ("Police pulled a man from his car Sunday.", "2023-11-12"),
        ("The ferry will sail on Friday.", "2023-11-17"),
        ("The vote is scheduled for next Monday.", "2023-11-20"),
        ("Officials said yesterday that the bridge had closed.", "2023-11-14"),
        ("The bridge was closed last night.", "2023-11-14"),
        ("Two days ago the mayor resigned.", "2023-11-13"),
        ("The treaty was signed on 28 June 1919.", "1919-06-28"),
        ("The Bastille fell on July 14, 1789.", "1789-07-14"),
        ("The mayor resigned on Nov. 3.", "2023-11-03"),
        ("The mayor resigned on December 28.", "2022-12-28"),
        ("The mayor will resign on December 28.", "2023-12-28"),
        ("The race will end in Paris on 23 July.", "2024-07-23"),
        ("The mayor said on Tuesday that he will resign.", "2023-11-14"),
        ("The race starts at 2 p.m. ET and will end on Sunday.", "2023-11-19"),
        ("The race was postponed to Friday.", "2023-11-17"),
        ("USA TODAY counted the votes.", None),
        ("He saw Friday the 13th.", None),
        ("The mayor resigned on August 2nd.", "2023-08-02"),
        ("On Tuesday, 7 November, the mayor resigned.", "2023-11-07"),
        ("Since Monday the ferry has been late; it sank on Tuesday.", "2023-11-14"),
        ("The ferry, in service since 3 May 2001, sank on Sunday.", "2023-11-12"),
        ("The mayor has been ill since Friday.", None),
        ("Prices rose by 3 percent in May.", None),
        ("The budget is due by Friday.", None),
    ],
)
def test_the_day_of_an_event_is_the_one_that_its_sentence_names(
    sentence: str, day: str | None
) -> None:
    found = day_of_sentence(sentence, 0, len(sentence), _PUBLISHED)
    assert (found.isoformat() if found else None) == day


def test_a_heading_dates_what_stands_under_it() -> None:
    text = "July 27:\nThe council met.\n\nAug. 3: The mayor resigned.\nNobody followed him."
    for sentence, day in [
        ("The council met.", date(2023, 7, 27)),
        ("Aug. 3: The mayor resigned.", date(2023, 8, 3)),
        ("Nobody followed him.", date(2023, 8, 3)),
    ]:
        start = text.index(sentence)
        assert day_of_sentence(text, start, start + len(sentence), _PUBLISHED) == day


def test_the_beginning_of_the_article_dates_a_sentence_that_names_no_day() -> None:
    lead = day_mentions("A ferry sank off Maravel on Tuesday.", _PUBLISHED)
    text = "Twelve people were saved."
    assert day_of_sentence(text, 0, len(text), _PUBLISHED, lead) == date(2023, 11, 14)


def test_without_a_date_of_publication_only_full_dates_are_days() -> None:
    text = "It sank on Tuesday, as the ferry of 3 May 2001 did."
    assert [mention.day for mention in day_mentions(text, None)] == [date(2001, 5, 3)]
