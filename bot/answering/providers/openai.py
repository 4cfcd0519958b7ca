"""Any server with OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import Any

import openai

from bot.answering.providers.base import ChatModel, Message, TextDelta, TokenUsage
from bot.answering.providers.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelResponseInvalid,
    ModelUnreachable,
)
from bot.config.limits import ModelOptions

_log = logging.getLogger(__name__)

# What openai speaks HTTP with: httpx, or httpx2 from version 3 on. Its errors come through as they are.
_http: Any = import_module(openai.DefaultAsyncHttpxClient.__bases__[0].__module__)

_PLACEHOLDER_KEY = "none"  # servers without keys want some word all the same
_CONNECT_SECONDS = 5.0
_FIRST_PAUSE = 0.5  # seconds; doubles with each try
_TOO_LONG = ("context_length_exceeded", "exceed_context_size_error", "context length", "context size", "maximum context")  # fmt: skip


class OpenAIModel(ChatModel):
    """``jitter`` gives a factor from 0.5 to 1 for pauses between tries."""

    def __init__(
        self, options: ModelOptions, *, jitter: Callable[[], float] = lambda: 0.5 + random.random() / 2  # noqa: S311 - spreads retries
    ) -> None:  # fmt: skip
        self.name = options.name
        self._options = options
        self._jitter = jitter
        # What every server takes; a model that refuses one of them by name is asked without it.
        self._extras: dict[str, Any] = {"temperature": 0, "stream_options": {"include_usage": True}}
        self._limit = "max_tokens"
        self._client = openai.AsyncOpenAI(
            api_key=options.api_key or _PLACEHOLDER_KEY,
            base_url=options.base_url,
            max_retries=0,  # ours are bounded in time too
            timeout=openai.Timeout(options.first_seconds, connect=_CONNECT_SECONDS),
        )

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int
    ) -> AsyncGenerator[TextDelta | TokenUsage, None]:
        waited = 0.0
        for number in range(1, self._options.tries + 1):
            begun = False
            try:
                async with aclosing(self._once(messages, max_tokens)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except ModelError as error:
                pause = self._pause(error, number)
                last = number == self._options.tries
                if begun or last or not error.retry or waited + pause > self._options.retry_seconds:
                    raise
                _log.info("The model failed (%s); next try in %.1f s.", error, pause)
            waited += pause
            await asyncio.sleep(pause)

    async def check(self) -> None:
        try:
            async with asyncio.timeout(self._options.first_seconds):
                served = [model.id async for model in self._client.models.list()]
        except (TimeoutError, openai.OpenAIError, _http.HTTPError, ValueError) as error:
            raise self._told(error) from error
        if self._options.base_url is None and self.name not in served:
            raise ModelRefused("model-not-offered", model=self.name)

    async def close(self) -> None:
        await self._client.close()

    async def _once(
        self, messages: Sequence[Message], max_tokens: int
    ) -> AsyncGenerator[TextDelta | TokenUsage, None]:
        begun = False
        try:
            async with asyncio.timeout(self._options.first_seconds):
                chunks = await self._opened(messages, max_tokens)
            begun = True
            async with chunks:
                async for piece in self._pieces(chunks):
                    yield piece
        except (TimeoutError, openai.OpenAIError, _http.HTTPError, ValueError) as error:
            # The client parses chunks with json and pydantic, whose errors are ValueErrors.
            raise self._told(error, begun=begun) from error

    async def _opened(self, messages: Sequence[Message], max_tokens: int) -> Any:
        create: Any = self._client.chat.completions.create
        while True:
            try:
                return await create(
                    model=self.name,
                    messages=[{"role": m.role, "content": m.content} for m in messages],
                    stream=True,
                    **{self._limit: max_tokens},
                    **self._extras,
                )
            except openai.BadRequestError as error:
                # Newer models of OpenAI have another name for the limit and one temperature.
                if error.param == self._limit == "max_tokens":
                    self._limit = "max_completion_tokens"
                elif self._extras.pop(error.param or "", None) is None:
                    raise

    async def _pieces(self, chunks: Any) -> AsyncGenerator[TextDelta | TokenUsage, None]:
        iterator = aiter(chunks)
        seconds = self._options.first_seconds
        ended = False
        while True:
            try:
                async with asyncio.timeout(seconds):
                    chunk = await anext(iterator)
            except StopAsyncIteration:
                break
            for choice in chunk.choices or ():
                ended = ended or choice.finish_reason is not None
                if choice.delta is not None and choice.delta.content:
                    seconds = self._options.next_seconds
                    yield TextDelta(choice.delta.content)
            if chunk.usage is not None:
                yield TokenUsage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        if not ended:
            raise ModelResponseInvalid("model-broke-off", where=self._where)

    @property
    def _where(self) -> str:
        return self._options.base_url or "OpenAI"

    def _pause(self, error: ModelError, number: int) -> float:
        if isinstance(error, ModelBusy) and error.wait is not None:
            return error.wait
        return float(_FIRST_PAUSE * 2 ** (number - 1) * self._jitter())

    def _told(self, error: Exception, *, begun: bool = False) -> ModelError:
        """Return the error that says what went wrong."""
        if isinstance(error, openai.APIStatusError):
            return self._status_told(error)
        if isinstance(error, (TimeoutError, openai.APITimeoutError, _http.TimeoutException)):
            return ModelUnreachable("model-stalled", where=self._where)
        if isinstance(error, (openai.APIConnectionError, _http.TransportError)):
            if begun:
                return ModelResponseInvalid("model-answer-cut", where=self._where)
            return ModelUnreachable("model-unreachable", where=self._where)
        if isinstance(error, openai.APIError):  # an error that the stream itself reports
            return self._by_words(error, str(error.message))
        return ModelResponseInvalid("model-invalid-answer", where=self._where)

    def _status_told(self, error: openai.APIStatusError) -> ModelError:
        status = error.status_code
        if status in {401, 403}:
            return ModelRefused("model-key-refused", where=self._where)
        if status == 404:
            return ModelRefused("model-unknown", where=self._where, model=self.name)
        if status == 429:
            if error.code == "insufficient_quota":
                return ModelRefused("model-quota-used-up")
            return ModelBusy(
                "model-rate-limited", where=self._where, wait=_retry_after(error.response)
            )
        if status >= 500:
            return ModelUnreachable("model-server-error", where=self._where, answer=str(status))
        return self._by_words(error, f"{error.message} {error.code or ''}")

    def _by_words(self, error: openai.APIError, words: str) -> ModelError:
        if any(sign in f"{words} {error.code} {error.type}".lower() for sign in _TOO_LONG):
            return ContextTooLong("model-context-exceeded", model=self.name)
        return ModelRefused(
            "model-request-refused", where=self._where, detail=" ".join(words.split())[:200]
        )


def _retry_after(response: Any) -> float | None:
    """Seconds that the server asks to wait; a date is not what model servers send."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(response.headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
