"""Files that are handed in where the database is on a server: any process can read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update

from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import corpora, jobs, upload_parts, uploads
from retrieval.catalogue.uploads import PART_BYTES, UploadRepository, attach
from retrieval.errors import Refused
from retrieval.ingestion.jobs.uploads import Uploads
from retrieval.maintenance import delete_corpora
from tests.both_databases import POSTGRESQL
from tests.integration.conftest import article
from tests.integration.newsroom import MODERATOR, Clock, opened
from tests.newsite import NewsSite

pytestmark = pytest.mark.both_databases

NOW = Clock().now


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


async def read(kept: UploadRepository, upload_id: str) -> list[bytes]:
    return [part async for part in kept.parts(upload_id)]


async def ids(database: Database) -> set[str]:
    async with database.connect() as connection:
        return set((await connection.execute(select(uploads.c.id))).scalars())


async def test_a_file_is_kept_in_parts_none_of_which_is_large(tables: Database) -> None:
    kept = UploadRepository(tables)
    data = bytes(range(256)) * 10_000
    largest: list[int] = []

    def watch(*arguments: object) -> None:
        largest.append(len(str(arguments[3])))

    engine = tables.engine.sync_engine
    event.listen(engine, "before_cursor_execute", watch)
    upload_id = await kept.add(data, NOW)
    event.remove(engine, "before_cursor_execute", watch)

    parts = await read(kept, upload_id)
    assert b"".join(parts) == data
    assert [len(part) for part in parts] == [PART_BYTES, PART_BYTES, len(data) - 2 * PART_BYTES]
    assert await kept.size(upload_id) == len(data)
    assert max(largest) < 4 * PART_BYTES + 1_000  # as Python writes bytes
    assert await kept.size("another") is None
    assert await read(kept, await kept.add(b"", NOW)) == []


async def test_files_go_with_their_job_and_those_of_none_after_a_day(tables: Database) -> None:
    kept = UploadRepository(tables)
    async with tables.write() as connection:
        await connection.execute(insert(corpora), {"id": 1, "name": "local", "created_at": 0})
        job = {"corpus_id": 1, "state": "queued", "actor": "Ada", "created_at": 0, "origin": "x"}
        await connection.execute(insert(jobs), [{"id": 1, **job}, {"id": 2, **job}])
    names = ["over", "going", "refused", "young", "old", "new"]
    made = {
        name: await kept.add(b"x", NOW - timedelta(days=2 if name in {"old", "new"} else 0))
        for name in names
    }
    async with tables.write() as connection:
        await attach(connection, 1, [made["over"]])
        await attach(connection, 2, [made["going"]])
        await connection.execute(update(jobs).where(jobs.c.id == 1).values(state="cancelled"))

    await kept.delete([made["refused"], made["going"]])
    await kept.delete_old(NOW, new=[made["new"]])
    left = await ids(tables)
    assert {name for name in names if made[name] in left} == {"going", "young", "new"}
    async with tables.connect() as connection:
        parts = set((await connection.execute(select(upload_parts.c.upload_id))).scalars())
    assert parts == left


async def test_a_job_reads_a_file_that_was_handed_in_on_another_machine(
    tmp_path: Path, site: NewsSite, kept_in: str
) -> None:
    data = "\n".join(json.dumps(article(n)) for n in range(5)).encode()
    async with opened(tmp_path, site) as room:
        source = await room.jobs.upload("news.jsonl", data)
        job = await room.jobs.submit("local", [source], MODERATOR)
        if kept_in != POSTGRESQL:
            assert Path((source.payload or {})["path"]).read_bytes() == data
            return
        assert not (tmp_path / "uploads").exists()
        shutil.rmtree(tmp_path / "scratch", ignore_errors=True)
        results = [r async for each in room.jobs.follow(job) for r in each.results]
        assert [(result.source, result.status) for result in results] == [
            (f"news.jsonl:{n}", "indexed") for n in range(1, 6)
        ]
        assert list((tmp_path / "scratch").glob("*")) == []
        assert await ids(room.library.database) == set()


async def test_the_file_of_a_refused_job_is_deleted_at_once(
    tmp_path: Path, site: NewsSite, kept_in: str
) -> None:
    if kept_in != POSTGRESQL:
        pytest.skip("in a folder, the next job that ends clears it away")
    async with opened(tmp_path, site, max_queued_jobs=1) as room:
        source = await room.jobs.upload("news.txt", b"x")
        await room.jobs.submit("local", [source], MODERATOR)
        # As in a process that doesn't write, and clears nothing away.
        room.library.writable = False
        late = await room.jobs.upload("one-too-many.txt", b"x")
        with pytest.raises(Refused):
            await room.jobs.submit("local", [late], MODERATOR)
        assert await ids(room.library.database) == {(source.payload or {})["upload"]}


async def test_a_file_that_is_gone_is_a_result_and_not_the_end_of_its_job(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        source = await room.jobs.upload("news.jsonl", json.dumps(article(1)).encode())
        shutil.rmtree(tmp_path / "uploads", ignore_errors=True)
        async with room.library.database.write() as connection:
            await connection.execute(upload_parts.delete())
        job = await room.jobs.submit("local", [source], MODERATOR)
        events = [each async for each in room.jobs.follow(job)]
        reasons = [r.reason.code for each in events for r in each.results if r.reason]
        assert (reasons, events[-1].job.state) == (["path-not-found"], "done")


async def test_deleting_a_corpus_deletes_the_files_of_its_jobs(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        database = room.library.database
        upload_id = await UploadRepository(database).add(b"x", NOW)
        source = await room.jobs.upload("news.jsonl", json.dumps(article(1)).encode())
        job = await room.jobs.submit("local", [source], MODERATOR)
        async with database.write() as connection:
            await attach(connection, job.id, [upload_id])
        await delete_corpora(room.library, "local")
        assert await ids(database) == set()


async def test_what_a_killed_process_left_is_deleted_and_what_is_in_use_stays(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        scratch = tmp_path / "scratch"
        left = scratch / ("0" * 32)
        left.mkdir(parents=True)
        (left / "news.jsonl").write_text("half of it")
        left.with_suffix(".lock").touch()
        upload_id = await UploadRepository(room.library.database).add(b"In use", NOW)
        source = await room.jobs.upload("news.txt", b"x")
        files = Uploads(room.library)
        here = type(source)("file", "news.txt", {"upload": upload_id})
        async with files.opened(here) as path:
            await Uploads(room.library).sweep(room.library.catalogue.jobs.files)
            assert path.read_bytes() == b"In use"
            assert not left.exists()
        assert list(scratch.iterdir()) == []
