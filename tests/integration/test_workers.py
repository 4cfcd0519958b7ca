"""Processes beside the writer on one PostgreSQL database: what they may do, and what they do at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.services.ingestion import open_ingestion
from bot.services.work import work
from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.job_claims import JobClaims
from retrieval.catalogue.jobs import JobSource, SourceKind
from retrieval.catalogue.kept_leases import LeaseFence, open_leases
from retrieval.catalogue.leases import JOB_LEASE, Leases
from retrieval.errors import NotFound, StorageError
from retrieval.ingestion.pending_finisher import PendingFinisher
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora
from retrieval.models import IngestItem
from retrieval.runtime.concurrency import cancel
from tests.deadlines import scaled, until
from tests.integration import accept_child
from tests.integration.conftest import article, bring_in
from tests.integration.crash_child import HashEmbedder
from tests.integration.job_kills import PROCESSES
from tests.integration.newsroom import MODERATOR
from tests.newsite import NewsSite

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def item(number: int, text: str | None = None) -> IngestItem:
    return IngestItem(str(number), article_from_record(article(number, text)))


def opened(folder: Path, url: str | None, **options: Any) -> AbstractAsyncContextManager[Library]:
    options.setdefault("embedder", HashEmbedder())
    return open_library(LibraryConfig(folder, database_url=url), **options)


async def test_a_worker_needs_a_server(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        async with opened(tmp_path / "data", None, access=Access.WORKER):
            pass
    assert refused.value.code == "worker-needs-server"
    assert not (tmp_path / "data").exists()


async def test_a_worker_writes_under_a_lease_and_nothing_else(
    tmp_path: Path, postgres_url: str
) -> None:
    async with opened(tmp_path / "writer", postgres_url, writer="test") as writer:
        await bring_in(writer, range(2))
        async with opened(tmp_path / "worker", postgres_url, access=Access.WORKER) as worker:
            corpus = await worker.require_corpus("local")
            accept = worker.catalogue.articles.accept
            with pytest.raises(StorageError) as refused:
                await accept(corpus, [item(2)], actor="test", now=NOW)
            assert refused.value.code == "write-without-lease"
            with pytest.raises(StorageError) as refused:
                await worker.indexer("local")
            assert refused.value.code == "opened-read-only"
            leases = Leases(worker.database, "worker")
            lease = await leases.take("job:1", 600)
            with fenced(LeaseFence(lambda: lease)):
                [accepted] = await accept(corpus, [item(2)], actor="test", now=NOW)
            assert accepted.status == "indexed"
            await leases.release([lease] if lease else [])
            with pytest.raises(StorageError) as refused, fenced(LeaseFence(lambda: lease)):
                await accept(corpus, [item(3)], actor="test", now=NOW)
            assert refused.value.code == "lease-lost"
        indexer = await writer.indexer("local")
        assert await indexer.finish_pending() == 1
        assert (await writer.counts())[0].articles == 3
        assert await check_indexes(writer) == []


async def test_nothing_is_accepted_for_a_corpus_that_was_deleted_meanwhile(
    tmp_path: Path, postgres_url: str
) -> None:
    async with (
        opened(tmp_path / "writer", postgres_url, writer="test") as writer,
        opened(tmp_path / "worker", postgres_url, access=Access.WORKER) as worker,
    ):
        await bring_in(writer, range(2))
        corpus = await worker.require_corpus("local")
        await delete_corpora(writer, "local")
        lease = await Leases(worker.database, "worker").take("job:1", 600)
        with pytest.raises(NotFound), fenced(LeaseFence(lambda: lease)):
            await worker.catalogue.articles.accept(corpus, [item(2)], actor="test", now=NOW)


async def test_processes_that_accept_at_once_make_one_article_of_a_url(
    tmp_path: Path, postgres_url: str
) -> None:
    texts = [f"The council approved plan {n} of the project after a long debate." for n in range(3)]
    shared = list(range(30))
    async with opened(tmp_path / "writer", postgres_url, writer="test") as writer:
        await writer.ensure_corpus("local")
        processes = []
        for number in range(3):
            own = [100 * (number + 1) + n for n in range(15)]
            mixed = own + (shared if number % 2 else shared[::-1])
            arguments = (tmp_path / str(number), postgres_url, f"worker {number}", mixed, texts)
            process = PROCESSES.Process(target=accept_child.run, args=arguments)
            process.start()
            processes.append(process)
        for process in processes:
            process.join(scaled(300))
        assert [process.exitcode for process in processes] == [0, 0, 0]
        with psycopg.connect(postgres_url) as connection:
            rows = connection.execute(
                "SELECT a.canonical_url, v.number, v.content_hash FROM articles a "
                "JOIN versions v ON v.article_id = a.id ORDER BY v.article_id, v.number"
            ).fetchall()
            logged = connection.execute(
                "SELECT count(*), count(DISTINCT (article_id, version_number)) FROM ingest_log"
            ).fetchone()
        numbers: dict[str, list[int]] = {}
        for url, number, _ in rows:
            numbers.setdefault(url, []).append(number)
        assert len(numbers) == len(shared) + 3 * 15
        assert all(each == list(range(1, len(each) + 1)) for each in numbers.values())
        # What one process alone brings in has each of its texts once.
        alone = Counter(
            len(each) for url, each in numbers.items() if int(url.split("/")[-1]) >= 100
        )
        assert alone == {len(texts): 45}
        assert logged == (len(rows), len(rows))
        indexer = await writer.indexer("local")
        assert await indexer.finish_pending() == len(rows)
        counts = (await writer.counts())[0]
        assert (counts.articles, counts.unfinished) == (len(numbers), 0)
        assert await check_indexes(writer) == []
        corpus = await writer.require_corpus("local")
        assert len(await writer.catalogue.stories.members(corpus)) == len(numbers)


async def test_jobs_are_claimed_in_turns_and_never_two_of_a_corpus(
    tmp_path: Path, postgres_url: str
) -> None:
    async with (
        opened(tmp_path / "writer", postgres_url, writer="test") as writer,
        opened(tmp_path / "worker", postgres_url, access=Access.WORKER) as worker,
        open_leases(writer.database, seconds=600) as ones,
        open_leases(worker.database, seconds=600) as others,
    ):
        assert ones is not None
        assert others is not None
        jobs = [await add(writer, "large", "https://example.com/1") for _ in range(3)]
        small = await add(writer, "small", "https://example.com/2")
        local = await add(writer, "local", "/somewhere/a.txt", kind="file")
        one = partial(JobClaims(writer.database, ones).next, local_files=True)
        claims = JobClaims(worker.database, others)
        other = partial(claims.next, local_files=False)
        first, second = await asyncio.gather(one(), other())
        assert first is not None
        assert second is not None
        assert {first[0], second[0]} == {jobs[0], small}
        # The others are of the same corpora, or need a file of the writer's machine.
        assert await other() is None
        claimed = await one()
        assert claimed is not None
        assert claimed[0] == local
        assert await one() is None
        assert await claims.waiting() == set(jobs[1:])
        large = first if first[0] == jobs[0] else second
        kept = ones if large is first else others
        corpus = await writer.require_corpus("large")
        job = await writer.catalogue.jobs.job(jobs[0])
        await writer.catalogue.jobs.cancel(corpus, job, MODERATOR, NOW)
        # It is coming to its end.
        assert await other() is None
        assert await claims.cancelled([jobs[0], small]) == {jobs[0]}
        await kept.let_go(large[1])
        claimed = await other()
        assert claimed is not None
        assert claimed[0] == jobs[1]


async def test_a_worker_does_a_job_that_the_writer_watches_and_one_that_is_cancelled_ends(
    tmp_path: Path, postgres_url: str
) -> None:
    with NewsSite() as site:
        settings = [
            Settings(
                data_dir=tmp_path / name,
                database_url=SecretStr(postgres_url),
                fetch_allow=(site.allow,),
            )
            for name in ("writer", "worker")
        ]
        stop = asyncio.Event()
        async with (
            opened(tmp_path / "writer", postgres_url, writer="test") as writer,
            open_ingestion(settings[0], writer) as room,
            contextlib.AsyncExitStack() as stack,
        ):
            working = asyncio.create_task(work(settings[1], stop, lease_seconds=4))
            finishing = asyncio.create_task(PendingFinisher(writer).run())
            stack.push_async_callback(cancel, working, finishing)
            urls = [site.url(f"/news/{n}") for n in range(5)]
            sources = [JobSource("url", url) for url in [*urls, site.url("/status/404")]]
            job = await room.jobs.submit("local", sources, MODERATOR)
            async with asyncio.timeout(scaled(60)):
                events = [event async for event in room.jobs.watch(job.id, "local")]
            last = events[-1]
            assert last.job.state == "done"
            assert (last.progress.indexed, last.progress.finished) == (5, 6)
            results = [result.url for event in events for result in event.results]
            assert Counter(results) == Counter(source.label for source in sources)
            assert (await writer.counts())[0].unfinished == 0
            assert await check_indexes(writer) == []
            site.forget()
            site.seconds = 0.2
            sources = [JobSource("url", site.url(f"/news/{n}")) for n in range(100, 400)]
            job = await room.jobs.submit("local", sources, MODERATOR)
            async with asyncio.timeout(scaled(60)):
                async for event in room.jobs.watch(job.id, "local"):
                    if event.job.state == "running" and event.progress.indexed:
                        await room.jobs.cancel(job.id, "local", MODERATOR)
                        break
            leases = Leases(writer.database, "test")

            async def is_given_back() -> bool:
                return not await leases.held(JOB_LEASE)

            await until(is_given_back, 60, 0.1)
            asked = len(site.paths())
            stop.set()
            await working
            assert 0 < asked < 200
            assert len(site.paths()) == asked
            assert (await writer.catalogue.jobs.job(job.id)).state == "cancelled"


async def test_a_worker_clears_away_the_copies_that_a_killed_one_left(
    tmp_path: Path, postgres_url: str
) -> None:
    folder, stop = tmp_path / "worker", asyncio.Event()
    left = folder / "scratch" / ("0" * 32)
    left.mkdir(parents=True)
    (left / "news.jsonl").write_text("half of it")
    left.with_suffix(".lock").touch()
    async with opened(tmp_path / "writer", postgres_url, writer="test"):
        settings = Settings(data_dir=folder, database_url=SecretStr(postgres_url))
        working = asyncio.create_task(work(settings, stop))
        await until(lambda: not list(left.parent.iterdir()), 30)
        stop.set()
        await working


async def test_a_process_that_becomes_the_writer_does_jobs_with_files_of_its_machine(
    tmp_path: Path, postgres_url: str
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(article(1)))
    async with opened(tmp_path / "first", postgres_url, writer="test") as library:
        # As a gateway is until it takes over.
        library.access, library.writable = Access.GATEWAY, False
        async with open_ingestion(Settings(data_dir=tmp_path / "first"), library) as room:
            library.become_writer()
            await add(library, "local", str(file), kind="file")
            async with asyncio.timeout(scaled(60)):
                done = await room.jobs.drain()
            assert [job.state for job in done] == ["done"]


async def add(library: Library, corpus: str, label: str, kind: SourceKind = "url") -> int:
    """Add a job of one source. Returns its id."""
    made = await library.catalogue.corpora.ensure(corpus, NOW)
    job = await library.catalogue.jobs.add(made, [JobSource(kind, label)], MODERATOR, NOW)
    return job.id
