"""Conversations, kept for a while: by answer, by thread, and by person in a channel."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.conversation import Conversation

_MOST = 2_000
_SECONDS = 30 * 60.0


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
class _StoredConversation:
    at: float
    conversation: Conversation
    people: frozenset[int]


class Conversations:
    """Conversations in memory, limited in number and age. ``tick`` returns monotonic seconds."""

    def __init__(
        self,
        most: int = _MOST,
        seconds: float = _SECONDS,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._tick = tick
        self._kept: OrderedDict[ConversationKey, _StoredConversation] = OrderedDict()

    def of(self, topic: ConversationKey) -> Conversation | None:
        """Return the conversation under this key; None if there is none."""
        kept = self._kept.get(topic)
        if kept is None or self._tick() - kept.at > self._seconds:
            return None
        return kept.conversation

    def remember(self, topic: ConversationKey, conversation: Conversation, user_id: int) -> None:
        """Store a conversation in which this person takes part."""
        kept = self._kept.pop(topic, None)
        people = kept.people | {user_id} if kept else frozenset({user_id})
        self._kept[topic] = _StoredConversation(self._tick(), conversation, people)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, user_id: int) -> None:
        """Forget every conversation that a person took part in."""
        for topic in [t for t, kept in self._kept.items() if user_id in kept.people]:
            del self._kept[topic]
