"""What the engine asks of a language model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call, as the server counts them."""

    prompt_tokens: int
    completion_tokens: int


class ChatModel(ABC):
    """A model that goes on with a conversation."""

    name: str

    @abstractmethod
    def stream(
        self, messages: Sequence[Message], *, max_tokens: int
    ) -> AsyncGenerator[TextDelta | TokenUsage, None]:
        """The answer as it is written; at the end what it took, if the server tells.

        Every wait is bounded, and so are tries; only what failed before its first piece is tried
        again. Raises ``ModelError``. Ending the iteration early ends the call.
        """

    @abstractmethod
    async def check(self) -> None:
        """Ask the server whether it serves this model. Raises ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections."""
