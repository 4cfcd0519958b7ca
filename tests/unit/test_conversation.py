"""Follow-ups without a model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.answering.conversation import Conversation, Turn, rewrite_follow_up
from bot.answering.models import Answer, AnswerSentence
from bot.answering.replies.flatten import asked_back
from bot.answering.router.router import RoutedMessage
from bot.i18n import reply_text

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


def test_a_name_in_small_letters_is_one_if_its_answer_writes_it_large() -> None:
    typed = Turn("how long is the bridge in maravel", "The bridge in Maravel is 300 metres long.")
    found = rewrite_follow_up("and in oslo", Conversation((typed,)), NOW)
    assert found.question == "how long is the bridge in oslo"


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


def test_after_a_digest_a_follow_up_is_about_the_story_whose_words_it_has() -> None:
    told = ["The Lantern Bridge opened on Monday.", "Ada Grey won the election in Oslo."]
    digest = Turn(
        "what happened this week",
        " ".join(told),
        sentences=tuple(AnswerSentence(text, ()) for text in told),
        open=True,
    )
    talk = Conversation((digest,))
    assert "Ada Grey" in rewrite_follow_up("by how much was the election won", talk, NOW).question
    assert rewrite_follow_up("how long is it", talk, NOW).question == "how long is Lantern Bridge"
    whole = rewrite_follow_up("who lost the cup final", talk, NOW)
    assert (whole.question, whole.changed) == ("who lost the cup final", False)


@pytest.mark.parametrize("earlier", [(), ("why (Lantern Bridge Maravel cost)?",)])
def test_asking_back_shows_no_words_of_the_search(earlier: tuple[str, ...]) -> None:
    talk = Conversation((*TALK.turns, *(Turn(question, "") for question in earlier)))
    message = RoutedMessage("and why?", "and why?", "followup", "", "en")
    unclear = Answer("and why?", "", True, asked=rewrite_follow_up("and why?", talk, NOW).question)
    assert asked_back(unclear, message, talk).text == reply_text(
        "en", "ask-back-about", earlier="How much did the Lantern Bridge in Maravel cost?"
    )
    named = Answer("and what is its hue?", "", True, asked="what is Lantern Bridge’s hue?")
    assert "what is Lantern Bridge’s hue?" in asked_back(named, message, talk).text
