"""A question as it is put to the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.answering.conversation import Conversation
from retrieval.timestamps import TimeRange

THE_QUESTIONS_LANGUAGE = "the language of the question"


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """A question with all that its answer depends on."""

    question: str
    within: TimeRange
    corpus: str
    source: str | None = None
    limit: int = 10
    language: str = THE_QUESTIONS_LANGUAGE
    conversation: Conversation = field(default_factory=Conversation)
    # How 3/5/2023 is read: 3 May, else March 5.
    day_first: bool = True
    # The language of what the bot says itself, by its code.
    replies_in: str = "en"
