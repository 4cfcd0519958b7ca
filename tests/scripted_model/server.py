"""`POST /v1/chat/completions` with server-sent events, and `GET /v1/models`.

Each request takes the next of the plays that were queued; the last one is repeated. What was asked
is kept in ``requests``.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

_PASSAGE = re.compile(
    r'<passage number="(\d+)" publisher="([^"]*)" published="([^"]*)" title="([^"]*)">\n(.*?)\n</passage>', re.DOTALL
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What the server was asked. ``passages`` by number: title and text, as the prompt has them."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def prompt(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])

    @property
    def passages(self) -> dict[int, str]:
        return {
            int(n): html.unescape(f"{title}\n{text}")
            for n, _, _, title, text in _PASSAGE.findall(self.prompt)
        }

    def holding(self, words: str) -> int:
        """The number of the first passage that holds these words."""
        return next(n for n, text in self.passages.items() if words in text)


Words: TypeAlias = str | Callable[[Request], str]


@dataclass(frozen=True)
class Says:
    """Streams ``words``, ``size`` characters at a time."""

    words: Words
    first_after: float = 0.0
    pause: float = 0.0
    size: int = 7
    tells_usage: bool = True


@dataclass(frozen=True)
class Fails:
    """Answers with an HTTP error, as OpenAI words it."""

    status: int
    code: str | None = None
    message: str = "The scripted server fails."
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Breaks:
    """Streams ``words`` and drops the connection before the end."""

    words: Words


@dataclass(frozen=True)
class Garbles:
    """Sends something that is no answer."""

    raw: bytes = b"data: {not json\n\n"


@dataclass(frozen=True)
class Hangs:
    """Accepts the request and never answers."""


@dataclass(frozen=True)
class Sends:
    """Streams events just so: a mapping is a chunk, bytes are sent as they are. See ``wire``."""

    events: Callable[[Request], Iterable[dict[str, Any] | bytes]]


@dataclass(frozen=True)
class Refusal:
    """What a server won't take, told by a request's body, and its words for that."""

    refuses: Callable[[dict[str, Any]], bool]
    status: int
    body: Any


@dataclass(frozen=True)
class Picky:
    """Refuses what its refusals say, the first one first, and plays ``then`` for what is left."""

    refusals: tuple[Refusal, ...]
    then: Says | Sends


Play: TypeAlias = Says | Fails | Breaks | Garbles | Hangs | Sends | Picky


class ScriptedModel:
    """Start with ``async with ScriptedModel() as server``; ``server.url`` is its base URL."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.plays: list[Play] = []
        self.open = 0  # answers that are being sent
        self.finished = 0  # answers that were sent to their end
        self._runner: web.AppRunner | None = None
        self._ending = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> ScriptedModel:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        # Some servers want their key in the address.
        app.router.add_post("/{key}/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def play(self, *plays: Play) -> None:
        """Queue what comes next; what was queued before is forgotten."""
        self.plays = list(plays)

    def wrote(self, text: str) -> None:
        """Hears what has been sent of an answer so far, for who wants to know when."""

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "scripted", "object": "model", "created": 0, "owned_by": "us"}]})  # fmt: skip

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        asked = Request(await request.json(), dict(request.headers))
        self.requests.append(asked)
        play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
        if isinstance(play, Fails):
            error = {
                "message": play.message,
                "type": "error",
                "code": play.code,
                "param": play.param,
            }
            return web.json_response({"error": error}, status=play.status, headers=play.headers)
        if isinstance(play, Hangs):
            await self._ending.wait()
            return web.Response(status=503)
        if isinstance(play, Picky):
            for refusal in play.refusals:
                if refusal.refuses(asked.body):
                    return web.json_response(refusal.body, status=refusal.status)
            play = play.then
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async with self._sending():
            if isinstance(play, Garbles):
                await response.write(play.raw)
            elif isinstance(play, Sends):
                for event in play.events(asked):
                    await response.write(event if isinstance(event, bytes) else _event(event))
            else:
                await self._say(response, asked, play)
        return response

    async def _say(self, response: web.StreamResponse, asked: Request, play: Says | Breaks) -> None:
        text = play.words if isinstance(play.words, str) else play.words(asked)
        whole = isinstance(play, Says)
        size = play.size if isinstance(play, Says) else 7
        if isinstance(play, Says):
            await asyncio.sleep(play.first_after)
        await response.write(_event(_chunk(asked, {"role": "assistant", "content": ""})))
        for first in range(0, len(text), size):
            await response.write(_event(_chunk(asked, {"content": text[first : first + size]})))
            self.wrote(text[: first + size])
            if isinstance(play, Says) and play.pause:
                await asyncio.sleep(play.pause)
        if not whole:
            transport = response._req.transport if response._req is not None else None
            if transport is not None:
                transport.abort()
            return
        await response.write(_event(_chunk(asked, {}, finish="stop")))
        if isinstance(play, Says) and play.tells_usage:
            usage = {
                "prompt_tokens": len(asked.prompt) // 4,
                "completion_tokens": len(text) // 4 + 1,
            }
            usage["total_tokens"] = sum(usage.values())
            await response.write(_event({**_chunk(asked, None), "usage": usage}))
        await response.write(b"data: [DONE]\n\n")

    @contextlib.asynccontextmanager
    async def _sending(self) -> AsyncIterator[None]:
        self.open += 1
        try:
            yield
            self.finished += 1
        finally:
            self.open -= 1


def _chunk(
    asked: Request, delta: dict[str, str] | None, finish: str | None = None
) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0,
        "model": asked.body["model"], "choices": choices,
    }  # fmt: skip


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
