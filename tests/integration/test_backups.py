"""A backup made under load restores whole; what is damaged, too new or in the way restores nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.ops.backups import last_backup
from bot.services.upkeep import BackupSchedule
from bot.storage.library import APPLICATION, open_library
from retrieval.backups import BackupInfo, restore_backup, verify_backup, write_backup
from retrieval.catalogue.audit_log import Actor
from retrieval.errors import FolderInUse, FolderTooNew, NewsdeskError, Refused, StorageError
from retrieval.ingestion.jobs.uploads import FolderUploads
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes
from tests.integration.conftest import Newsdesk, bring_in, titles_found
from tests.integration.crash_child import HashEmbedder
from tests.integration.newsroom import Clock

pytestmark = pytest.mark.sqlite_files("backups are of data folders; those of a server are its own")

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
BRANCHES = (APPLICATION,)


async def titles(library: Library, words: str) -> list[str]:
    return await titles_found(library, words, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def library(folder: Path) -> AsyncIterator[Library]:
    config = LibraryConfig(folder)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as opened:
        await bring_in(opened, range(40))
        yield opened


def backed_up(folder: Path, file: Path, *, with_indexes: bool = False) -> BackupInfo:
    return write_backup(folder, file, NOW, with_indexes=with_indexes, branches=BRANCHES)


@pytest.mark.parametrize("with_indexes", [False, True])
async def test_backups_made_while_articles_come_in_restore_whole(
    library: Library, folder: Path, tmp_path: Path, with_indexes: bool
) -> None:
    came_in = 40
    stop = asyncio.Event()

    async def load() -> None:
        nonlocal came_in
        while not stop.is_set():
            await bring_in(library, range(came_in, came_in + 5))
            came_in += 5
            await titles(library, "topic7 council")

    expected = {n: await titles(library, f"topic{n}") for n in (3, 17)}
    loading = asyncio.create_task(load())
    made = []
    for n in range(3):
        before = came_in
        file = tmp_path / f"{n}.backup"
        info = await asyncio.to_thread(backed_up, folder, file, with_indexes=with_indexes)
        made.append((file, before, info))
        await asyncio.sleep(0.05)
    stop.set()
    await loading
    for file, before, info in made:
        assert info.counts["articles"] >= before
        to = tmp_path / f"restored-{file.stem}"
        restore_backup(file, to, branches=BRANCHES)
        async with open_library(LibraryConfig(to), writer="test", embedder=HashEmbedder()) as again:
            assert await check_indexes(again) == []
            [counts] = await again.counts()
            assert (counts.articles, counts.unfinished) == (info.counts["articles"], 0)
            assert (await titles(again, f"topic{before - 1}"))[0] == (
                f"Town{before - 1} approves topic{before - 1}"
            )
            for n, found in expected.items():
                assert (await titles(again, f"topic{n}"))[0] == found[0]


async def test_a_folder_with_data_or_in_use_is_left_alone(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.backup"
    backed_up(folder, file)
    with pytest.raises(FolderInUse):
        restore_backup(file, folder, branches=BRANCHES)
    used = tmp_path / "used"
    restore_backup(file, used, branches=BRANCHES)
    before = (used / "catalogue.sqlite3").read_bytes()
    with pytest.raises(Refused) as refused:
        restore_backup(file, used, branches=BRANCHES)
    assert refused.value.code == "restore-onto-data"
    assert (used / "catalogue.sqlite3").read_bytes() == before


async def test_a_folder_that_was_only_opened_is_empty(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    file, new = tmp_path / "a.backup", tmp_path / "new"
    backed_up(folder, file)
    async with open_library(LibraryConfig(new), writer="test", embedder=HashEmbedder()):
        pass
    restore_backup(file, new, branches=BRANCHES)
    async with open_library(LibraryConfig(new), writer="test", embedder=HashEmbedder()) as again:
        assert [counts.articles for counts in await again.counts()] == [40]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 0xFF
    file.write_bytes(data)


def _other_contents(file: Path) -> None:
    """A whole ZIP file whose catalogue is another than its manifest says."""
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read("manifest.json")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("catalogue.sqlite3", b"other")
        archive.writestr("manifest.json", manifest)


def _with_manifest(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    with zipfile.ZipFile(file) as archive:
        record = json.loads(archive.read("manifest.json"))
        catalogue = archive.read("catalogue.sqlite3")
    change(record)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("catalogue.sqlite3", catalogue)
        archive.writestr("manifest.json", json.dumps(record))


def _newer(file: Path) -> None:
    _with_manifest(file, lambda record: record["tables"].update(catalogue="9999"))


def _escaping(file: Path) -> None:
    evil = {"uploads/../../evil": {"size": 1, "sha256": ""}}
    _with_manifest(file, lambda record: record["files"].update(evil))


@pytest.mark.parametrize(
    ("spoil", "error", "code"),
    [
        (_cut, StorageError, "backup-damaged"),
        (_flip, StorageError, "backup-damaged"),
        (_other_contents, StorageError, "backup-damaged"),
        (_newer, FolderTooNew, "backup-too-new"),
        (_escaping, StorageError, "backup-not-ours"),
        (lambda file: file.write_text("no backup"), StorageError, "backup-damaged"),
        (lambda file: file.unlink(), StorageError, "backup-unreadable"),
    ],
)
async def test_what_is_no_whole_backup_restores_nothing(
    library: Library,
    folder: Path,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    error: type[NewsdeskError],
    code: str,
) -> None:
    file, to = tmp_path / "a.backup", tmp_path / "to"
    backed_up(folder, file)
    verify_backup(file, branches=BRANCHES)
    spoil(file)
    for act in (partial(restore_backup, file, to), partial(verify_backup, file)):
        with pytest.raises(error) as raised:
            act(branches=BRANCHES)
        assert raised.value.code == code
    assert not (to / "catalogue.sqlite3").exists()
    assert not (tmp_path / "evil").exists()


_SLOW = """
import sys, time, pathlib
from datetime import datetime, UTC
from retrieval.backups import write
pack = write._packed
def slowly(*args):
    print("packing", flush=True)
    time.sleep(60)
    return pack(*args)
write._packed = slowly
write.write_backup(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), datetime.now(UTC))
"""


async def test_a_backup_that_is_killed_leaves_the_one_before_it(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.backup"
    backed_up(folder, file)
    before = file.read_bytes()
    child = subprocess.Popen(
        [sys.executable, "-c", _SLOW, str(folder), str(file)], stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert (await asyncio.to_thread(child.stdout.readline)).strip() == b"packing"
        child.kill()
    assert file.read_bytes() == before
    assert len(list(tmp_path.glob(".a.backup.partial"))) == 1
    backed_up(folder, file)  # what was left over goes with the next
    assert list(tmp_path.glob(".*partial")) == []


async def test_a_restore_that_is_killed_can_be_begun_again(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    file, to = tmp_path / "a.backup", tmp_path / "to"
    backed_up(folder, file, with_indexes=True)
    # As one leaves it that was killed when the indexes had their place and the catalogue had not.
    restore_backup(file, to, branches=BRANCHES)
    (to / ".restoring").mkdir()
    (to / "catalogue.sqlite3").rename(to / ".restoring" / "catalogue.sqlite3")
    restore_backup(file, to, branches=BRANCHES)
    async with open_library(LibraryConfig(to), writer="test", embedder=HashEmbedder()) as again:
        assert await check_indexes(again) == []


async def test_files_that_jobs_wait_for_come_along(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    kept = await FolderUploads(folder / "uploads").keep("a.txt", b"what was handed in")
    corpus = await library.catalogue.corpora.by_name("local")
    assert corpus is not None
    await library.catalogue.jobs.add(corpus, [kept], Actor("Ada", "#news"), NOW)
    file, to = tmp_path / "a.backup", tmp_path / "to"
    backed_up(folder, file)
    shutil.rmtree(folder / "uploads")
    restore_backup(file, to, branches=BRANCHES)
    with closing(sqlite3.connect(to / "catalogue.sqlite3")) as connection:
        [stored] = connection.execute("SELECT payload FROM job_items").fetchone()
    path = Path(json.loads(stored)["path"])
    assert path.is_relative_to(to)
    assert path.read_bytes() == b"what was handed in"


async def test_the_schedule_makes_what_is_due_and_keeps_a_number(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    clock, kept = Clock(NOW), tmp_path / "backups"
    schedule = BackupSchedule(folder, kept, timedelta(hours=6), 2, clock)
    first = await schedule.make_due()
    assert first is not None
    assert await schedule.make_due() is None
    for _ in range(3):
        clock.advance(hours=6)
        last = await schedule.make_due()
    assert last is not None
    assert sorted(path.name for path in kept.iterdir())[-1] == last.name
    assert len(list(kept.iterdir())) == 2
    assert last_backup(folder).made_at == clock.now
    # A clock that goes back delays no backup by more than an interval.
    clock.advance(days=-365)
    assert await schedule.make_due() is not None
    # What can't be written is remembered, and tried again within an hour.
    shutil.rmtree(kept)
    kept.write_text("in the way")
    clock.advance(hours=6)
    assert await schedule.make_due() is None
    failure = last_backup(folder).failure
    assert failure is not None
    assert failure.code == "backup-not-written"
    kept.unlink()
    clock.advance(hours=1)
    assert await schedule.make_due() is not None
    assert last_backup(folder).failure is None


async def test_the_terminal_backs_up_beside_a_writer_and_restores(
    library: Library, newsdesk: Newsdesk, tmp_path: Path
) -> None:
    done = await asyncio.to_thread(newsdesk, "backup", "b", "--json")
    assert json.loads(done.stdout)["counts"]["articles"] == 40
    assert last_backup(library.data_dir).file == str(tmp_path / "b")
    there = tmp_path / "other"
    done = await asyncio.to_thread(newsdesk, "restore", "b", NEWSDESK_DATA_DIR=str(there))
    assert done.returncode == 0, done.stderr
    async with open_library(LibraryConfig(there)) as restored:
        assert (await titles(restored, "topic7"))[0] == "Town7 approves topic7"
    refused = await asyncio.to_thread(newsdesk, "restore", "b", NEWSDESK_DATA_DIR=str(there))
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
