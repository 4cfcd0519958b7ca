"""Connections that end when their server hangs. Such a server closes no connection, and whoever
waits for it would wait forever."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

import psycopg

# After so many seconds of silence another connection checks whether the server is still there.
_SILENCE = 0.5


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that waits while the server answers, on it or, as ``answers`` reports, on
    another one. Raises ``psycopg.OperationalError`` once it doesn't."""

    answers: Callable[[], Future[bool]] | None = None

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        """Run the driver's generator until it is done, and return its result."""
        if self.answers is not None:
            gen = _while_answering(gen, self.answers, self.pgconn)
        return super().wait(gen, *args, **options)


class WatchedAsyncConnection(psycopg.AsyncConnection[Any]):
    """A ``WatchedConnection`` for an event loop."""

    answers: Callable[[], Future[bool]] | None = None

    async def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        """Run the driver's generator until it is done, and return its result."""
        if self.answers is not None:
            gen = _while_answering(gen, self.answers, self.pgconn)
        return await super().wait(gen, *args, **options)


def _while_answering(
    gen: Any, answers: Callable[[], Future[bool]], connection: psycopg.pq.abc.PGconn
) -> Generator[Any, Any, Any]:
    heard = time.monotonic()
    asked: Future[bool] | None = None
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard, asked = time.monotonic(), None
            elif asked is None:
                if time.monotonic() - heard > _SILENCE:
                    asked = answers()
            elif asked.done():
                if not asked.result():
                    connection.finish()
                    raise psycopg.OperationalError("the server does not answer")
                heard, asked = time.monotonic(), None
            wanted = gen.send(ready)
    except StopIteration as done:
        return done.value
