"""Language models that write answers: a base, one file for each provider, a factory."""

from bot.answering.providers.base import ChatModel, Message, TextDelta, TokenUsage
from bot.answering.providers.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelResponseInvalid,
    ModelUnreachable,
)
from bot.answering.providers.factory import make_model

__all__ = [
    "ChatModel",
    "ContextTooLong",
    "Message",
    "ModelBusy",
    "ModelError",
    "ModelRefused",
    "ModelResponseInvalid",
    "ModelUnreachable",
    "TextDelta",
    "TokenUsage",
    "make_model",
]
