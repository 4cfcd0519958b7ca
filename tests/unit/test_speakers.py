"""Speech is told with what says who speaks."""

from __future__ import annotations

import pytest

from bot.answering.extractive.speakers import with_speaker


@pytest.mark.parametrize(
    ("text", "sentence", "told"),
    [
        (
            "The wall broke.\n\n“The torch could go dark,” Okafor said. “Not because of a storm.”\n\nNo one spoke.",
            "“Not because of a storm.”",
            "“The torch could go dark,” Okafor said. “Not because of a storm.”",
        ),
        (
            "“The wall is old. It will not hold,” the mayor said. “We need a new one.”",
            "“The wall is old.",
            "“The wall is old. It will not hold,” the mayor said.",
        ),
        (
            "„Die Mauer ist alt. Sie hält nicht“, sagte die Bürgermeisterin.",
            "„Die Mauer ist alt.",
            "„Die Mauer ist alt. Sie hält nicht“, sagte die Bürgermeisterin.",
        ),
        ("市長は述べた。「壁は古い。」", "「壁は古い。」", "市長は述べた。「壁は古い。」"),
        ("“We need a new one,” she said. It rained.", "It rained.", "It rained."),
        (
            "She called it “a ruin”. It rained.",
            "She called it “a ruin”.",
            "She called it “a ruin”.",
        ),
        ('The pole is 6" thick. It broke.', "It broke.", "It broke."),
        ("Okafor spoke.\n\n“We need a wall.”", "“We need a wall.”", "“We need a wall.”"),
        ("“A wall.” “A gate.”", "“A gate.”", "“A gate.”"),
        ("Another text.", "“We need a wall.”", "“We need a wall.”"),
    ],
)
def test_speech_is_told_with_who_speaks(text: str, sentence: str, told: str) -> None:
    assert with_speaker(sentence, text) == told
