"""A model whose server may hang: after one caller has waited in vain, nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from bot.answering.providers.base import ChatModel, Message, StreamEvent
from bot.answering.providers.capabilities import Capabilities
from bot.answering.providers.errors import ModelError, ModelUnreachable
from bot.config.limits import ModelOptions
from retrieval.errors import Note
from retrieval.runtime.concurrency import cancel

_LOOK_SECONDS = 1.0


class WatchedModel(ChatModel):
    """``model``, which isn't called any more once it has given no sign in time, until its server
    answers a check made every second. ``watch`` is called with the reason, and with None when that
    is over."""

    def __init__(
        self, model: ChatModel, options: ModelOptions, watch: Callable[[Note | None], None]
    ) -> None:
        self._model = model
        self._options = options
        self._watch = watch
        self._hangs: Note | None = None
        self._looking: asyncio.Task[None] | None = None
        self._heard = 0.0

    @property
    def name(self) -> str:  # type: ignore[override]
        return self._model.name

    @property
    def capabilities(self) -> Capabilities:
        return self._model.capabilities

    @capabilities.setter
    def capabilities(self, found: Capabilities) -> None:
        self._model.capabilities = found

    @property
    def load_seconds(self) -> float:
        return self._model.load_seconds

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        if self._hangs is not None:
            raise ModelUnreachable.of(self._hangs)
        seconds = max(self._options.first_seconds, self.load_seconds)
        loop = asyncio.get_running_loop()
        late = loop.call_later(seconds, self._late, loop.time())
        try:
            events = self._model.stream(messages, max_tokens=max_tokens, schema=schema)
            async with aclosing(events):
                async for event in events:
                    late.cancel()
                    self._heard = loop.time()
                    yield event
        finally:
            late.cancel()

    async def check(self) -> None:
        await self._model.check()

    async def warm_up(self) -> None:
        await self._model.warm_up()

    async def close(self) -> None:
        if self._looking is not None:
            await cancel(self._looking)
        await self._model.close()

    def _late(self, asked: float) -> None:
        # A server with a single slot answers others first.
        if self._heard <= asked:
            self._begin_looking()

    def _begin_looking(self) -> None:
        self._hangs = why = Note("model-stalled", where=self._options.where)
        self._watch(why)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="model server")

    async def _look(self) -> None:
        while self._hangs is not None:
            await asyncio.sleep(_LOOK_SECONDS)
            if await self._answers():
                self._hangs = None
        self._watch(None)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._model.check()
        except (TimeoutError, ModelUnreachable):
            return False
        except ModelError:
            return True  # it answers, if only with a refusal
        return True
