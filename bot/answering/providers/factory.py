"""Choosing a model by what the settings hold."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answering.providers.base import ChatModel


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """``first_seconds`` bounds the wait for the first piece, ``next_seconds`` that for each
    further one, ``retry_seconds`` all waiting between tries."""

    name: str
    base_url: str | None = None
    api_key: str | None = None
    first_seconds: float = 30.0
    next_seconds: float = 15.0
    retry_seconds: float = 20.0
    tries: int = 3

    @property
    def is_configured(self) -> bool:
        return bool(self.base_url or self.api_key)


def make_model(options: ModelOptions) -> ChatModel | None:
    """The model that the settings name; None without key and base URL: answers are quotations."""
    if not options.is_configured:
        return None
    from bot.answering.providers.openai import OpenAIModel

    return OpenAIModel(options)
