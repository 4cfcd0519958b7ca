"""What processes on one PostgreSQL database tell each other, so that nobody has to wait for the next
look. A notice may be lost: who is woken looks, and who isn't looks all the same after a while.

In a file there is one process, to which nobody says anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from retrieval.catalogue.dialects import POSTGRESQL
from retrieval.catalogue.server import DatabaseServer
from retrieval.runtime.concurrency import cancel

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_log = logging.getLogger(__name__)

# Channels: a job was added, or ended by somebody who doesn't work on it; articles were accepted that the
# writer is to index.
JOBS_CHANGED, ARTICLES_ACCEPTED = "jobs", "accepted"
# One name for the server, so that a connection that listens hears of all channels.
_NAME = "newsdesk"
_AGAIN_SECONDS = 1.0


async def say(connection: AsyncConnection, channel: str) -> None:
    """Wake who listens to a channel, in all processes, when this transaction is committed.

    Transactions that say something are committed one after the other.
    """
    if connection.dialect.name == POSTGRESQL:
        await connection.execute(select(func.pg_notify(_NAME, channel)))


class Listener:
    """Waits for what is said on one channel."""

    def __init__(self) -> None:
        self._said = asyncio.Event()

    def wake(self) -> None:
        """Let ``wait`` return, the next time if nobody waits."""
        self._said.set()

    async def wait(self, seconds: float) -> bool:
        """Return when something has been said since the last wait, else after ``seconds``. Returns
        whether it may have been: also that notices were lost wakes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._said.wait()
        said = self._said.is_set()
        self._said.clear()
        return said


class Notices:
    """Hears for one process what is said on the database at ``location``, by one connection while
    anybody listens."""

    def __init__(self, location: object, *, pause: float = _AGAIN_SECONDS) -> None:
        self._server = location if isinstance(location, DatabaseServer) else None
        self._pause = pause
        self._listeners: dict[Listener, str] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._heard_since: float | None = None

    @property
    def heard_since(self) -> float:
        """Return since when its connection has lasted, by ``time.monotonic``: now while there is none,
        and always where nobody listens."""
        if self._hearing is None:
            return -math.inf
        return time.monotonic() if self._heard_since is None else self._heard_since

    @contextlib.asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Listener]:
        """Listen to a channel while the block lasts. Nothing raises where the server is away: then
        every wait takes as long as it was told to."""
        listener = Listener()
        self._listeners[listener] = channel
        if self._hearing is None and self._server is not None:
            self._hearing = asyncio.create_task(self._hear(self._server), name="notices")
        try:
            yield listener
        finally:
            del self._listeners[listener]
            if not self._listeners and (hearing := self._hearing) is not None:
                self._hearing = None
                await cancel(hearing)

    async def _hear(self, server: DatabaseServer) -> None:
        import psycopg

        told = False
        while True:
            try:
                async with await server.connect_to_listen(_NAME) as connection:
                    told, self._heard_since = False, time.monotonic()
                    self._wake_all()  # what was said before was not heard
                    async for notice in connection.notifies():
                        self._wake(notice.payload)
            except (psycopg.Error, OSError) as error:
                if not told:
                    _log.warning("notices of other processes are not heard: %s", error)
                told = True
            self._heard_since = None
            await asyncio.sleep(self._pause)

    def _wake(self, channel: str) -> None:
        for listener, listens_to in self._listeners.items():
            if listens_to == channel:
                listener.wake()

    def _wake_all(self) -> None:
        for listener in self._listeners:
            listener.wake()
