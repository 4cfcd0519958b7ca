"""A model whose server hangs is left alone; one that answers others is only busy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from bot.answering.providers.base import ChatModel, Message, StreamEvent, TextDelta
from bot.answering.providers.capabilities import Capabilities
from bot.answering.providers.errors import ModelUnreachable
from bot.answering.providers.watched import WatchedModel
from bot.config.limits import ModelOptions
from retrieval.errors import Note


class _OneSlot(ChatModel):
    """Says a word for each that is put into ``words``, to whoever asks for ``words``."""

    name = "one slot"
    capabilities = Capabilities()
    load_seconds = 0.0

    def __init__(self) -> None:
        self.words: asyncio.Queue[str] = asyncio.Queue()
        self.there = False

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        while messages[0].content == "words":
            yield TextDelta(await self.words.get())
        await asyncio.Event().wait()

    async def check(self) -> None:
        if not self.there:
            raise ModelUnreachable("model-stalled", where="http://x")

    async def warm_up(self) -> None:
        return

    async def close(self) -> None:
        return


async def _asked(model: ChatModel, content: str) -> None:
    async with aclosing(model.stream([Message("user", content)], max_tokens=5)) as events:
        async for _ in events:
            pass


async def _told(busy: bool) -> tuple[list[Note | None], bool]:
    """What is told of a call that waits in vain, and whether a later one is refused at once;
    ``busy`` tells whether another call gets words meanwhile."""
    told: list[Note | None] = []
    slot = _OneSlot()
    model = WatchedModel(slot, ModelOptions("m", "http://x/v1", first_seconds=0.2), told.append)
    tasks = [asyncio.create_task(_asked(model, each)) for each in ("words", "silence")]
    for _ in range(10):
        if busy:
            slot.words.put_nowait("word")
        await asyncio.sleep(0.05)
    later = asyncio.create_task(_asked(model, "silence"))
    await asyncio.sleep(0.05)
    refused = later.done() and isinstance(later.exception(), ModelUnreachable)
    for task in (later, *tasks):
        task.cancel()
    await asyncio.gather(later, *tasks, return_exceptions=True)
    await model.close()
    return told, refused


@pytest.mark.parametrize("busy", [True, False])
async def test_only_a_server_that_answers_nobody_is_left_alone(busy: bool) -> None:
    told, refused = await _told(busy)
    assert refused is not busy
    assert [each.code for each in told if each] == ([] if busy else ["model-stalled"] * len(told))
    assert bool(told) is not busy
