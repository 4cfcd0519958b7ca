"""Manners towards sites that several processes on one PostgreSQL database read."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.hosts import DatabaseHosts, open_hosts
from retrieval.catalogue.schema import hosts
from retrieval.catalogue.server import DatabaseServer
from retrieval.errors import FetchRefused
from retrieval.web.crawler import Crawler, RobotsRefused
from retrieval.web.fetcher import Fetcher
from tests.deadlines import scaled, until
from tests.integration.host_child import SECONDS
from tests.newsite import NewsSite

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(DatabaseServer(postgres_url))
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def crawler(
    database: Database, site: NewsSite, **options: float
) -> AsyncIterator[tuple[Crawler, DatabaseHosts]]:
    """A crawler as another process has it; its turns are renewed when the test says so."""
    shared = DatabaseHosts(database, **options)
    fetcher = Fetcher(allow=[site.allow], seconds=10, max_bytes=1_000_000, user_agent="Newsdesk/1")
    async with fetcher:
        yield Crawler(fetcher, user_agent="Newsdesk/1", connections=4, shared=shared), shared
        await shared.close()


async def change(database: Database, **values: Any) -> None:
    async with database.write_beside() as connection:
        await connection.execute(update(hosts).values(**values))


async def test_a_host_is_asked_by_one_process_at_a_time_and_each_has_its_turn(
    database: Database, site: NewsSite
) -> None:
    site.seconds = 0.02
    async with (
        crawler(database, site, longest_turn=0.3) as (one, _),
        crawler(database, site, longest_turn=0.3) as (two, _),
    ):

        async def fetch(by: Crawler, first: int) -> None:
            pages = (by.page(site.url(f"/news/{n}")) for n in range(first, first + 30))
            await asyncio.gather(*pages)

        await asyncio.gather(fetch(one, 0), fetch(two, 100))
    assert site.most_at_once == 1
    # The rules of the site are read once for both.
    assert Counter(site.paths(robots=True))["/robots.txt"] == 1
    order = [int(path.rpartition("/")[2]) >= 100 for path in site.paths()]
    assert len(order) == 60
    changes = sum(a != b for a, b in itertools.pairwise(order))
    assert changes > 1, "one of them had to wait until the other had all"


async def test_the_time_between_requests_that_a_site_asks_for_is_kept_by_all_together(
    database: Database, site: NewsSite
) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 0.4"
    async with crawler(database, site) as one, crawler(database, site) as two:
        for (by, shared), number in ((one, 1), (two, 2), (one, 3), (two, 4)):
            await by.page(site.url(f"/news/{number}"))
            await shared.close()
    assert site.most_at_once == 1
    pauses = site.pauses()[1:]  # robots.txt may be followed at once
    assert len(pauses) == 3
    assert min(pauses) > 0.35


async def test_that_a_site_wants_to_be_left_alone_is_known_to_all(
    database: Database, site: NewsSite
) -> None:
    site.serve("/busy", "later", status=429, headers={"Retry-After": "600"})
    async with crawler(database, site) as (one, _), crawler(database, site) as (two, _):
        with pytest.raises(FetchRefused, match="http-status"):
            await one.page(site.url("/busy"))
        site.forget()
        with pytest.raises(FetchRefused, match="host-backoff") as refused:
            await two.page(site.url("/news/1"))
        assert refused.value.retry
        assert site.requests == []


async def test_what_robots_txt_says_is_known_to_all_and_so_is_that_it_could_not_be_read(
    database: Database, site: NewsSite
) -> None:
    site.robots = "User-agent: newsdesk\nDisallow: /news/"
    async with crawler(database, site) as (one, _), crawler(database, site) as (two, _):
        for by in (one, two):
            with pytest.raises(RobotsRefused):
                await by.page(site.url("/news/1"))
        assert site.paths(robots=True) == ["/robots.txt"]
    with NewsSite() as broken:
        broken.serve("/robots.txt", "down", status=503)
        async with crawler(database, broken) as (one, _), crawler(database, broken) as (two, _):
            for by in (one, two):
                with pytest.raises(FetchRefused, match=r"robots-unreadable .*503"):
                    await by.page(broken.url("/news/1"))
        assert broken.paths(robots=True) == ["/robots.txt"]


async def test_a_request_costs_one_statement_before_it_and_one_after_it_at_most(
    database: Database, site: NewsSite
) -> None:
    statements: list[str] = []

    def watch(*arguments: Any) -> None:
        statements.append(str(arguments[2]).split()[0])

    async with crawler(database, site) as (one, shared):
        await one.page(site.url("/news/0"))
        await shared.close()
        event.listen(database.engine.sync_engine, "before_cursor_execute", watch)
        await one.page(site.url("/news/1"))
        assert statements[:1] == ["INSERT"]
        await shared.close()
        assert statements == ["INSERT", "UPDATE"]
        # Many at a time have one turn.
        await asyncio.gather(*(one.page(site.url(f"/news/{n}")) for n in range(20)))
        await shared.close()
        assert statements == ["INSERT", "UPDATE"] * 2
        event.remove(database.engine.sync_engine, "before_cursor_execute", watch)


async def test_what_asks_no_site_and_is_soon_over_writes_nothing(database: Database) -> None:
    statements: list[str] = []

    def watch(*arguments: Any) -> None:
        statements.append(str(arguments[2]).split()[0])

    event.listen(database.engine.sync_engine, "before_cursor_execute", watch)
    async with open_hosts(database, pause=0.01):
        await asyncio.sleep(0.2)
    event.remove(database.engine.sync_engine, "before_cursor_execute", watch)
    assert statements == []


async def test_who_lost_its_turn_sends_nothing_before_it_has_another(
    database: Database, site: NewsSite
) -> None:
    async with (
        crawler(database, site, seconds=0.4) as (one, _),
        crawler(database, site) as (two, _),
    ):
        await one.page(site.url("/news/0"))
        # It waits for a connection so long that its turn runs out, and goes to another.
        slots = [await one._slots.acquire() for _ in range(4)]
        waiting = asyncio.create_task(one.page(site.url("/news/1")))
        await asyncio.sleep(0.6)
        site.seconds = 0.5
        other = asyncio.create_task(two.page(site.url("/news/2")))
        await until(lambda: site._under_way.total() == 1)
        for _ in slots:
            one._slots.release()
        await asyncio.gather(waiting, other)
    assert site.paths() == ["/news/0", "/news/2", "/news/1"]
    assert site.most_at_once == 1


async def test_a_host_that_others_keep_asking_is_not_waited_for_without_end(
    database: Database, site: NewsSite
) -> None:
    site.seconds = 1.0
    async with (
        crawler(database, site) as (one, _),
        crawler(database, site, longest_wait=0.3) as (two, _),
    ):
        busy = asyncio.create_task(one.page(site.url("/news/0")))
        await until(lambda: site._under_way.total() == 1)
        with pytest.raises(FetchRefused, match="host-busy") as refused:
            await two.page(site.url("/news/1"))
        assert refused.value.retry
        await busy


async def test_hosts_that_nobody_asks_any_more_are_forgotten(
    database: Database, site: NewsSite
) -> None:
    async with crawler(database, site) as (one, shared):
        await one.page(site.url("/news/1?who=Ada"))
        await shared.close()
        async with database.connect() as connection:
            names = (await connection.execute(select(hosts.c.name))).scalars().all()
        assert names == [f"http://127.0.0.1:{site.port}"]
        await shared.sweep()
        assert await _count(database) == 1
        await change(database, used_at=1)
        await shared.sweep()
        assert await _count(database) == 0


async def test_in_a_file_nothing_is_shared(tmp_path: Path) -> None:
    await Database.prepare(tmp_path / "catalogue.sqlite3")
    opened = await Database.open(tmp_path / "catalogue.sqlite3")
    async with open_hosts(opened) as shared:
        assert shared is None
    await opened.close()


async def test_processes_that_are_killed_and_stopped_never_meet_at_a_host(
    postgres_url: str, database: Database, site: NewsSite
) -> None:
    site.seconds = 0.02
    count = 40
    command = [sys.executable, "-m", "tests.integration.host_child", postgres_url, site.url()]
    killed, stopped, third = [
        await asyncio.create_subprocess_exec(
            *command, str(1000 * n), str(count), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        for n in range(3)
    ]
    for process in (killed, stopped, third):
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), scaled(60))
    killed.kill()
    for _ in range(3):
        stopped.send_signal(signal.SIGSTOP)
        await asyncio.sleep(1.6 * SECONDS)
        stopped.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.2 * SECONDS)
    for process in (stopped, third):
        assert await asyncio.wait_for(process.wait(), scaled(120)) == 0
    await killed.wait()
    fetched = Counter(site.paths())
    assert all(fetched[f"/news/{1000 * n + k}"] for n in (1, 2) for k in range(count))
    assert site.most_at_once == 1


async def _count(database: Database) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(hosts)) or 0)
