"""The real client against a real server with a real, weak model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from bot.answering.models import AnswerCompleted
from bot.answering.providers import (
    ContextTooLong,
    Message,
    StreamEvent,
    StreamStarted,
    TextDelta,
    TokenUsage,
)
from bot.answering.providers.openai import OpenAIModel
from bot.answering.verification import Evidence, create_verifier
from bot.config.limits import GenerationLimits, ModelOptions
from tests.deadlines import scaled
from tests.integration.answering_fixtures import (
    BRIDGE,
    ELECTION,
    asked,
    demo_folder,
    engine_over,
)
from tests.llama import llama

__all__ = ["demo_folder", "llama"]

# Little to read, since a weak machine reads a hundred tokens a second.
SHORT = GenerationLimits(context_tokens=350, answer_tokens=60, seconds=scaled(120))


_STORY_TOKENS = 2_000


def model_at(url: str) -> OpenAIModel:
    return OpenAIModel(
        ModelOptions(
            "SmolLM2-135M-Instruct", url, first_seconds=scaled(60), next_seconds=scaled(15)
        )
    )


async def test_an_answer_streams_and_tells_what_it_took(llama: str) -> None:
    model = model_at(llama)
    await model.check()
    messages = [Message("user", "Count from one to ten in words.")]
    pieces = [piece async for piece in model.stream(messages, max_tokens=20)]
    await model.close()
    texts = [piece.text for piece in pieces if isinstance(piece, TextDelta)]
    assert len(texts) > 3
    spent = pieces[-1]
    assert isinstance(spent, TokenUsage)
    assert 0 < spent.completion_tokens <= 20, "it stops at the limit"


async def _metric(url: str, name: str) -> float:
    async with httpx.AsyncClient(timeout=scaled(60)) as client:
        text = (await client.get(f"{url.removesuffix('/v1')}/metrics")).text
    return next(float(row.split()[1]) for row in text.splitlines() if row.startswith(name))


@pytest.mark.parametrize("given_up_at", [StreamStarted, TextDelta])
async def test_a_call_that_is_given_up_frees_the_server_for_the_next(
    llama: str, given_up_at: type[StreamEvent]
) -> None:
    before = await _metric(llama, "llamacpp:tokens_predicted_total")
    model = model_at(llama)
    for _ in range(3):
        async with aclosing(
            model.stream([Message("user", "Tell a long story.")], max_tokens=_STORY_TOKENS)
        ) as pieces:
            async for piece in pieces:
                if isinstance(piece, given_up_at):
                    break
    messages = [Message("user", "Say yes.")]
    assert [piece async for piece in model.stream(messages, max_tokens=5)]
    await model.close()
    async with asyncio.timeout(scaled(60)):
        while await _metric(llama, "llamacpp:requests_processing"):
            await asyncio.sleep(0.1)
    # What counts is what the server wrote for nobody, and not how fast its machine is.
    written = await _metric(llama, "llamacpp:tokens_predicted_total") - before
    assert written < _STORY_TOKENS / 4


async def test_more_than_it_can_read_is_told_as_that(llama: str) -> None:
    model = model_at(llama)
    with pytest.raises(ContextTooLong):
        async for _ in model.stream([Message("user", "word " * 6_000)], max_tokens=5):
            pass
    await model.close()


async def test_what_is_shown_of_a_weak_models_answer_stands_in_its_sources(
    llama: str, demo_folder: Path
) -> None:
    async with (
        engine_over(
            demo_folder, llama, composing=SHORT, first_seconds=scaled(60), next_seconds=scaled(60)
        ) as (
            _,
            engine,
        ),
        aclosing(engine.stream(asked(BRIDGE))) as events,
    ):
        *_events, last = [event async for event in events]
    assert isinstance(last, AnswerCompleted)
    answer = last.answer
    assert answer.usage is not None
    assert answer.sentences
    by_number = {citation.n: citation for citation in answer.citations}
    for sentence in answer.sentences:
        assert sentence.citations
        cited = [by_number[n] for n in sentence.citations]
        evidence = [Evidence(c.quote, c.article.title, source=c.article.source) for c in cited]
        assert create_verifier().check(sentence.text, evidence).supported


async def test_two_questions_at_once_are_both_answered(llama: str, demo_folder: Path) -> None:
    async with engine_over(
        demo_folder, llama, composing=SHORT, first_seconds=scaled(90), next_seconds=scaled(60)
    ) as (_, engine):
        answers = await asyncio.gather(*(engine.answer(asked(q)) for q in (BRIDGE, ELECTION)))
    assert all(answer.problem is None for answer in answers)
    assert all(answer.sentences or answer.abstained for answer in answers)
