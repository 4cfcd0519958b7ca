"""What of a passage can be quoted: no dateline, credit, video bar, note or headline is a sentence."""

from __future__ import annotations

import pytest

from bot.answering.extractive.sentences import readable_sentences


def read(text: str, title: str = "") -> list[str]:
    return [text[span.start : span.end] for span in readable_sentences(text, title)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("(CNN) The mayor opened the bridge.", "The mayor opened the bridge."),
        ("CNN —\n\nThe mayor opened the bridge.", "The mayor opened the bridge."),
        ("New York CNN Business — Shares fell on Monday.", "Shares fell on Monday."),
        ("LOS ANGELES – In Osswick, a clinic closed.", "In Osswick, a clinic closed."),
        ("KORTRIJK, Belgium — The pilot landed safely.", "The pilot landed safely."),
        ("WASHINGTON (AP) — The senate voted at noon.", "The senate voted at noon."),
        ("NEW YORK, Jan 5 (Reuters) - Oil rose again.", "Oil rose again."),
        ("Strike ends after a week PARIS (AFP) — Trains ran again.", "Trains ran again."),
        (
            "Ana Sipkin/AFP/Getty Images Ines Calder waves to the crowd.",
            "Ines Calder waves to the crowd.",
        ),
        (
            "People walk in Osswick on Monday. (Photo by Ana Sipkin/Getty Images)",
            "People walk in Osswick on Monday.",
        ),
        ("AI-assisted summary Ines Calder opened the bridge.", "Ines Calder opened the bridge."),
        ("მერმა ხიდი გახსნა დღეს.", "მერმა ხიდი გახსნა დღეს."),
        ("iPhone sales rose in Osswick.", "iPhone sales rose in Osswick."),
        ("Update 11:02 p.m.: The rocket touched down.", "The rocket touched down."),
        ("Feb 9, 2021 ... The park will stay closed.", "The park will stay closed."),
    ],
)
def test_what_stands_before_or_behind_a_sentence_is_left_out(text: str, sentence: str) -> None:
    assert read(text) == [sentence]


@pytest.mark.parametrize(
    "text",
    [
        "Editor's note: This column was first published in 2017.",
        "JUST WATCHED 'This is nonsense': host blasts rival Replay More Videos ... MUST WATCH",
        "Video Ad Feedback Reporter shows what the storm is like 02:22 - Source: CNN",
        "Snubbed!Viola Calder, America Osswick shut out in 2024 nominations",
        "Alligator attack:85-year-old woman dead after she walked her dog",
        "said the costs would be small if the strike ended soon.",
        "For the latest on the strike, visit our live page.",
        "Read more: Ten tips for better sleep",
        "For the latest updates on the fires, follow our live coverage.",
        "480-555-0107, clinic-osswick.com.",
        "Reach Joey Calder on X @joeycalder.",
        "Updated Jan. 29, 2025, 3:08 p.m. ET",
        "Vaccines for children under 5 a turning point for many US families",
        "Sign up for our weekly newsletter.",
        "Hide Caption 3 of 12",
    ],
)
def test_what_came_along_from_the_page_is_no_sentence(text: str) -> None:
    assert read(f"{text}\n\nThe mayor opened the bridge.") == ["The mayor opened the bridge."]


def test_sentences_that_were_run_together_are_told_apart_and_said_once() -> None:
    text = "Calder said it is a “tram war.”Ines Calder, mayor, left.Ines Calder, mayor, left."
    assert read(text) == ["Calder said it is a “tram war.”", "Ines Calder, mayor, left."]


def test_a_headline_run_into_the_text_is_left_out() -> None:
    text = "Lantern Bridge opens after years The mayor cut the ribbon at noon."
    assert read(text, "Lantern Bridge opens after years") == ["The mayor cut the ribbon at noon."]


def test_a_long_line_whose_end_was_lost_is_a_sentence_if_it_has_a_clause() -> None:
    text = "Calder, whose company builds trams for small towns including Osswick, VelmarLine"
    assert read(text) == [text]


def test_every_sentence_stands_in_the_text_as_it_is() -> None:
    text = "OSSWICK (AP) — The U.S. may have led. “It did,” Mr. Calder said at 5 p.m. Thursday."
    assert read(text) == [
        "The U.S. may have led.",
        "“It did,” Mr. Calder said at 5 p.m. Thursday.",
    ]


def test_a_gap_within_a_quotation_ends_no_sentence() -> None:
    text = "“What we found is that Lark … is the best ferry,” Calder said. Then she left."
    assert read(text) == [
        "“What we found is that Lark … is the best ferry,” Calder said.",
        "Then she left.",
    ]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The final was played in the", "The final was played in the Harbour Bowl of Maravel."),
        ("The final was played at", "The final was played at Maravel in front of 9,000 people."),
    ],
)
def test_a_title_that_is_cut_out_of_a_sentence_leaves_it_whole(title: str, text: str) -> None:
    [span] = readable_sentences(text, title)
    assert text[span.start : span.end] == text


def test_the_label_of_a_box_is_cut_and_a_notice_of_correction_is_no_sentence() -> None:
    text = (
        "AI-assisted summary Torvo and Oren made new glasses. "
        "Corrections & clarifications: A previous version named the wrong town."
    )
    spans = readable_sentences(text)
    assert [text[span.start : span.end] for span in spans] == ["Torvo and Oren made new glasses."]
