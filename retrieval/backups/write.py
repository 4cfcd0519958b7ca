"""Making a backup of a data folder, also while another process writes to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from retrieval.backups.archive import (
    CATALOGUE_NAME,
    CHROMA,
    KEYWORDS,
    MANIFEST,
    UPLOADS,
    BackupEntry,
    BackupInfo,
)
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.errors import StorageError
from retrieval.runtime.index_lock import pause_index_writes

_CHUNK = 1 << 20
_COUNTED = ("corpora", "articles", "versions", "passages", "feeds")
# The catalogue is read from beside, and its writer may be at a checkpoint.
_BUSY_SECONDS = 30
# How often copying files that somebody changes meanwhile is tried.
_TRIES = 5


def write_backup(
    folder: Path,
    file: Path,
    now: datetime,
    *,
    with_indexes: bool = False,
    branches: Sequence[SchemaBranch] = (),
) -> BackupInfo:
    """Write a backup of ``folder`` to ``file``, of one moment. Blocks.

    The catalogue with the tables of ``branches`` in it is copied in one read transaction, which
    keeps nobody from writing; the indexes, which can be made anew from it, come along if asked for,
    and wait for them does who writes to them. The file appears whole, under a temporary name until
    then: whatever was there before stays if this fails or is killed. Raises ``StorageError``.
    """
    source = folder / CATALOGUE_NAME
    if not source.exists():
        raise StorageError("backup-nothing-there", folder=str(folder))
    work = file.with_name(f".{file.name}.partial")
    try:
        shutil.rmtree(work, ignore_errors=True)  # of one that was killed
        work.mkdir(parents=True)
        info = _collected(folder, work, now, with_indexes, (CATALOGUE, *branches))
        _place(_packed(work, info), file)
    except OSError as error:
        raise StorageError(
            "backup-not-written", file=str(file), detail=error.strerror or str(error)
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return info


def _collected(
    folder: Path, work: Path, now: datetime, with_indexes: bool, branches: Sequence[SchemaBranch]
) -> BackupInfo:
    """Copy what the backup is made of into ``work``."""
    with contextlib.ExitStack() as stack:
        if with_indexes:
            stack.enter_context(pause_index_writes(folder))
        tables, counts = _copy_catalogue(folder, work, branches)
        _copy_tree(folder / UPLOADS, work / UPLOADS)
        if with_indexes:
            _unchanged(folder / KEYWORDS, lambda: _copy_anew(folder, work, KEYWORDS))
            _unchanged(folder / CHROMA, lambda: _copy_chroma(folder / CHROMA, work / CHROMA))
    return BackupInfo(
        now.isoformat(), version("newsdesk"), tables, counts, with_indexes, dict(_hashed(work))
    )


def _copy_catalogue(
    folder: Path, work: Path, branches: Sequence[SchemaBranch]
) -> tuple[dict[str, str], dict[str, int]]:
    target = work / CATALOGUE_NAME
    _copy_database(folder / CATALOGUE_NAME, target)
    try:
        with contextlib.closing(sqlite3.connect(target)) as copy:
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise StorageError("catalogue-damaged")
            tables = {
                branch.name: str(copy.execute(_version_of(branch)).fetchone()[0])
                for branch in branches
            }
            counts = {
                table: int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
                for table in _COUNTED
            }
    except (sqlite3.Error, TypeError) as error:
        raise StorageError("catalogue-damaged") from error
    return tables, counts


def _version_of(branch: SchemaBranch) -> str:
    return f"SELECT version_num FROM {branch.version_table}"  # noqa: S608 - a fixed name


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database with SQLite's own means, all pages in one read transaction."""
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
            ) as original,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            original.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
            # Page by page it would begin again with each write of another process.
            original.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "malformed" in said or "not a database" in said:
            raise StorageError("catalogue-damaged") from error
        raise OSError(said) from error


def _copy_chroma(source: Path, target: Path) -> None:
    if not source.exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in source.iterdir():
        if path.is_dir():
            shutil.copytree(path, target / path.name)
    database = source / "chroma.sqlite3"
    if database.exists():
        _copy_database(database, target / database.name)


def _copy_anew(folder: Path, work: Path, name: str) -> None:
    shutil.rmtree(work / name, ignore_errors=True)
    _copy_tree(folder / name, work / name)


def _copy_tree(source: Path, target: Path) -> None:
    """Copy a folder; a file that goes meanwhile is done with."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.name.endswith(".lock"):
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path, to)


def _unchanged(folder: Path, copy: Callable[[], None]) -> None:
    """Copy until nothing in ``folder`` changed meanwhile: a question can make Chroma write."""
    for _ in range(_TRIES):
        before = _state(folder)
        with contextlib.suppress(FileNotFoundError, shutil.Error):
            copy()
            if _state(folder) == before:
                return
    raise StorageError("backup-indexes-busy", retry=True)


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Sizes and times of the files of a folder but for databases, which are copied by other means."""
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and ".sqlite3" not in path.name and path.suffix != ".lock":
                status = path.stat()
                found[path] = (status.st_size, status.st_mtime_ns)
    return found


def _hashed(work: Path) -> Iterator[tuple[str, BackupEntry]]:
    for path in sorted(work.rglob("*")):
        if path.is_file():
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            yield path.relative_to(work).as_posix(), BackupEntry(path.stat().st_size, digest)


def _packed(work: Path, info: BackupInfo) -> Path:
    """Pack what was collected, freeing room as it goes; durable when this returns."""
    packed = work / "packed"
    with packed.open("wb") as opened:
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in info.files:
                archive.write(work / name, name)
                (work / name).unlink()
            archive.writestr(MANIFEST, json.dumps(info.to_manifest(), indent=1))
        opened.flush()
        os.fsync(opened.fileno())
    return packed


def _place(packed: Path, file: Path) -> None:
    packed.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
