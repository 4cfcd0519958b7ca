"""Language models that write answers: a base, one file for each provider, a factory."""

from bot.answering.providers.base import ChatModel, Message, Piece, Spent
from bot.answering.providers.errors import (
    ContextTooLong,
    ModelBroke,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
)
from bot.answering.providers.factory import ModelOptions, make_model

__all__ = [
    "ChatModel",
    "ContextTooLong",
    "Message",
    "ModelBroke",
    "ModelBusy",
    "ModelError",
    "ModelOptions",
    "ModelRefused",
    "ModelUnreachable",
    "Piece",
    "Spent",
    "make_model",
]
