"""Conversations, kept for a while: by answer, by thread, and by person in a channel."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.answering.conversation import Conversation
from bot.answering.serialization import conversation_as_records, conversation_from_records
from bot.storage.conversations import (
    StoredConversation,
    forget_conversations,
    load_turns,
    save_conversation,
)
from retrieval.catalogue.database import Database
from retrieval.errors import StorageError
from retrieval.timestamps import Clock

_log = logging.getLogger(__name__)

_MOST, _MOST_SHARED = 2_000, 20_000
CONVERSATION_SECONDS = 30 * 60.0


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """The key of the conversation up to the answer with this id."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """The key of a thread's conversation, shared by all who write there."""

    thread_id: int


@dataclass(frozen=True, slots=True)
class ChannelUserKey:
    """The key of one person's conversation in a channel. ``corpus`` keeps servers apart."""

    channel_id: int
    user_id: int
    corpus: str


ConversationKey = AnswerKey | ThreadKey | ChannelUserKey


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes part in a conversation, and whose articles it is about."""

    user_id: int
    corpus: str
    guild_id: int | None


class Conversations(Protocol):
    """Conversations, limited in number and age."""

    async def of(self, topic: ConversationKey) -> Conversation | None:
        """Return the conversation under this key; None if there is none."""

    async def remember(
        self, topics: Sequence[ConversationKey], conversation: Conversation, by: Participant
    ) -> None:
        """Store a conversation in which this person takes part, under each of these keys."""

    async def forget(self, user_id: int) -> None:
        """Forget every conversation that a person took part in."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    conversation: Conversation
    people: frozenset[int]


class ConversationMemory:
    """Conversations in memory. ``tick`` returns monotonic seconds."""

    def __init__(
        self,
        most: int = _MOST,
        seconds: float = CONVERSATION_SECONDS,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._tick = tick
        self._kept: OrderedDict[ConversationKey, _Remembered] = OrderedDict()

    async def of(self, topic: ConversationKey) -> Conversation | None:
        """Return the conversation under this key; None if there is none."""
        kept = self._kept.get(topic)
        if kept is None or self._tick() - kept.at > self._seconds:
            return None
        return kept.conversation

    async def remember(
        self, topics: Sequence[ConversationKey], conversation: Conversation, by: Participant
    ) -> None:
        """Store a conversation in which this person takes part, under each of these keys."""
        for topic in topics:
            kept = self._kept.pop(topic, None)
            people = kept.people | {by.user_id} if kept else frozenset({by.user_id})
            self._kept[topic] = _Remembered(self._tick(), conversation, people)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    async def forget(self, user_id: int) -> None:
        """Forget every conversation that a person took part in."""
        for topic in [t for t, kept in self._kept.items() if user_id in kept.people]:
            del self._kept[topic]


class SharedConversations:
    """Conversations in a database that several processes share."""

    def __init__(self, database: Database, clock: Clock, most: int = _MOST_SHARED) -> None:
        self._database = database
        self._clock = clock
        self._most = most

    async def of(self, topic: ConversationKey) -> Conversation | None:
        """Return the conversation under this key; None if there is none."""
        since = self._clock() - timedelta(seconds=CONVERSATION_SECONDS)
        found = await load_turns(self._database, _name(topic), since)
        return conversation_from_records(found) if found is not None else None

    async def remember(
        self, topics: Sequence[ConversationKey], conversation: Conversation, by: Participant
    ) -> None:
        """Store a conversation in which this person takes part, under each of these keys. A failure is logged: the answer has
        been given."""
        now, turns = self._clock(), conversation_as_records(conversation)
        stored = StoredConversation(by.corpus, by.guild_id, turns, now)
        try:
            await save_conversation(
                self._database,
                [_name(topic) for topic in topics],
                stored,
                by.user_id,
                forgotten_before=now - timedelta(seconds=CONVERSATION_SECONDS),
                most=self._most,
            )
        except StorageError as error:
            _log.warning("a conversation could not be kept: %s", error)

    async def forget(self, user_id: int) -> None:
        """Forget every conversation that a person took part in."""
        await forget_conversations(self._database, user_id=user_id)


def _name(topic: ConversationKey) -> str:
    match topic:
        case AnswerKey():
            return f"answer:{topic.answer_id}"
        case ThreadKey():
            return f"thread:{topic.thread_id}"
        case ChannelUserKey():
            return f"person:{topic.channel_id}:{topic.user_id}:{topic.corpus}"
