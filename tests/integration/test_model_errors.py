"""What the client does about a model server's errors, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.answering.providers import (
    ContextTooLong,
    Message,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    StreamEvent,
    StreamStarted,
    TextDelta,
)
from bot.answering.providers.openai import OpenAIModel
from bot.config.limits import ModelOptions
from tests.deadlines import scaled
from tests.scripted_model import Fails, Play, Says, ScriptedModel


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        yield server


async def said(server: ScriptedModel, *plays: Play, **changes: float) -> str:
    server.play(*plays)
    options = ModelOptions("scripted", server.url, first_seconds=5, retry_seconds=2)
    model = OpenAIModel(replace(options, **changes), jitter=lambda: 0.01)  # type: ignore[arg-type]
    try:
        messages = [Message("user", "Hello")]
        pieces = [piece async for piece in model.stream(messages, max_tokens=50)]
    finally:
        await model.close()
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


@pytest.mark.parametrize(
    "failure",
    [
        Fails(429, headers={"Retry-After": "0"}),
        Fails(429, headers={"Retry-After-Ms": "20"}),
        Fails(429),
        Fails(500),
        Fails(503),
    ],
)
async def test_what_may_pass_is_tried_again(server: ScriptedModel, failure: Fails) -> None:
    assert await said(server, failure, failure, Says("At last.")) == "At last."
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("failure", "kind", "says"),
    [
        (Fails(401), ModelRefused, "model-key-refused"),
        (Fails(429, "insufficient_quota"), ModelRefused, "model-quota-used-up"),
        (Fails(404, "model_not_found"), ModelRefused, "model-unknown"),
        (Fails(400, "context_length_exceeded"), ContextTooLong, "model-context-exceeded"),
        (Fails(400, message="the request exceeds the available context size"), ContextTooLong, "model-context-exceeded"),
        (Fails(400, message="something else"), ModelRefused, "model-request-refused .*something else"),
    ],
)  # fmt: skip
async def test_what_will_not_pass_is_not_tried_again_and_says_what_to_do(
    server: ScriptedModel, failure: Fails, kind: type[ModelError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        await said(server, failure)
    assert len(server.requests) == 1


async def test_a_wait_that_is_too_long_is_not_waited(server: ScriptedModel) -> None:
    with pytest.raises(ModelBusy) as caught:
        await said(server, Fails(429, headers={"Retry-After": "3600"}))
    assert caught.value.wait == 3600
    assert len(server.requests) == 1


async def test_tries_are_bounded(server: ScriptedModel) -> None:
    with pytest.raises(ModelUnreachable):
        await said(server, Fails(500))
    assert len(server.requests) == 3


async def test_a_server_that_is_not_there_is_told_by_its_address() -> None:
    model = OpenAIModel(ModelOptions("x", "http://127.0.0.1:9/v1", tries=1))
    with pytest.raises(ModelUnreachable, match=r"model-unreachable .*127\.0\.0\.1:9"):
        async for _ in model.stream([Message("user", "Hello")], max_tokens=5):
            pass
    await model.close()


async def test_a_model_with_other_parameters_is_asked_as_it_wants(server: ScriptedModel) -> None:
    refusals = [Fails(400, "unsupported_parameter", param="max_tokens"), Fails(400, "unsupported_value", param="temperature")]  # fmt: skip
    assert await said(server, *refusals, Says("Fine.")) == "Fine."
    body = server.requests[-1].body
    assert body["max_completion_tokens"] == 50
    assert "max_tokens" not in body
    assert "temperature" not in body


@pytest.mark.parametrize("given_up_at", [StreamStarted, TextDelta])
async def test_who_goes_early_ends_the_call(
    server: ScriptedModel, given_up_at: type[StreamEvent]
) -> None:
    server.play(Says("A long story. " * 400, pause=0.02))
    model = OpenAIModel(ModelOptions("scripted", server.url))
    async with aclosing(model.stream([Message("user", "Hello")], max_tokens=2_000)) as events:
        async for event in events:
            if isinstance(event, given_up_at):
                break
    async with asyncio.timeout(scaled(20)):
        while server.open:
            await asyncio.sleep(0.01)
    assert server.finished == 0
    await model.close()
