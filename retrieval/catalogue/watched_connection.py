"""Connections that end when their server hangs: such a server closes no connection, and who waits for
it would wait without an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

import psycopg

# A server that has said nothing for so long is asked on another connection whether it is there.
_SILENCE = 0.5


class WatchedConnection(psycopg.Connection[Any]):
    """Waits as long as the server answers on this connection, or ``answers`` says that it does on
    another one. Raises ``psycopg.OperationalError`` else."""

    answers: Callable[[], Future[bool]] | None = None

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        if self.answers is not None:
            gen = _while_answering(gen, self.answers, self.pgconn)
        return super().wait(gen, *args, **options)


class WatchedAsyncConnection(psycopg.AsyncConnection[Any]):
    """As ``WatchedConnection``, beside an event loop."""

    answers: Callable[[], Future[bool]] | None = None

    async def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
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
