"""Any server with OpenAI's chat completions: OpenAI, Azure, Ollama, vLLM, llama.cpp, Mistral, ..."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import Any

import openai

from bot.answering.providers.base import (
    ChatModel,
    Message,
    StreamEvent,
    StreamStarted,
    TextDelta,
)
from bot.answering.providers.capabilities import Capabilities, CapabilityStore
from bot.answering.providers.completion_stream import CompletionReader
from bot.answering.providers.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelFiltered,
    ModelLoading,
    ModelRefused,
    ModelResponseInvalid,
    ModelUnreachable,
    ReasoningTooLong,
)
from bot.answering.providers.server_errors import ServerError, server_error
from bot.config.limits import ModelOptions

_log = logging.getLogger(__name__)

# The HTTP client of openai: httpx, or httpx2 from version 3 on. Its errors aren't wrapped.
_http: Any = import_module(openai.DefaultAsyncHttpxClient.__bases__[0].__module__)

_PLACEHOLDER_KEY = "none"  # servers without keys want some value all the same
_CONNECT_SECONDS = 5.0
_FIRST_PAUSE = 0.5  # seconds; doubles with each try
_LOADING_PAUSE = 1.0
_MOST_MENDS = 6


class OpenAIModel(ChatModel):
    """``jitter`` returns a factor from 0.5 to 1 for pauses between attempts."""

    def __init__(
        self,
        options: ModelOptions,
        *,
        jitter: Callable[[], float] = lambda: 0.5 + random.random() / 2,  # noqa: S311 - spreads retries
    ) -> None:
        self.name = options.name
        self._options = options
        self._jitter = jitter
        self._store = CapabilityStore(options.memory)
        self.capabilities: Capabilities = self._store.load(self._server, options.name)
        self._warm = False
        self._first = asyncio.Lock()  # a cold server is asked once at a time
        self._client = openai.AsyncOpenAI(
            api_key=options.api_key or _PLACEHOLDER_KEY,
            base_url=options.base_url,
            max_retries=0,  # our own attempts are bounded in time too
            timeout=openai.Timeout(self._first_seconds, connect=_CONNECT_SECONDS),
        )

    @property
    def load_seconds(self) -> float:
        return 0.0 if self._warm or not self._options.base_url else self._options.load_seconds

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        first = not self._warm
        if first:
            await self._first.acquire()
            if self._warm:  # while this one waited
                self._first.release()
                first = False
        try:
            async with aclosing(self._tried(messages, max_tokens, schema)) as events:
                async for event in events:
                    if first:
                        self._warm, first = True, False
                        self._first.release()
                    yield event
        finally:
            if first:
                self._first.release()

    async def check(self) -> None:
        try:
            async with asyncio.timeout(self._options.first_seconds):
                served = [model.id async for model in self._client.models.list()]
        except (TimeoutError, openai.OpenAIError, _http.HTTPError, ValueError) as error:
            raise self._told(error) from error
        if self._options.base_url is None and self.name not in served:
            raise ModelRefused("model-not-offered", model=self.name)

    async def warm_up(self) -> None:
        """Ask for one token from a server that may have to load its model first."""
        if not self.load_seconds:
            return
        try:
            async with aclosing(self.stream([Message("user", "Hi")], max_tokens=1)) as events:
                async for _ in events:
                    pass
        except ModelError as error:
            _log.info("The model is not warm yet: %s", error)

    async def close(self) -> None:
        await self._client.close()

    async def _tried(
        self, messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any] | None
    ) -> AsyncGenerator[StreamEvent, None]:
        waited, number = 0.0, 0
        while True:
            number += 1
            begun, reasoned = False, self.capabilities.reasons
            try:
                async with aclosing(self._once(messages, max_tokens, schema)) as events:
                    async for event in events:
                        begun = begun or isinstance(event, TextDelta)
                        yield event
                return
            except ReasoningTooLong:
                if reasoned or begun:
                    raise
                number -= 1  # now that it is known to think, it gets more tokens
                continue
            except ModelError as error:
                loading = isinstance(error, ModelLoading)
                most = self._options.retry_seconds
                most = max(most, self._options.load_seconds) if loading else most
                pause = _LOADING_PAUSE if loading else self._pause(error, number)
                last = number >= self._options.tries and not loading
                if begun or last or not error.retry or waited + pause > most:
                    raise
                _log.info("The model failed (%s); next try in %.1f s.", error, pause)
            waited += pause
            await asyncio.sleep(pause)

    async def _once(
        self, messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any] | None
    ) -> AsyncGenerator[StreamEvent, None]:
        begun = False
        most = max_tokens + (self._options.reasoning_tokens if self.capabilities.reasons else 0)
        reader = CompletionReader(awaits_close=not self.capabilities.opens_thinking)
        try:
            async with asyncio.timeout(self._first_seconds):
                chunks = await self._opened(messages, most, schema)
            begun = True
            async with chunks:  # closed even if the caller leaves at the first event
                yield StreamStarted()
                async for event in self._events(chunks, reader):
                    yield event
        except (TimeoutError, openai.OpenAIError, _http.HTTPError, ValueError) as error:
            # The client parses chunks with json and pydantic, whose errors are ValueErrors.
            raise self._told(error, begun=begun) from error
        finally:
            self._learn(reader)
        if not reader.wrote:
            self._complain_of_nothing(reader, most)

    async def _opened(
        self, messages: Sequence[Message], most: int, schema: Mapping[str, Any] | None
    ) -> Any:
        create: Any = self._client.chat.completions.create
        suspected: ServerError | None = None  # a refusal that may be of the schema
        for left in reversed(range(_MOST_MENDS + 1)):
            request = self._request(messages, most, None if suspected else schema)
            try:
                chunks = await create(**request)
            except openai.APIStatusError as error:
                refusal = _read(error)
                if not left:
                    raise
                if self._mended(refusal, request):
                    continue
                if not _may_refuse_schema(refusal, request):
                    raise
                suspected = refusal
            else:
                # A server error may be transient: the schema is left out of this call only.
                if suspected and suspected.status != 500:
                    self.capabilities.refused = (*self.capabilities.refused, "response_format")
                    self._keep()
                return chunks
        raise AssertionError("the last try returns or raises")

    def _request(
        self, messages: Sequence[Message], most: int, schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        known = self.capabilities
        extras: dict[str, Any] = {"temperature": 0, "stream_options": {"include_usage": True}}
        if schema is not None:
            extras["response_format"] = {"type": "json_schema", "json_schema": dict(schema)}
        request: dict[str, Any] = {
            "model": self.name,
            "messages": [{"role": m.role, "content": m.content} for m in _merged(messages, known)],
            "stream": True,
        }
        if known.limit != "none":
            request[known.limit] = min(most, known.written_tokens or most)
        return request | {
            name: value for name, value in extras.items() if name not in known.refused
        }

    def _mended(self, error: ServerError, request: dict[str, Any]) -> bool:
        """Return whether the request can be changed to what the server accepts, which is
        remembered."""
        known = self.capabilities
        limit = known.limit
        optional = [name for name in request if name not in ("model", "messages", "stream")]
        if known.system_role and error.refuses_system_role:
            known.system_role = False
        elif (name := error.refused(optional)) is None:
            return False
        elif name != limit:
            known.refused = (*known.refused, name)
        elif most := error.most_written(request[limit]):
            known.written_tokens = most
        else:
            # Newer models of OpenAI have another name for the limit; Mistral knows only the old one.
            other = "max_completion_tokens" if limit == "max_tokens" else "max_tokens"
            known.limit = "none" if limit in known.refused or other in known.refused else other  # type: ignore[assignment]
            known.refused = (*known.refused, limit)
        self._keep()
        return True

    def _keep(self) -> None:
        """Remember what the server accepts."""
        known = self.capabilities
        _log.info(
            "%s takes requests otherwise: %s", self._options.where, "; ".join(known.described())
        )
        self._store.save(self._server, self.name, known)

    async def _events(
        self, chunks: Any, reader: CompletionReader
    ) -> AsyncGenerator[StreamEvent, None]:
        iterator = aiter(chunks)
        seconds = self._first_seconds
        while True:
            try:
                async with asyncio.timeout(seconds):
                    chunk = await anext(iterator)
            except StopAsyncIteration:
                break
            for event in reader.feed(chunk):
                seconds = self._options.next_seconds
                yield event
        if not reader.ended:
            raise ModelResponseInvalid("model-broke-off", where=self._options.where)
        for event in reader.finish():
            yield event

    def _learn(self, reader: CompletionReader) -> None:
        known = self.capabilities
        if (reader.thought and not known.reasons) or (reader.unopened and known.opens_thinking):
            known.reasons |= reader.thought
            known.opens_thinking = known.opens_thinking and not reader.unopened
            self._store.save(self._server, self.name, known)

    def _complain_of_nothing(self, reader: CompletionReader, most: int) -> None:
        """Raise the ``ModelError`` for a stream that ended without any text of an answer."""
        if reader.reason == "refusal":
            return
        if reader.reason == "content_filter":
            raise ModelFiltered(
                "model-filtered", where=self._options.where, detail="content_filter"
            )
        if reader.thought and reader.reason == "length":
            raise ReasoningTooLong("model-only-thought", model=self.name, tokens=most)
        if reader.asked_for_tool:
            raise ModelResponseInvalid(
                "model-asked-for-tool", model=self.name, where=self._options.where
            )
        raise ModelResponseInvalid(
            "model-wrote-nothing", model=self.name, where=self._options.where
        )

    @property
    def _server(self) -> str:
        return self._options.base_url or "OpenAI"

    @property
    def _first_seconds(self) -> float:
        return max(self._options.first_seconds, self.load_seconds)

    def _pause(self, error: ModelError, number: int) -> float:
        if isinstance(error, ModelBusy) and error.wait is not None:
            return error.wait
        return float(_FIRST_PAUSE * 2 ** (number - 1) * self._jitter())

    def _told(self, error: Exception, *, begun: bool = False) -> ModelError:
        """Return the error that says what went wrong."""
        if isinstance(error, openai.APIStatusError):
            return self._status_told(error, _read(error))
        if isinstance(error, (TimeoutError, openai.APITimeoutError, _http.TimeoutException)):
            return ModelUnreachable("model-stalled", where=self._options.where)
        if isinstance(error, (openai.APIConnectionError, _http.TransportError)):
            if begun:
                return ModelResponseInvalid("model-answer-cut", where=self._options.where)
            return ModelUnreachable("model-unreachable", where=self._options.where)
        if isinstance(error, openai.APIError):  # an error that the stream itself reports
            body = error.body if error.body else str(error.message)
            return self._by_words(server_error(400, {"message": str(error.message), "error": body}))
        return ModelResponseInvalid("model-invalid-answer", where=self._options.where)

    def _status_told(self, error: openai.APIStatusError, read: ServerError) -> ModelError:
        status = error.status_code
        if read.is_filtered:
            return ModelFiltered("model-filtered", where=self._options.where, detail=read.message)
        if read.is_loading:
            return ModelLoading("model-still-loading", where=self._options.where, model=self.name)
        if read.is_too_long:
            return self._by_words(read)
        if status in {401, 403}:
            return ModelRefused("model-key-refused", where=self._options.where)
        if status == 404:
            return ModelRefused("model-unknown", where=self._options.where, model=self.name)
        if status in {402, 429}:
            if status == 402 or "insufficient_quota" in read.text:
                return ModelRefused("model-quota-used-up")
            return ModelBusy(
                "model-rate-limited", where=self._options.where, wait=_retry_after(error.response)
            )
        if status >= 500:
            return ModelUnreachable(
                "model-server-error", where=self._options.where, answer=str(status)
            )
        return self._by_words(read)

    def _by_words(self, error: ServerError) -> ModelError:
        if error.is_too_long:
            if (limit := error.context_tokens) and limit != self.capabilities.context_tokens:
                self.capabilities.context_tokens = limit
                self._store.save(self._server, self.name, self.capabilities)
            return ContextTooLong(
                "model-context-exceeded", limit=error.context_tokens, model=self.name
            )
        if error.is_filtered:
            return ModelFiltered("model-filtered", where=self._options.where, detail=error.message)
        return ModelRefused(
            "model-request-refused", where=self._options.where, detail=error.message
        )


def _may_refuse_schema(error: ServerError, request: dict[str, Any]) -> bool:
    """Return whether a server that is given a schema refuses it without naming a reason."""
    other = error.is_too_long or error.is_filtered or error.is_loading
    refused = error.status in (400, 415, 422, 500, 501) and not other
    return refused and "response_format" in request


def _read(error: openai.APIStatusError) -> ServerError:
    try:
        body: object = error.response.text
    except (RuntimeError, UnicodeDecodeError):  # not read, or no text
        body = error.body
    return server_error(error.status_code, body)


def _merged(messages: Sequence[Message], known: Capabilities) -> Sequence[Message]:
    """Return the messages as the model accepts them: without a system role, its text comes
    first."""
    if known.system_role:
        return messages
    rules = [message.content for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    if not rules or not others:
        return [Message("user", message.content) for message in messages]
    return [Message("user", "\n\n".join([*rules, others[0].content])), *others[1:]]


def _retry_after(response: Any) -> float | None:
    """Return the seconds that the server asks to wait; model servers don't send dates."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(response.headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
