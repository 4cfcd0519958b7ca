"""A PostgreSQL server that holds the catalogue, and the meaning of its errors."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from retrieval.errors import Note, StorageError
from retrieval.timestamps import Clock

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.ext.asyncio import AsyncEngine

_OLDEST = 15
_READERS = 8
# How long a first connection may take, and one that a question waits for, in seconds.
_FIRST_SECONDS, _SECONDS = 5, 2
# How long data may stay unacknowledged before a host counts as gone.
_ACKNOWLEDGED_MS = 2_500
# A connection that was idle for longer is tested before use.
_IDLE_SECONDS = 10.0
_USED = "used"
_GONE = ("08", "57P0", "53300")
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
# Runs the checks whether servers still answer.
_asking = ThreadPoolExecutor(2, "database-watch")


class DatabaseServer:
    """A database on a PostgreSQL server, by its URL. Raises ``StorageError``
    (``database-url-invalid``, ``database-driver-missing``)."""

    # It can't be told without writing.
    is_read_only = False

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise StorageError("database-url-invalid") from error
        if parsed.drivername not in _SCHEMES or not parsed.database:
            raise StorageError("database-url-invalid")
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise StorageError("database-driver-missing") from error
        self._asks = threading.Lock()
        self._asked: Future[bool] | None = None
        self.url: URL = parsed.set(drivername="postgresql+psycopg")

    @property
    def conninfo(self) -> str:
        """The URL as libpq takes it, with the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def name(self) -> str:
        """The server and the database for people, as host:port/database without the password."""
        host = self.url.host or self.url.query.get("host", "localhost")
        port = f":{self.url.port}" if self.url.port else ""
        return f"{host}{port}/{self.url.database}"

    @classmethod
    async def checked(cls, url: str) -> DatabaseServer:
        """Return the server at ``url`` after ``check``. Raises ``StorageError``."""
        server = cls(url)
        await asyncio.to_thread(server.check)
        return server

    def check(self) -> None:
        """Check that the server answers, is PostgreSQL 15 or later and uses UTF-8. Blocks.
        Raises ``StorageError`` (``database-too-old``, ``database-encoding`` or why it can't be
        reached)."""
        with self._connected() as connection:
            if connection.info.server_version < _OLDEST * 10_000:
                found = str(connection.info.server_version // 10_000)
                raise StorageError("database-too-old", found=found, oldest=str(_OLDEST))
            encoding = connection.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise StorageError("database-encoding", found=str(encoding))

    def connect(self, *, seconds: int = _FIRST_SECONDS, **options: Any) -> psycopg.Connection[Any]:
        """Open a connection outside the pools that commits every statement; ``seconds`` is its
        timeout. Blocks. Raises ``StorageError`` (``database-unreachable``,
        ``database-refused``)."""
        import psycopg

        try:
            return psycopg.connect(
                self.conninfo, autocommit=True, connect_timeout=seconds, **options
            )
        except psycopg.Error as error:
            raise self._not_connected(error) from error

    async def connect_to_listen(self, name: str) -> psycopg.AsyncConnection[Any]:
        """A connection that hears what is said under a name. It notices within a minute that its
        server has gone without a word. Raises ``psycopg.Error``."""
        import psycopg
        from psycopg import sql

        connection = await psycopg.AsyncConnection.connect(
            self.conninfo,
            autocommit=True,
            connect_timeout=_FIRST_SECONDS,
            application_name=f"newsdesk/{name}",
            keepalives_idle=20,
            keepalives_interval=10,
            keepalives_count=3,
        )
        try:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(name)))
        except BaseException:
            await connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _connected(self) -> Generator[psycopg.Connection[Any]]:
        import psycopg

        with self.connect() as connection:
            try:
                yield connection
            except psycopg.Error as error:
                raise self.error(error) from error

    def exists(self) -> bool:
        """Return True: whether the server has the database, the first connection tells."""
        return True

    def close(self) -> None:
        """Do nothing: the engines own the connections."""

    def async_engine(self) -> AsyncEngine:
        """Create an engine of eight connections that end if the server stops answering."""

        async def connected(*args: Any, **options: Any) -> Any:
            from retrieval.catalogue.postgres_text import take_any_text
            from retrieval.catalogue.watched_connection import WatchedAsyncConnection

            connection = await WatchedAsyncConnection.connect(*args, **options)
            take_any_text(connection)
            connection.answers = self._ask
            return connection

        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(self.url, **_pooled(async_creator_fn=connected))
        self._prepare(engine.sync_engine)
        return engine

    def reading_engine(self) -> Engine:
        """Create eight connections for single statements in worker threads, each a transaction of
        its own."""
        engine = create_engine(
            self.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **_pooled()
        )
        self._prepare(engine)

        @event.listens_for(engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, args: Any, options: Any) -> Any:
            from retrieval.catalogue.postgres_text import take_any_text
            from retrieval.catalogue.watched_connection import WatchedConnection

            connection = WatchedConnection.connect(*args, **options)
            take_any_text(connection)
            connection.answers = self._ask
            return connection

        return engine

    def error(self, error: BaseException) -> StorageError:
        """Return ``server_error`` of an error."""
        return server_error(error)

    def clock(self) -> Clock:
        """Return a clock that shows the server's time. Blocks. Raises ``StorageError``."""
        with self._connected() as connection:
            before = datetime.now(UTC)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            now = datetime.now(UTC)
        ahead: timedelta = (row[0] if row else now) - (before + (now - before) / 2)
        return lambda: datetime.now(UTC) + ahead

    def size(self) -> int:
        """Return the bytes on the server's disk. Blocks. Raises ``StorageError``."""
        with self._connected() as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0

    def vacuum(self) -> bool:
        """Return False: the server does this by itself (autovacuum)."""
        return False

    def empty_log(self) -> bool:
        """Return False: the server's log is its operator's concern."""
        return False

    def damage(self) -> Note | None:
        """Return None: the server checks its own pages."""
        return None

    def identity(self) -> tuple[int, int] | None:
        """Return a constant: a server's database can't be replaced under a connected process."""
        return 0, 0

    def _ask(self) -> Future[bool]:
        """Ask the server whether it is there; those who wait at the same time share one answer."""
        with self._asks:
            if self._asked is None or self._asked.done():
                self._asked = _asking.submit(self._answers)
            return self._asked

    def _answers(self) -> bool:
        """Return whether the server says anything on another connection, even that there are too
        many."""
        try:
            self.connect(seconds=_SECONDS).close()
        except StorageError as error:
            return error.code == "database-refused"
        return True

    def _not_connected(self, error: Exception) -> StorageError:
        said = str(error)
        refused = said.rpartition("FATAL:")[2].strip().splitlines()
        if "FATAL:" in said and "starting up" not in said and "shutting down" not in said:
            return StorageError("database-refused", server=self.name, detail=refused[0])
        return StorageError(
            "database-unreachable", retry=True, server=self.name, detail=_first_line(error)
        )

    def _prepare(self, engine: Engine) -> None:
        def explain(context: ExceptionContext) -> None:
            if engine.dialect.loaded_dbapi and isinstance(
                context.original_exception, engine.dialect.loaded_dbapi.Error
            ):
                error = self.error(context.original_exception)
                if error.code != "catalogue-unusable":
                    raise error from context.original_exception

        event.listen(engine, "handle_error", explain)
        _look_before_use(engine)


def server_error(error: BaseException) -> StorageError:
    """Return the ``StorageError`` that an error of PostgreSQL means to those who use the
    database."""
    original = getattr(error, "orig", None) or error
    if isinstance(original, StorageError):
        return original
    state = getattr(original, "sqlstate", None)
    said = _first_line(original)
    if state is None and type(original).__name__ in ("DataError", "ProgrammingError"):
        # The driver refuses to send a value, such as half a surrogate pair.
        return StorageError("catalogue-unusable", detail=said)
    if state is None or state.startswith(_GONE):
        return StorageError("database-away", retry=True)
    if state in ("42501", "25006"):
        return StorageError("database-no-rights", detail=said)
    if state == "53100":
        return StorageError("database-full")
    if state in ("42P01", "42703"):
        return StorageError("database-incomplete", detail=said)
    return StorageError("catalogue-unusable", detail=said)


def _look_before_use(engine: Engine) -> None:
    """Find connections that the server has ended without a round trip, which would double the time
    of most reads. Only connections that were idle for a while are pinged: a router may have dropped
    them."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _look(connection: DBAPIConnection, record: ConnectionPoolEntry, _: Any) -> None:
        used = record.info.get(_USED)
        if used is None:
            return
        try:
            # It wasn't asked anything, so what it says is that it closes the connection.
            if time.monotonic() - used > _IDLE_SECONDS or _has_said(record.driver_connection):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _has_said(driver: Any) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(driver.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))


def _pooled(**options: Any) -> dict[str, Any]:
    return {
        "pool_size": _READERS,
        "max_overflow": 0,
        "pool_timeout": _SECONDS,
        "hide_parameters": True,
        "connect_args": {
            "connect_timeout": _SECONDS,
            "tcp_user_timeout": _ACKNOWLEDGED_MS,
            "application_name": "newsdesk",
            **options,
        },
    }


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
