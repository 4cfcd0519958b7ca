"""Follow-ups without a model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.conversation import Conversation, Turn, is_follow_up, rewrite_follow_up

NOW = datetime(2023, 11, 3, 12, 0, tzinfo=UTC)
SINCE = datetime(2023, 10, 23, tzinfo=UTC)
TALK = Conversation(
    (
        Turn("Where does Ada Grey live?", "Ada Grey lives in Oslo."),
        Turn(
            "How much did the Lantern Bridge in Maravel cost?",
            "The Lantern Bridge cost 412 million crowns, Mayor Ines Calder said.",
            since=SINCE,
        ),
    )
)


@pytest.mark.parametrize(
    ("asked", "understood"),
    [
        ("and who paid for it?", "who paid for Lantern Bridge?"),
        ("what is its length?", "what is Lantern Bridge’s length?"),
        ("what about Oslo?", "How much did the Lantern Bridge in Oslo cost?"),
        ("And in Oslo?", "How much did the Lantern Bridge in Oslo cost?"),
        ("what about last week?", "How much did the Lantern Bridge in Maravel cost last week?"),
        ("When was she born?", "When was Mayor Ines Calder born?"),
        ("What happened there?", "What happened in Maravel?"),
        ("why?", "why (Lantern Bridge Maravel cost)?"),
        ("and when was that?", "when was that (Lantern Bridge Maravel cost)?"),
        ("what did the BBC say about that?", "what did the BBC say about that (Lantern Bridge Maravel cost)?"),
    ],
)  # fmt: skip
def test_a_follow_up_takes_over_what_it_points_to(asked: str, understood: str) -> None:
    found = rewrite_follow_up(asked, TALK, NOW)
    assert found.question == understood
    assert found.changed


@pytest.mark.parametrize(
    "question",
    [
        "Who is the president of Brazil?",
        "What did Tesla announce this week?",
        "Did Ines Calder win her election?",
        "Which films are there about Napoleon?",
        "What did the Pope say that angered Ukraine?",
        "How many people died in the Turkish earthquake?",
    ],
)
def test_a_question_of_its_own_stays_as_it_is(question: str) -> None:
    assert not is_follow_up(question)
    assert rewrite_follow_up(question, TALK, NOW).question == question


def test_a_follow_up_keeps_the_range_unless_it_names_another() -> None:
    assert rewrite_follow_up("and who paid for it?", TALK, NOW).since == SINCE
    assert rewrite_follow_up("and what happened to it yesterday?", TALK, NOW).since is None


def test_without_an_earlier_turn_nothing_changes() -> None:
    assert (
        rewrite_follow_up("and who paid for it?", Conversation(), NOW).question
        == "and who paid for it?"
    )


def test_a_conversation_is_bounded() -> None:
    conversation = Conversation()
    for number in range(50):
        conversation = conversation.after(Turn(f"Question {number}?", ""))
    assert len(conversation.turns) == 6
    assert conversation.last == Turn("Question 49?", "")
