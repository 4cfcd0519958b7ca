"""The site as a server in a thread of its own, for tests in this process and in others."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from aiohttp import web

from tests.newsite import documents
from tests.newsite.documents import Entry


@dataclass(frozen=True)
class Seen:
    """A request: what was asked for, by which host name, and how it was answered."""

    host: str
    path: str
    agent: str
    conditional: bool
    status: int


@dataclass
class Served:
    """What a path answers with. ``headers`` are sent along; ``seconds`` is how slowly."""

    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    seconds: float = 0.0


class NewsSite:
    """Use it as a context manager. Any address of 127.0.0.0/8 is one of its hosts.

    ``/news/N`` is an article for any number N, ``/status/N`` answers so, ``/moved/N`` redirects to
    an article, ``/slow/N`` takes N seconds; everything else is what ``serve`` and ``feed`` put there.
    """

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.revisions: Counter[int] = Counter()
        self.notes: dict[int, str] = {}
        self.robots = ""
        self.most_at_once = 0
        self.most_at_once_of_a_host: Counter[str] = Counter()
        # When each request came and was answered, in seconds; those for robots.txt too.
        self.times: list[tuple[float, float]] = []
        # How long an answer takes at least, so that requests meet.
        self.seconds = 0.0
        self._served: dict[str, Served] = {}
        self._made: dict[str, Callable[[str], Served]] = {}
        self._under_way: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._done: asyncio.Event | None = None
        self.port = 0

    # What a test sets up

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def allow(self) -> str:
        return f"127.0.0.1:{self.port}"

    def serve(
        self, path: str, body: str | bytes, content_type: str = "text/html", **more: object
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self._served[path] = Served(data, content_type, **more)  # type: ignore[arg-type]

    def serve_by_host(self, path: str, make: Callable[[str], Served]) -> None:
        """Answer ``path`` with what ``make`` says for the host asked."""
        self._made[path] = make

    def feed(
        self, path: str, numbers: list[int] | list[Entry], kind: str = "rss", *, full: bool = False,
        **headers: str,
    ) -> None:  # fmt: skip
        """Put a feed of articles at ``path``; headers with underscores for dashes."""
        entries = [
            n if isinstance(n, Entry) else documents.entry(self.url(), n, full=full)
            for n in numbers
        ]
        self.serve(
            path, documents.KINDS[kind](entries), documents.TYPES[kind],
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )  # fmt: skip

    def forget(self) -> None:
        self.requests.clear()

    def pauses(self) -> list[float]:
        """The seconds between an answer and the next request."""
        times = sorted(self.times)
        return [later[0] - earlier[1] for earlier, later in itertools.pairwise(times)]

    def paths(self, *, robots: bool = False) -> list[str]:
        return [seen.path for seen in self.requests if robots or seen.path != "/robots.txt"]

    # Serving

    def __enter__(self) -> NewsSite:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._done is not None
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0)
        await site.start()
        server = site._server
        assert server is not None
        self.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self._ready.set()
        await self._done.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self._under_way[host] += 1
        self.most_at_once = max(self.most_at_once, self._under_way.total())
        most = max(self.most_at_once_of_a_host[host], self._under_way[host])
        self.most_at_once_of_a_host[host] = most
        came = self._loop.time()
        try:
            response = await self._respond(request, host)
        finally:
            self._under_way[host] -= 1
            self.times.append((came, self._loop.time()))
        conditional = {"If-None-Match", "If-Modified-Since"} & set(request.headers)
        agent = request.headers.get("User-Agent", "")
        self.requests.append(Seen(host, request.path_qs, agent, bool(conditional), response.status))
        return response

    async def _respond(self, request: web.Request, host: str) -> web.Response:
        await asyncio.sleep(self.seconds)
        path = request.path
        first, _, rest = path.lstrip("/").partition("/")
        if path in self._made:
            return await self._send(request, self._made[path](host))
        if path in self._served:
            return await self._send(request, self._served[path])
        if path == "/robots.txt" and self.robots:
            return web.Response(text=self.robots)
        if first == "news" and rest.isdecimal():
            number = int(rest)
            text = documents.page(number, self.revisions[number], self.notes.get(number, ""))
            return web.Response(text=text, content_type="text/html")
        if first == "moved" and rest.isdecimal():
            return web.Response(status=301, headers={"Location": f"/news/{rest}"})
        if first == "status" and rest.isdecimal():
            return web.Response(status=int(rest), text="no")
        if first == "slow":
            await asyncio.sleep(float(rest))
            return web.Response(text="at last")
        return web.Response(status=404, text="There is no such page.")

    async def _send(self, request: web.Request, served: Served) -> web.Response:
        if served.seconds:
            await asyncio.sleep(served.seconds)
        etag = f'"{hashlib.sha256(served.body).hexdigest()[:16]}"'
        if served.status == 200 and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag, **served.headers})
        return web.Response(
            body=served.body,
            status=served.status,
            content_type=served.content_type,
            headers={"ETag": etag, **served.headers},
        )
