"""A library moves whole, from where it was killed on the way, and nothing is embedded for it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select, text

from bot.storage import schema as application
from bot.storage.library import APPLICATION, open_library
from retrieval.catalogue import schema as catalogue
from retrieval.embedders import Vectors
from retrieval.errors import FolderInUse, NewsdeskError, Refused, StorageError
from retrieval.ingestion.jobs.uploads import FolderUploads
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.moving import MoveResult, copying, filling, move_library
from retrieval.runtime.observer import Tell, tell_nobody
from retrieval.runtime.writer_lock import WriterLock
from tests.integration.conftest import Newsdesk, bring_in, titles_found
from tests.integration.crash_child import HashEmbedder

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TABLES = copying.all_tables(
    (catalogue.metadata, application.metadata), but=["properties", "leases", "hosts"]
)

pytestmark = pytest.mark.sqlite_files("each test says itself from where to where it moves")


class Killed(BaseException):
    """The process ends here."""


class OnlyQuestions(HashEmbedder):
    """Makes no vector of a passage."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        assert len(texts) < 2, "passages are embedded anew"
        return await super().embed(texts)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_BATCH", 7)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with filled(tmp_path) as opened:
        yield opened


@contextlib.asynccontextmanager
async def filled(tmp_path: Path) -> AsyncIterator[Library]:
    config = LibraryConfig(tmp_path / "data")
    async with open_library(config, writer="test", embedder=HashEmbedder()) as opened:
        await bring_in(opened, range(20))
        await bring_in(opened, range(3), "They met again.")  # other versions of three articles
        await bring_in(opened, range(30, 34), corpus="guild:1")
        async with opened.database.write() as connection:
            rows = [
                {"id": 2**53 + n, "settings": {"ж": [n, None, 0.1]}, "joined_at": n}
                for n in range(9)
            ]
            await connection.execute(insert(application.guilds), rows)
            await connection.execute(text("UPDATE sqlite_sequence SET seq = seq + 1000"))
        yield opened


async def move(
    library: Library,
    folder: Path,
    tell: Tell = tell_nobody,
    url: str | None = None,
) -> MoveResult:
    library.embedder = OnlyQuestions()
    return await move_library(
        library, folder, url, branches=(APPLICATION,), metadatas=(application.metadata,), tell=tell
    )


def killed_at(step: str, rows: int) -> Tell:
    def tell(name: str, done: int, total: int | None) -> None:
        if name == step and done >= rows:
            raise Killed

    return tell


async def test_a_move_that_is_killed_goes_on_where_it_was(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "moved"
    with pytest.raises(Killed):
        await move(library, target, killed_at("versions", 14))
    with pytest.raises(StorageError, match="move-unfinished"):
        async with open_library(LibraryConfig(target), embedder=HashEmbedder()):
            pass
    with pytest.raises(Killed):
        await move(library, target, killed_at("checking audit", 0))
    with pytest.raises(Killed):
        await move(library, target, killed_at("indexes", 0))
    with pytest.raises(StorageError, match="move-unfinished"):
        async with open_library(LibraryConfig(target), writer="test", embedder=HashEmbedder()):
            pass
    told: list[str] = []

    result = await move(library, target, lambda name, rows, total: told.append(name))

    assert told == ["indexes"]
    before = {t.name: await copying.table_digest(library.database.engine, t) for t in TABLES}
    assert result.tables == before
    assert before["versions"].rows == 27
    config = LibraryConfig(target)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as moved:
        assert await check_indexes(moved) == []
        assert await titles_found(moved, "topic3", NOW) == await titles_found(
            library, "topic3", NOW
        )
        await bring_in(moved, [99])
        async with moved.database.connect() as connection:
            newest = await connection.scalar(text("SELECT max(id) FROM ingest_log"))
            assert newest == 1028
            triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
            assert await connection.scalar(text(triggers)) == 3
            assert not await connection.run_sync(copying.is_begun)
        # The next move is one like the first.
        await move(moved, tmp_path / "further")


async def test_a_source_that_was_written_to_is_moved_anew(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "moved"
    with pytest.raises(Killed):
        await move(library, target, killed_at("passages", 7))
    async with library.database.write() as connection:
        await connection.execute(text("UPDATE versions SET title = 'Another' WHERE number = 1"))

    with pytest.raises(StorageError, match="move-differs"):
        await move(library, target)
    await move(library, target)

    assert "Another" in await _column(target, catalogue.versions.c.title)


async def test_files_that_jobs_wait_for_come_along(library: Library, tmp_path: Path) -> None:
    uploads = FolderUploads(library.data_dir / "uploads")
    kept = await uploads.keep("a.txt", b"An article")
    async with library.database.write() as connection:
        job = {"id": 1, "corpus_id": 1, "state": "queued", "actor": "Ada", "created_at": 0}
        await connection.execute(insert(catalogue.jobs), {**job, "origin": "test"})
        item = {"job_id": 1, "kind": "file", "label": "a.txt", "payload": kept.payload}
        await connection.execute(insert(catalogue.job_items), item)

    await move(library, tmp_path / "moved")

    [payload] = await _column(tmp_path / "moved", catalogue.job_items.c.payload)
    moved = Path(payload["path"])
    assert moved.is_relative_to(tmp_path / "moved")
    assert moved.read_bytes() == b"An article"


async def test_what_is_in_the_way_stays_as_it_is(library: Library, tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with open_library(LibraryConfig(other), writer="test", embedder=HashEmbedder()) as opened:
        await bring_in(opened, [1])
    # Of an older version, it would be migrated by whoever opens it.
    with contextlib.closing(sqlite3.connect(other / "catalogue.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0012'")
        connection.commit()
    before = (other / "catalogue.sqlite3").read_bytes()
    (tmp_path / "file").touch()
    in_use = tmp_path / "in-use"
    in_use.mkdir()
    lock = WriterLock(in_use)
    lock.acquire("somebody")

    refused: list[tuple[type[NewsdeskError], str, Path]] = [
        (Refused, "move-onto-data", other),
        (Refused, "move-onto-itself", library.data_dir),
        (FolderInUse, "data-folder-in-use", in_use),
        (StorageError, "data-folder-not-created", tmp_path / "file" / "folder"),
    ]
    for error, code, target in refused:
        with pytest.raises(error, match=code):
            await move(library, target)

    assert (other / "catalogue.sqlite3").read_bytes() == before
    assert not (in_use / "catalogue.sqlite3").exists()
    lock.release()


async def test_to_postgresql_and_back_killed_on_both_ways(
    tmp_path: Path, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, folder, back = empty_postgres_url, tmp_path / "data", tmp_path / "back"
    async with filled(tmp_path) as library:
        async with library.database.write() as connection:
            row = {"kind": "topic", "corpus": "local", "user_id": 7, "zone": "UTC", "topic": "a\0b"}
            more = {"created_at": 0, "done_until": 0, "tell_if_nothing": False, "paused": False}
            await connection.execute(insert(application.subscriptions), {**row, **more})
        found = await titles_found(library, "topic3", NOW)
        for step, rows in (("versions", 14), ("checking audit", 0)):
            with pytest.raises(Killed):
                await move(library, folder, killed_at(step, rows), url)
        there = await move(library, folder, url=url)
        with pytest.raises(Refused, match="move-onto-data"):
            await move(library, folder, url=url)
        before = {t.name: await copying.table_digest(library.database.engine, t) for t in TABLES}

    config = LibraryConfig(folder, database_url=url)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as moved:
        assert await check_indexes(moved) == []
        assert await titles_found(moved, "topic3", NOW) == found
        monkeypatch.setattr(filling, "copy_indexes", _no_room)  # they are made anew
        for step, rows in (("passages", 14), ("indexes of guild:1", 1)):
            with pytest.raises(Killed):
                await move(moved, back, killed_at(step, rows))
        here = await move(moved, back)
        vectors = {}
        for corpus in await moved.catalogue.corpora.all():
            ids = await moved.indexes(corpus).vectors.passage_ids()
            vectors.update(await moved.indexes(corpus).vectors.vectors_of(ids))
        await bring_in(moved, [98])  # triggers and counters work
        async with moved.database.connect() as connection:
            assert await connection.scalar(text("SELECT max(id) FROM ingest_log")) == 1028
            changed = "SELECT max(revision) FROM corpora"
            assert (await connection.scalar(text(changed)) or 0) > 0

    assert there.tables == here.tables == before
    assert await _column(back, application.subscriptions.c.topic) == ["a b"]
    async with open_library(LibraryConfig(back), embedder=HashEmbedder()) as moved:
        assert await check_indexes(moved) == []
        assert await titles_found(moved, "topic3", NOW) == found
        there_too = {}
        for corpus in await moved.catalogue.corpora.all():
            there_too.update(await moved.indexes(corpus).vectors.vectors_of(list(vectors)))
    assert set(there_too) == set(vectors)
    # Chroma scales each to the length of one, once more.
    assert all(np.allclose(there_too[each], vectors[each], atol=1e-6) for each in vectors)


async def test_damaged_indexes_are_made_anew(library: Library, tmp_path: Path) -> None:
    [corpus, other] = await library.catalogue.corpora.all()
    [segment, *_] = library.keyword_folder(other).glob("*.store")
    segment.unlink()
    target = tmp_path / "moved"
    told: list[str] = []

    await move(library, target, lambda name, rows, total: told.append(name))

    assert f"indexes of {other.name}" in told
    assert f"indexes of {corpus.name}" not in told
    async with open_library(LibraryConfig(target), embedder=HashEmbedder()) as moved:
        assert await check_indexes(moved) == []


def _no_room(source: Path, target: Path) -> None:
    raise OSError


def test_the_terminal_moves_and_says_how_to_switch(newsdesk: Newsdesk, tmp_path: Path) -> None:
    done = newsdesk("move", "--to", "elsewhere")

    assert f"set NEWSDESK_DATA_DIR={tmp_path / 'elsewhere'}" in done.stdout, done.stderr
    assert (tmp_path / "elsewhere" / "catalogue.sqlite3").exists()


async def _column(folder: Path, column: Any) -> list[Any]:
    config = LibraryConfig(folder)
    async with (
        open_library(config, embedder=HashEmbedder()) as library,
        library.database.connect() as connection,
    ):
        return list((await connection.scalars(select(column))).all())
