"""Notices: processes on one PostgreSQL database wake each other, and miss nothing by looking too."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from retrieval.catalogue.connections import DatabaseFile
from retrieval.catalogue.database import Database
from retrieval.catalogue.notices import Listener, Notices, say
from retrieval.catalogue.server import DatabaseServer
from retrieval.errors import StorageError
from tests.deadlines import scaled
from tests.postgres import PostgresServer, start

# Longer than a test may take: what returns before was woken.
NEVER = scaled(60)


@pytest.fixture
async def others(postgres_url: str) -> AsyncIterator[Database]:
    """The database as another process has it open."""
    opened = await Database.open(DatabaseServer(postgres_url))
    yield opened
    await opened.close()


async def tell(database: Database, channel: str) -> None:
    async with database.write_beside() as connection:
        await say(connection, channel)


async def until_heard(database: Database, listener: Listener, channel: str) -> None:
    """Say it, again and again while nobody listens yet."""
    async with asyncio.timeout(NEVER):
        while True:
            try:
                await tell(database, channel)
            except StorageError:  # the server is being started anew
                await asyncio.sleep(0.1)
            else:
                if await listener.wait(0.5):
                    return


async def test_who_listens_is_woken_by_another_process_when_it_commits(
    postgres_url: str, others: Database
) -> None:
    notices = Notices(DatabaseServer(postgres_url))
    async with notices.listen("jobs") as jobs, notices.listen("feeds") as feeds:
        assert await jobs.wait(NEVER)  # the connection is there
        await feeds.wait(NEVER)
        async with others.write_beside() as connection:
            await say(connection, "jobs")
            assert not await jobs.wait(0.2)
        assert await jobs.wait(NEVER)
        # Nor is anything of what was said while nobody waited for it lost.
        await tell(others, "feeds")
        await tell(others, "jobs")
        assert await jobs.wait(NEVER)
        assert await feeds.wait(NEVER)
        assert not await feeds.wait(0)
        assert not await jobs.wait(0)


async def test_what_is_undone_is_not_said(postgres_url: str, others: Database) -> None:
    notices = Notices(DatabaseServer(postgres_url))
    async with notices.listen("jobs") as jobs:
        assert await jobs.wait(NEVER)
        async with others.engine.connect() as connection:
            await say(connection, "jobs")
            await connection.rollback()
        assert not await jobs.wait(0.2)


async def test_a_process_has_one_connection_to_listen_and_gives_it_back(
    postgres_url: str, others: Database
) -> None:
    async def listening() -> int:
        async with others.connect() as connection:
            found = await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'newsdesk/%%' "
                "AND datname = current_database()"
            )
            return int(found.scalar_one())

    notices = Notices(DatabaseServer(postgres_url))
    for _ in range(2):
        async with notices.listen("jobs") as jobs, notices.listen("feeds"):
            assert await jobs.wait(NEVER)
            assert await listening() == 1
        async with asyncio.timeout(NEVER):
            while await listening():
                await asyncio.sleep(0.02)


async def test_a_connection_that_ended_wakes_those_who_may_have_missed_something(
    postgres_url: str, others: Database
) -> None:
    notices = Notices(DatabaseServer(postgres_url), pause=0.01)
    async with notices.listen("jobs") as jobs:
        assert await jobs.wait(NEVER)
        async with others.write_beside() as connection:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'newsdesk/%%' AND datname = current_database()"
            )
        assert await jobs.wait(NEVER)
        await until_heard(others, jobs, "jobs")


async def test_a_server_that_was_started_anew_is_listened_to_again(
    postgres_server: PostgresServer,
) -> None:
    """As after a crash: the server ends all connections, recovers and takes new ones."""
    folder = postgres_server.folder.with_name(f"{postgres_server.folder.name}-{uuid.uuid4().hex}")
    server = await asyncio.to_thread(start, folder)
    location = DatabaseServer(server.url("postgres"))
    await Database.prepare(location)
    database = await Database.open(location)
    try:
        async with database.notices.listen("jobs") as jobs:
            assert await jobs.wait(NEVER)
            with psycopg.connect(server.url("postgres")) as connection:
                os.kill(connection.info.backend_pid, signal.SIGKILL)
            await until_heard(database, jobs, "jobs")
    finally:
        await database.close()
        server.leave()


async def test_a_server_that_is_away_keeps_nobody_from_looking_by_himself(tmp_path: Path) -> None:
    notices = Notices(DatabaseServer(f"postgresql:///newsdesk?host={tmp_path}"), pause=0.01)
    async with notices.listen("jobs") as jobs:
        assert not await jobs.wait(0.1)
        assert not await jobs.wait(0)


async def test_in_a_file_nothing_is_said_and_waits_end_by_themselves(tmp_path: Path) -> None:
    location = DatabaseFile(tmp_path / "catalogue.sqlite3")
    await Database.prepare(location)
    database = await Database.open(location)
    async with database.notices.listen("jobs") as jobs:
        await tell(database, "jobs")
        assert not await jobs.wait(0.1)
        jobs.wake()
        assert await jobs.wait(NEVER)
    await database.close()
