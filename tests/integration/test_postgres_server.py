"""The PostgreSQL server that tests talk to."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from tests.deadlines import scaled
from tests.postgres import PostgresServer, start

_HOLDS_A_SHARE = """
import sys, time
from pathlib import Path
from tests.postgres import start
server = start(Path(sys.argv[1]))
print(server.folder, flush=True)
time.sleep(600)
"""


def test_each_test_has_a_copy_of_the_template(postgres_server: PostgresServer) -> None:
    filled = []

    def fill(url: str) -> None:
        filled.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (id bigint)")

    copies = [
        postgres_server.create(postgres_server.template("with_a_table", fill)) for _ in range(2)
    ]
    postgres_server.execute(sql.SQL("INSERT INTO kept VALUES (1)"), copies[0])
    rows = [postgres_server.execute(sql.SQL("SELECT id FROM kept"), copy) for copy in copies]
    for copy in copies:
        postgres_server.drop(copy)

    assert rows == [[(1,)], []]
    assert len(filled) == 1


def test_a_database_is_empty_and_new_enough(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url) as connection:
        assert connection.info.server_version >= 150000
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        row = connection.execute(tables).fetchone()
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert row == (0,)
    assert encoding == ("UTF8",)


def test_the_server_stops_with_the_last_process_that_uses_it_even_when_killed(
    postgres_server: PostgresServer,
) -> None:
    folder = postgres_server.folder.with_name(postgres_server.folder.name + "-killed")
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDS_A_SHARE, str(folder)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().decode().strip() == str(folder)
    shared = start(folder)

    holder.kill()
    holder.communicate()
    answers = shared.execute(sql.SQL("SELECT 1"))
    shared.leave()

    assert answers == [(1,)]
    _wait(lambda: not folder.exists())


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + scaled(20)
    while not done():
        assert time.monotonic() < until, "the server goes on"
        time.sleep(0.02)
