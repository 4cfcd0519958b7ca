"""A site on this machine that answers as sites of the wide web do, bad ones among them."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpcore
from aiohttp import web

from retrieval.web.fetcher import Fetcher

ARTICLE = "".join(
    f"<p>The council of Maravel approved the {nth} part of the harbour plan on Tuesday evening after a debate of "
    f"three hours. The mayor Anna Berg said that it will cost {count} million crowns and take two years.</p>"
    for count, nth in enumerate(("first", "second", "third", "fourth", "fifth"), 20)
)


def page(body: str = ARTICLE, head: str = "", title: str = "Harbour plan approved") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )


class EverythingHere(httpcore.AsyncNetworkBackend):
    """A network on which every address is this machine; it remembers which ones were asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.addresses: list[str] = []
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append(host)
        return await self._real.connect_tcp("127.0.0.1", self.port, timeout)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Names:
    """Answers of a name server: for each name its answers in turn, the last one for ever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): turns for name, turns in answers.items()}

    async def __call__(self, host: str, port: int) -> list[str]:
        turns = self.answers.get(host.lower().rstrip("."))
        if not turns:
            raise OSError("no such name")
        return turns.pop(0) if len(turns) > 1 else turns[0]


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """The port of a running site."""
    app = web.Application()
    app.router.add_get("/{path:.*}", _answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(answer: Iterable[bytes], *, pause: float = 0.0) -> AsyncIterator[int]:
    """The port of a server that sends these pieces, whatever it is asked."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            for piece in answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def fetcher(port: int, **options: object) -> Fetcher:
    """A fetcher that may reach this machine at ``port``."""
    settings: dict[str, object] = {
        "allow": [f"127.0.0.1:{port}"], "seconds": 5.0, "max_bytes": 1_000_000, "user_agent": "Newsdesk/test (contact@example.com)",
        **options,
    }  # fmt: skip
    return Fetcher(**settings)  # type: ignore[arg-type]


async def _answer(request: web.Request) -> web.StreamResponse:
    match request.path.strip("/").split("/"):
        case ["story"]:
            return web.Response(text=page(), content_type="text/html", charset="utf-8")
        case ["to"]:
            return web.Response(status=302, headers={"Location": request.query["url"]})
        case ["round", number]:
            return web.Response(status=302, headers={"Location": f"/round/{int(number) + 1}"})
        case ["cached"]:
            headers = {"ETag": '"v1"', "Last-Modified": "Tue, 03 Nov 2026 10:00:00 GMT", "Cache-Control": "max-age=60"}  # fmt: skip
            if '"v1"' in request.headers.get("If-None-Match", ""):
                return web.Response(status=304, headers=headers)
            return web.Response(text=page(), content_type="text/html", headers=headers)
        case ["cookie"]:
            if request.cookies.get("seen") == "1":
                return web.Response(text=page(), content_type="text/html")
            headers = {"Location": "/cookie", "Set-Cookie": "seen=1; Path=/"}
            return web.Response(status=302, headers=headers)
        case ["packed", how]:
            body = page().encode()
            packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), "raw": _raw_deflate(body)}  # fmt: skip
            name = "gzip" if how == "gzip" else "deflate"
            return _bytes(packed[how], {"Content-Encoding": name})
        case ["bomb"]:
            return _bytes(gzip.compress(bytes(200_000_000)), {"Content-Encoding": "gzip"})
        case ["cut"]:
            return _bytes(gzip.compress(page().encode())[:-200], {"Content-Encoding": "gzip"})
        case ["brotli"]:
            return _bytes(b"\x0b\x02\x80", {"Content-Encoding": "br"})
        case ["busy"]:
            return web.Response(status=503, headers={"Retry-After": request.query["after"]})
        case ["kind"]:
            return _bytes(b"MZ\x00\x01", {"Content-Type": request.query["is"]})
        case ["asked"]:
            return web.json_response(dict(request.headers))
        case ["status", code]:
            return web.Response(status=int(code), reason="<script>alert(1)</script>")
    return web.Response(status=404)


def _bytes(body: bytes, headers: dict[str, str]) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": "text/html", **headers})


def _raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(body) + squeeze.flush()
