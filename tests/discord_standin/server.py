"""The HTTP side: every request is recorded, checked, perhaps disturbed, then carried out."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from .commands import Commands
from .errors import ApiError, Refusal
from .gateway import Gateway
from .interactions import Responses
from .messages import Files, Messages, Upload
from .model import Json
from .schema import Description
from .traffic import EXECUTE_WEBHOOK, Call, Fault, RateLimits, limited
from .world import World

Answer = tuple[int, Any]
NOTHING: Answer = (204, None)
# One transparent dot.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Request:
    """A request as the routes see it."""

    body: Any
    files: Files
    query: dict[str, str]
    parameters: dict[str, str]
    api: Api

    def id(self, name: str) -> int:
        return int(self.parameters[name])

    def number(self, name: str, otherwise: int) -> int:
        return int(self.query.get(name) or otherwise)

    @property
    def world(self) -> World:
        return self.api.world


Handler = Callable[[Request], Answer]


class Routes:
    """The routes that are played, by method and path template."""

    def __init__(self) -> None:
        self.table: list[tuple[str, str, re.Pattern[str], Handler]] = []

    def __call__(self, method: str, template: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            self.table.append((method, template, pattern_of(template), handler))
            return handler

        return add

    def __iter__(self) -> Iterator[tuple[str, str, re.Pattern[str], Handler]]:
        # Exact words before variables: @me is not an id.
        return iter(sorted(self.table, key=lambda row: row[1].count("{")))


def pattern_of(template: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>[0-9]+)" if name.endswith("_id") else f"(?P<{name}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", group, template) + "$")


class Api:
    """The HTTP API of the stand-in."""

    def __init__(
        self, world: World, messages: Messages, responses: Responses, commands: Commands,
        gateway: Gateway, token: str, limits: RateLimits, description: Description | None,
    ) -> None:  # fmt: skip
        from . import routes  # The routes need this module's names.

        self.world = world
        self.messages = messages
        self.responses = responses
        self.commands = commands
        self.gateway = gateway
        self.limits = limits
        self.description = description
        self._token = token
        self._routes = list(routes.route)
        played = {(method, template) for method, template, _, _ in self._routes}
        described = description.templates() if description else []
        self._unplayed = [
            (method, template, pattern_of(template))
            for method, template in sorted(described, key=lambda row: row[1].count("{"))
            if (method, template) not in played
        ]
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        # Requests that no Discord would take, and those refused because of how things stand.
        self.violations: list[Refusal] = []
        self.refusals: list[Refusal] = []
        self._expected: list[tuple[int | None, str]] = []

    @contextmanager
    def expect_violation(self, containing: str = "", code: int | None = None) -> Iterator[None]:
        """Inside, violations with this code and text are refused but not recorded."""
        self._expected.append((code, containing))
        try:
            yield
        finally:
            self._expected.remove((code, containing))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        started = self.world.clock.now()
        call = Call(request.method, path, path, dict(request.query), None, started)
        self.calls.append(call)
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            body, files, multipart = await _read(request)
            call.body = body
            handler, parameters = self._find(call)
            fault = next((f for f in self.faults if f.matches(call)), None)
            if fault is not None:
                fault.hits += 1
                if fault.seconds and fault.status != 429:
                    await asyncio.sleep(fault.seconds)
            self._authorise(request, call.template)
            if (wait := self.limits.take_everywhere(call)) is not None:
                answer, more = limited(wait, True, "global")
                return self._answer(call, 429, answer, more)
            headers, wait = self.limits.take(call, parameters)
            scope = "user"
            if wait is None and (channel := self._webhooks_channel(call, parameters)) is not None:
                wait, scope = self.limits.take_webhook(channel), "shared"
            if wait is not None:
                answer, more = limited(wait, False, scope)
                return self._answer(call, 429, answer, headers | more)
            self._validate(call, body, multipart)
            broken = fault is not None and (fault.status or fault.cut)
            if broken and fault is not None and not fault.done_anyway:
                return self._break(request, call, fault, headers)
            status, answer = handler(Request(body, files, call.query, parameters, self))
            if broken and fault is not None:
                return self._break(request, call, fault, headers)
        except ApiError as error:
            self._refused(call, error)
            status, answer = error.status, error.body()
            call.code = error.code
        except Exception:  # Told where a test sees it; a 500 would be retried for half a minute.
            detail = traceback.format_exc(limit=-3)
            broken_here = Refusal(call.method, call.path, 400, 0, "the stand-in failed", detail)
            self.violations.append(broken_here)
            status, answer = 400, {"message": broken_here.message, "code": 0}
        call.took = self.world.clock.now() - started
        return self._answer(call, status, answer, headers)

    def _find(self, call: Call) -> tuple[Handler, dict[str, str]]:
        for method, template, pattern, handler in self._routes:
            if method == call.method and (match := pattern.match(call.path)):
                call.template = template
                return handler, match.groupdict()
        for method, template, pattern in self._unplayed:
            if method == call.method and pattern.match(call.path):
                call.template = template
                raise ApiError(501, 0, f"the stand-in does not play {method} {template}")
        known = any(pattern.match(call.path) for _, _, pattern, _ in self._routes)
        if known:
            raise ApiError(405, 0, "405: Method Not Allowed")
        raise ApiError(404, 0)

    def _authorise(self, request: web.Request, template: str) -> None:
        if "{webhook_token}" in template or "{interaction_token}" in template:
            return
        if template == "/gateway":
            return
        if request.headers.get("Authorization") != f"Bot {self._token}":
            raise ApiError(401, 0, "401: Unauthorized")

    def _validate(self, call: Call, body: Any, multipart: bool) -> None:
        if self.description is None:
            return
        problem = self.description.parameter_problem(call.method, call.template, call.query)
        problem = problem or self.description.problem(call.method, call.template, body, multipart)
        if problem is not None:
            message = {"code": "SCHEMA", "message": problem}
            raise ApiError(400, 50035, None, {"_errors": [message]})

    def _webhooks_channel(self, call: Call, parameters: dict[str, str]) -> int | None:
        """The channel that a webhook of the bot's is to post to."""
        if (call.method, call.template) != ("POST", EXECUTE_WEBHOOK):
            return None
        found = self.world.webhooks.get(int(parameters["webhook_id"]))
        return found.channel.id if found is not None else None

    def _refused(self, call: Call, error: ApiError) -> None:
        detail = json.dumps(error.errors) if error.errors else ""
        refusal = Refusal(call.method, call.path, error.status, error.code, error.message, detail)
        unknown_route = error.code == 0 and error.status in (404, 405, 501)
        if error.mistake or unknown_route:
            for code, text in self._expected:
                if code in (None, error.code) and text in str(refusal):
                    return
            self.violations.append(refusal)
        else:
            self.refusals.append(refusal)

    def own_mistakes(self) -> list[str]:
        """Answers of the stand-in that Discord's description does not allow."""
        if self.description is None:
            return []
        found = []
        for call in self.calls:
            if 200 <= call.status < 300:
                problem = self.description.answer_problem(
                    call.method, call.template, call.status, call.answer
                )
                if problem is not None:
                    found.append(f"{call}: {problem}")
        return found

    def _break(
        self, request: web.Request, call: Call, fault: Fault, headers: dict[str, str]
    ) -> web.StreamResponse:
        if fault.cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if fault.status == 429:
            body, more = limited(fault.seconds, bool(fault.body.get("global")), "shared")
            return self._answer(call, 429, body, headers | more)
        body = fault.body or {"message": f"{fault.status}: Internal Server Error", "code": 0}
        call.code = body.get("code")
        return self._answer(call, fault.status, body, headers)

    def _answer(self, call: Call, status: int, body: Any, headers: dict[str, str]) -> web.Response:
        call.status, call.answer = status, body
        self.world.changed()
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.Response(
            status=status, body=json.dumps(body).encode(), headers=headers,
            content_type="application/json",
        )  # fmt: skip

    async def avatar(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=PICTURE, content_type="image/png")

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The CDN: what was uploaded."""
        number, name = int(request.match_info["number"]), request.match_info["name"]
        found = self.world.files.get((number, name))
        if found is None:
            return web.Response(status=404, text="This content is no longer available.")
        content, kind = found
        return web.Response(body=content, headers={"Content-Type": kind})


async def _read(request: web.Request) -> tuple[Any, dict[str, Upload], bool]:
    """JSON body, files by their number, and whether they came as multipart."""
    kind = request.content_type
    if kind == "multipart/form-data":
        body: Any = None
        files: dict[str, Upload] = {}
        fields: Json = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            name = part.name or ""
            content = bytes(await part.read(decode=True))
            if name == "payload_json":
                body = _json(content)
            elif part.filename is not None:
                match = re.search(r"\d+", name)
                files[match[0] if match else "0"] = Upload(part.filename, content)
            else:
                fields[name] = content.decode()
        return (body if body is not None else fields), files, True
    content = await request.read()
    return (_json(content) if content else None), {}, False


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise ApiError(400, 50109) from None
