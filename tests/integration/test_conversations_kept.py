"""Conversations in a database: the same for all processes, bounded, and forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.answering.conversation import Conversation, Turn
from bot.answering.models import AnswerSentence, Citation
from bot.services.conversations import (
    AnswerKey,
    ChannelUserKey,
    Participant,
    SharedConversations,
    ThreadKey,
)
from bot.storage.conversations import forget_conversations
from retrieval.catalogue.database import Database
from retrieval.models import Reference
from tests.integration.answering_fixtures import NOW

pytestmark = pytest.mark.both_databases

ADA, BEN = 7, 8


def said(question: str = "Who built it?") -> Conversation:
    article = Reference("a", "https://paper.example/a", "A bridge", "Courier", None)
    cited = Citation(1, article, "Its words.", ("Reuters",))
    sentence = AnswerSentence("Calder. [1]", (1,), "2023-11-03")
    turn = Turn(question, "Calder.", NOW, None, "Courier", (cited,), (sentence,), open=True)
    return Conversation((turn,))


class Town:
    def __init__(self, database: Database, most: int = 100) -> None:
        self.now = NOW
        self.database = database
        self.one, self.other = [
            SharedConversations(database, lambda: self.now, most) for _ in range(2)
        ]

    async def talk(self, key: int | str, user_id: int = ADA, guild_id: int | None = 1) -> None:
        """Say something in a thread, or below an answer."""
        topic = ThreadKey(key) if isinstance(key, int) else AnswerKey(key)
        self.now += timedelta(seconds=1)
        await self.one.remember(
            [topic], said(), Participant(user_id, f"guild {guild_id}", guild_id)
        )

    async def threads(self, *keys: int) -> list[int]:
        """Those of these threads whose conversation the other process knows."""
        return [key for key in keys if await self.other.of(ThreadKey(key))]


async def test_another_process_goes_on_with_what_was_said_to_one(tables: Database) -> None:
    town, direct = Town(tables), ChannelUserKey(5, ADA, "harbour")
    await town.one.remember([direct], said(), Participant(ADA, "harbour", None))
    assert await town.other.of(direct) == said()
    more = said("And when?")
    await town.other.remember([direct], more, Participant(ADA, "harbour", None))
    assert await town.one.of(direct) == more
    assert await town.one.of(ChannelUserKey(5, BEN, "harbour")) is None


async def test_an_answer_in_a_thread_is_kept_under_both_keys_at_once(tables: Database) -> None:
    town, answer, thread = Town(tables), AnswerKey("x"), ThreadKey(5)
    await town.talk(5, BEN)
    await town.one.remember([answer, thread], said(), Participant(ADA, "harbour", None))
    assert await town.other.of(answer) == await town.other.of(thread) == said()
    await town.one.forget(BEN)
    assert await town.other.of(thread) is None
    assert await town.other.of(answer) == said()
    await town.one.forget(ADA)
    assert await town.other.of(answer) is None


async def test_they_are_forgotten_with_time_and_with_number(tables: Database) -> None:
    town = Town(tables, most=3)
    for thread in range(5):
        await town.talk(thread)
    assert await town.threads(*range(5)) == [2, 3, 4]
    town.now += timedelta(minutes=31)
    assert await town.threads(*range(5)) == []
    await town.talk("x")
    town.now = NOW
    assert await town.threads(*range(5)) == []  # deleted, not only passed over


async def test_they_are_forgotten_for_a_person_a_server_and_a_corpus(tables: Database) -> None:
    town = Town(tables)
    await town.talk(1)
    await town.talk(2, BEN)
    await town.talk(2)
    await town.talk(3, BEN, guild_id=2)
    await town.talk(4, BEN, guild_id=3)
    await town.talk(5, BEN)
    await town.one.forget(ADA)
    assert await town.threads(1, 2, 3, 4, 5) == [3, 4, 5]
    await forget_conversations(tables, guild_id=2)
    assert await town.threads(3, 4, 5) == [4, 5]
    await forget_conversations(tables, corpus="guild 3")
    assert await town.threads(4, 5) == [5]
