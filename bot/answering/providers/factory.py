"""Choose a model from the settings."""

from __future__ import annotations

from bot.answering.providers.base import ChatModel
from bot.config.limits import ModelOptions


def make_model(options: ModelOptions) -> ChatModel | None:
    """Return the model of the settings; None without a key and base URL: answers are quotations."""
    if not options.is_configured:
        return None
    from bot.answering.providers.openai import OpenAIModel

    return OpenAIModel(options)
