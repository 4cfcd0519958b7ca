"""Language models that write answers: a base class, the provider and a factory."""

from bot.answering.providers.base import (
    AnswerRetracted,
    ChatModel,
    Message,
    StreamEnd,
    StreamEvent,
    StreamStarted,
    TextDelta,
    ThoughtDelta,
    TokenUsage,
)
from bot.answering.providers.capabilities import Capabilities
from bot.answering.providers.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelFiltered,
    ModelLoading,
    ModelRefused,
    ModelResponseInvalid,
    ModelUnreachable,
    ReasoningTooLong,
)
from bot.answering.providers.factory import make_model

__all__ = [
    "AnswerRetracted",
    "Capabilities",
    "ChatModel",
    "ContextTooLong",
    "Message",
    "ModelBusy",
    "ModelError",
    "ModelFiltered",
    "ModelLoading",
    "ModelRefused",
    "ModelResponseInvalid",
    "ModelUnreachable",
    "ReasoningTooLong",
    "StreamEnd",
    "StreamEvent",
    "StreamStarted",
    "TextDelta",
    "ThoughtDelta",
    "TokenUsage",
    "make_model",
]
