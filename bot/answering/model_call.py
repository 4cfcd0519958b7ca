"""Calls to a model, each recorded in the budget however it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from bot.answering.budget import TokenBudget
from bot.answering.models import Usage
from bot.answering.observer import Observer
from bot.answering.providers import (
    AnswerRetracted,
    ChatModel,
    Message,
    ModelError,
    StreamEnd,
    StreamStarted,
    TextDelta,
    ThoughtDelta,
    TokenUsage,
)
from bot.answering.token_counts import CountTokens, token_counter
from retrieval.errors import StorageError
from retrieval.runtime.concurrency import cancel, to_its_end

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class CallOutcome:
    """How a call went: its usage, why it ended, and whether the model was thinking."""

    usage: Usage | None = None
    reason: Literal["stop", "length", "content_filter", "refusal"] = "stop"
    thought: bool = False


class ModelCalls:
    """One model and the budget that its calls count against."""

    def __init__(
        self, model: ChatModel, budget: TokenBudget, observer: Observer | None = None
    ) -> None:
        self.model = model
        self.budget = budget
        self.observer = observer or Observer()
        self._counter: CountTokens | None = None

    async def count(self) -> CountTokens:
        """Return the function that counts tokens."""
        if self._counter is None:
            self._counter = await token_counter(self.model.name)
        return self._counter

    async def stream(
        self,
        messages: Sequence[Message],
        most: int,
        corpus: str,
        outcome: CallOutcome,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[TextDelta | AnswerRetracted, None]:
        """Yield the text of one call as it arrives, and fill in ``outcome``. Raise ``ModelError``."""
        count = await self.count()
        asked = sum(count(message.content) for message in messages)
        tries: list[_Try] = []
        try:
            stream = self.model.stream(messages, max_tokens=most, schema=schema)
            with self.observer.stage("model"):
                async with aclosing(stream) as events:
                    async for event in events:
                        if isinstance(event, StreamStarted) or not tries:
                            tries.append(_Try())
                        if isinstance(event, TokenUsage):
                            tries[-1].told = event
                        elif isinstance(event, StreamEnd):
                            outcome.reason = event.reason
                        elif isinstance(event, (TextDelta, ThoughtDelta)):
                            tries[-1].said.append(event.text)
                            outcome.thought |= isinstance(event, ThoughtDelta)
                        if isinstance(event, (TextDelta, AnswerRetracted)):
                            yield event
        except ModelError as error:
            self.observer.model_failed(error)
            raise
        except GeneratorExit:  # the caller has heard enough
            self.observer.model_answered()
            raise
        else:
            self.observer.model_answered()
        finally:
            # Usage is estimated for a stream that reports none or was left early.
            calls = [each.told or TokenUsage(asked, count("".join(each.said))) for each in tries]
            spent = [self.budget.priced(self.model.name, call) for call in calls]
            for usage in spent:
                self.observer.model_spent(usage)
                outcome.usage = usage + outcome.usage if outcome.usage else usage
            # A caller that has heard enough cancels, often just while the usage is being recorded.
            await to_its_end(self._record(corpus, spent))

    async def text(
        self,
        prompt: str,
        most: int,
        corpus: str,
        *,
        schema: Mapping[str, Any] | None = None,
        outcome: CallOutcome | None = None,
    ) -> tuple[str, CallOutcome]:
        """Return the whole answer to a short prompt. Raise ``ModelError``.

        ``outcome``, if given, is filled in even if the call fails or is cancelled.
        """
        outcome = CallOutcome() if outcome is None else outcome
        said: list[str] = []
        messages = [Message("user", prompt)]
        async with aclosing(self.stream(messages, most, corpus, outcome, schema)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    said.append(event.text)
                else:
                    said.clear()
        return "".join(said), outcome

    async def _record(self, corpus: str, spent: Sequence[Usage]) -> None:
        try:
            for usage in spent:
                await self.budget.record(corpus, self.model.name, usage)
        except (SQLAlchemyError, StorageError) as error:
            _log.warning("What an answer took could not be kept (%s).", error.__class__.__name__)


class _Try:
    """What is known of one request that the server accepted."""

    def __init__(self) -> None:
        self.told: TokenUsage | None = None
        self.said: list[str] = []


async def with_pauses(
    events: AsyncIterator[TextDelta | AnswerRetracted], seconds: float
) -> AsyncGenerator[TextDelta | AnswerRetracted | None, None]:
    """Yield the events, and None once per pause of ``seconds`` without one."""
    following: asyncio.Task[TextDelta | AnswerRetracted | None] | None = None
    try:
        while True:
            following = asyncio.create_task(_next(events))
            done, _ = await asyncio.wait([following], timeout=seconds)
            if not done:
                yield None
            event = await following
            if event is None:
                return
            yield event
    finally:
        if following is not None and not following.done():
            await cancel(following)


async def _next(
    events: AsyncIterator[TextDelta | AnswerRetracted],
) -> TextDelta | AnswerRetracted | None:
    return await anext(events, None)
