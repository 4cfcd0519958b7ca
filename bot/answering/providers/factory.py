"""Choosing a model by what the settings hold."""

from __future__ import annotations

from bot.answering.providers.base import ChatModel
from bot.config.limits import ModelOptions


def make_model(options: ModelOptions) -> ChatModel | None:
    """The model that the settings name; None without key and base URL: answers are quotations."""
    if not options.is_configured:
        return None
    from bot.answering.providers.openai import OpenAIModel

    return OpenAIModel(options)
