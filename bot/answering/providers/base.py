"""The interface of a language model to the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bot.answering.providers.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation that a model continues."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The server accepted the request; from now on it costs."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of the model's thoughts, which are no part of an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerRetracted:
    """All text so far was thought; the answer begins after it."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Why the model stopped: it finished, was cut off by its limit or a filter, or refuses."""

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
    """A model that continues a conversation. ``capabilities`` is what is known of it so far."""

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
        """Yield the answer as it is written, then ``StreamEnd``, and the usage if the server
        reports it.

        ``max_tokens`` bounds the answer; a model that thinks first gets more. ``schema`` (``name``,
        ``schema``) constrains the answer if the server supports schemas; the answer may have
        another form all the same. Every wait and the number of attempts are bounded; only a call
        that failed before its first text is tried again. Raises ``ModelError``. Ending the
        iteration early ends the call.
        """

    @abstractmethod
    async def check(self) -> None:
        """Ask the server whether it serves this model. Raises ``ModelError``."""

    @property
    def load_seconds(self) -> float:
        """How many seconds longer a first answer may take while the server loads the model."""
        return 0.0

    async def warm_up(self) -> None:
        """Have the server load the model. Never raises ``ModelError``."""

    async def close(self) -> None:
        """Close connections."""
