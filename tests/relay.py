"""A relay between a program and a server that it uses, which tests cut as a network or a crash would.

It has a thread of its own: a test whose loop is busy for a moment must not look like an outage.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.deadlines import scaled


class Relay:
    """A port that leads to a server, and can be shut: connections end, or nothing comes through.

    ``place`` is the server's socket, or its host and port.
    """

    def __init__(self, place: str | tuple[str, int]) -> None:
        self.url = ""
        self._place = place
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._way = asyncio.Event()
        self._way.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving = 0

    def shut(self, *, hang: bool) -> None:
        """Let nothing through any more; with ``hang`` connections stay, and new ones are taken."""
        self._do(self._shut(hang))

    def open(self) -> None:
        """Let everything through again, also what has waited."""
        self._do(self._open())

    @contextlib.contextmanager
    def listening(self) -> Iterator[int]:
        """Listen while the block lasts, on the port that is returned."""
        self._thread.start()
        server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            self._do(self._end(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(scaled(20))

    async def _shut(self, hang: bool) -> None:
        self._refuses = not hang
        self._way.clear()
        if not hang:
            self._end_all()

    async def _open(self) -> None:
        self._refuses = False
        self._way.set()

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        await self._open()
        while self._serving:
            self._end_all()
            await asyncio.sleep(0.01)

    def _end_all(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.close()
            return
        self._serving += 1
        self._writers.add(writer)
        outside: asyncio.StreamWriter | None = None
        try:
            await self._way.wait()
            inside, outside = await self._connect()
            self._writers.add(outside)
            await asyncio.gather(self._pass(reader, outside), self._pass(inside, writer))
        finally:
            self._serving -= 1
            for each in (writer, outside):
                if each is not None:
                    self._writers.discard(each)
                    each.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._place, str):
            return await asyncio.open_unix_connection(self._place)
        return await asyncio.open_connection(*self._place)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self._way.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def relay_to_postgres(url: str) -> Iterator[Relay]:
    """A relay to the tests' PostgreSQL server; its ``url`` is that of the same database."""
    parts = urlsplit(url)
    relay = Relay(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
    with relay.listening() as port:
        relay.url = f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
        yield relay


@contextlib.contextmanager
def relay_to_http(url: str) -> Iterator[Relay]:
    """A relay to an HTTP server at ``http://host:port``."""
    parts = urlsplit(url)
    relay = Relay((str(parts.hostname), int(parts.port or 80)))
    with relay.listening() as port:
        relay.url = f"http://127.0.0.1:{port}"
        yield relay
