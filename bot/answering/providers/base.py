"""What the engine asks of a language model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bot.answering.providers.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The server took the request; from now on it costs."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """Some more of what the model thinks, which is no part of an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerRetracted:
    """All text until now was thought; the answer begins behind it."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Why the model stopped: it had finished, was cut at its limit or by a filter, or refuses."""

    reason: Literal["stop", "length", "content_filter", "refusal"]


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call, as the server counts them."""

    prompt_tokens: int
    completion_tokens: int


StreamEvent: TypeAlias = (
    StreamStarted | TextDelta | ThoughtDelta | AnswerRetracted | StreamEnd | TokenUsage
)


class ChatModel(ABC):
    """A model that goes on with a conversation. ``capabilities`` is what is known of it by now."""

    name: str
    capabilities: Capabilities

    @abstractmethod
    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """The answer as it is written; then ``StreamEnd``, and what it took, if the server tells.

        ``max_tokens`` bounds the answer; a model that thinks first gets more. ``schema`` (``name``,
        ``schema``) is what the answer is held to where the server knows of schemas: an answer may be
        of another form all the same. Every wait is bounded,
        and so are tries; only what failed before its first text is tried again. Raises
        ``ModelError``. Ending the iteration early ends the call.
        """

    @abstractmethod
    async def check(self) -> None:
        """Ask the server whether it serves this model. Raises ``ModelError``."""

    @property
    def load_seconds(self) -> float:
        """How much longer a first answer may take while the server loads the model."""
        return 0.0

    async def warm_up(self) -> None:
        """Have the server load the model. Never raises ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections."""
