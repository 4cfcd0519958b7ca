"""What one of several processes does: only while it holds the lease, and nothing after it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ops.fenced_requests import fencing_trace
from bot.services.roles import Roles
from bot.storage.registered_commands import DatabaseRecord
from retrieval.catalogue.database import Database
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.kept_leases import KeptLeases, LeaseFence
from retrieval.catalogue.leases import Lease, Leases, awake_seconds
from retrieval.errors import StorageError
from retrieval.runtime.concurrency import cancel
from tests.deadlines import until
from tests.integration.expiry import run_out

pytestmark = pytest.mark.both_databases


class Process:
    """A process that does the same as others, when it falls to it."""

    def __init__(self, database: Database, name: str) -> None:
        self.kept = KeptLeases(Leases(database, name), seconds=600, pause=0.05)
        self.record = DatabaseRecord(database)
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self.tries = asyncio.Queue[str]()
        self._name = name
        self._task = asyncio.create_task(Roles(self.kept).alone("posts", self._work))

    async def _work(self) -> None:
        self.begun.set()
        try:
            while True:
                await self.record.write(await self.tries.get())
        finally:
            self.ended.set()

    async def stop(self) -> None:
        await cancel(self._task)


async def written(process: Process, text: str) -> None:
    async def is_written() -> bool:
        return await process.record.read() == text

    await until(is_written)


async def test_one_process_does_it_and_another_when_that_one_ends(tables: Database) -> None:
    first = Process(tables, "first")
    await until(first.begun.is_set)
    second = Process(tables, "second")
    first.tries.put_nowait("from the first")
    await written(first, "from the first")
    assert not second.begun.is_set()
    await first.stop()
    await until(second.begun.is_set)
    second.tries.put_nowait("from the second")
    await written(second, "from the second")
    await second.stop()
    assert await second.kept.leases.held("role:") == []


async def test_who_was_stopped_for_too_long_writes_nothing_and_stops(tables: Database) -> None:
    first = Process(tables, "first")
    await until(first.begun.is_set)
    second = Process(tables, "second")
    await run_out(tables, "role:posts")
    await until(second.begun.is_set)
    second.tries.put_nowait("from the second")
    await written(second, "from the second")
    first.tries.put_nowait("too late")  # it has looked at nothing since
    await until(first.ended.is_set)
    assert await first.record.read() == "from the second"
    await first.kept.renew()
    await first.stop()
    await second.stop()


async def test_without_a_lease_of_its_own_a_process_writes_only_under_another(
    tables: Database,
) -> None:
    kept = KeptLeases(Leases(tables, "first"))
    own, role = await kept.take("process:first"), await kept.take("role:posts")
    assert own is not None
    assert role is not None
    record, process = DatabaseRecord(tables), Roles(kept, own)
    tables.permission = process.permit
    await record.write("under its own")
    own.lose()
    for roles in (process, Roles(kept)):
        tables.permission = roles.permit
        with pytest.raises(StorageError) as refused:
            await record.write("under none")
        assert refused.value.code == "lease-lost"
        with fenced(LeaseFence(lambda: role.lease)):
            await record.write("under the role's")
    assert await record.read() == "under the role's"


async def test_a_lease_that_is_lost_ends_what_is_done_under_it(tables: Database) -> None:
    first, ended = KeptLeases(Leases(tables, "first")), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    working = asyncio.create_task(first.under("role:posts", work))

    async def is_taken() -> bool:
        return not await first.free(["role:posts"])

    await until(is_taken)
    await run_out(tables, "role:posts")
    taken = await KeptLeases(Leases(tables, "second")).take("role:posts")
    assert taken is not None
    await first.renew()
    assert await working is False
    assert ended.is_set()
    assert await first.free(["role:posts"]) == set()  # what is another's is not given back


async def test_what_a_process_is_busy_with_it_does_not_claim_again(tables: Database) -> None:
    kept, other = (KeptLeases(Leases(tables, name)) for name in ("one", "other"))

    async def choose(_: AsyncConnection) -> int:
        return 1

    def name(job_id: int) -> str:
        return f"job:{job_id}"

    claimed = await kept.claim(choose, name)
    assert claimed is not None
    await run_out(tables, "job:1")
    assert await kept.claim(choose, name) is None
    assert claimed[1].lease is not None
    await kept.renew()
    assert not claimed[1].lost.is_set()
    assert await other.claim(choose, name) is None
    await kept.let_go(claimed[1])
    assert await kept.claim(choose, name) is not None


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, list[str]]]:
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{what}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    await runner.cleanup()


async def test_no_request_is_sent_under_a_lease_that_ran_out(site: tuple[str, list[str]]) -> None:
    url, heard = site
    lease: Lease | None = Lease("role:posts", 1, awake_seconds() + 600)
    async with aiohttp.ClientSession(trace_configs=[fencing_trace()]) as session:
        with fenced(LeaseFence(lambda: lease)):
            await session.post(f"{url}/held")
            for after in (
                Lease("role:posts", 1, 0.0),
                Lease("role:posts", 2, awake_seconds() + 9),
                None,
            ):
                lease = after
                with pytest.raises(StorageError) as refused:
                    await session.post(f"{url}/lost")
                assert refused.value.code == "lease-lost"
        await session.post(f"{url}/of-nobody")
    assert heard == ["/held", "/of-nobody"]
