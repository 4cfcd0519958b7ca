"""Processes beside the writer on one PostgreSQL database: what they may do, and what they do at once."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.kept_leases import LeaseFence
from retrieval.catalogue.leases import Leases
from retrieval.errors import NotFound, StorageError
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora
from retrieval.models import IngestItem
from tests.integration import accept_child
from tests.integration.conftest import article, bring_in
from tests.integration.crash_child import HashEmbedder
from tests.integration.job_kills import PROCESSES

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
            process.join(300)
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
