"""Making a backup of a data folder, also while another process writes to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from retrieval.backups.archive import (
    CATALOGUE_NAME,
    MANIFEST,
    UPLOADS,
    BackupEntry,
    BackupInfo,
)
from retrieval.backups.copies import copy_database, copy_indexes, copy_tree
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.records import PURGED
from retrieval.errors import StorageError
from retrieval.runtime.index_lock import pause_index_writes
from retrieval.runtime.observer import Tally, Tell, tell_nobody

_CHUNK = 1 << 20
_COUNTED = {
    "corpora": "corpora",
    # Of an erased article only the id is kept.
    "articles": f"articles WHERE canonical_url NOT LIKE '{PURGED}%'",
    "versions": "versions",
    "passages": "passages",
    "feeds": "feeds",
}


def write_backup(
    folder: Path,
    file: Path,
    now: datetime,
    *,
    with_indexes: bool = False,
    branches: Sequence[SchemaBranch] = (),
    tell: Tell = tell_nobody,
) -> BackupInfo:
    """Write a backup of ``folder`` to ``file``, of one moment. Blocks.

    The catalogue with the tables of ``branches`` in it is copied in one read transaction, which
    keeps nobody from writing; the indexes, which can be made anew from it, come along if asked for,
    and wait for them does who writes to them. The file appears whole, under a temporary name until
    then: whatever was there before stays if this fails or is killed. ``tell`` hears how far it is. Raises ``StorageError``.
    """
    source = folder / CATALOGUE_NAME
    if not source.exists():
        raise StorageError("backup-nothing-there", folder=str(folder))
    work = file.with_name(f".{file.name}.partial")
    try:
        shutil.rmtree(work, ignore_errors=True)  # of one that was killed
        work.mkdir(parents=True)
        tell("copying", 0, None)
        info = _collected(folder, work, now, with_indexes, (CATALOGUE, *branches))
        _place(_packed(work, info, tell), file)
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
        copy_tree(folder / UPLOADS, work / UPLOADS)
        if with_indexes:
            copy_indexes(folder, work)
    return BackupInfo(
        now.isoformat(), version("newsdesk"), tables, counts, with_indexes, dict(_hashed(work))
    )


def _copy_catalogue(
    folder: Path, work: Path, branches: Sequence[SchemaBranch]
) -> tuple[dict[str, str], dict[str, int]]:
    target = work / CATALOGUE_NAME
    copy_database(folder / CATALOGUE_NAME, target)
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
                name: int(copy.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])  # noqa: S608
                for name, rows in _COUNTED.items()
            }
    except (sqlite3.Error, TypeError) as error:
        raise StorageError("catalogue-damaged") from error
    return tables, counts


def _version_of(branch: SchemaBranch) -> str:
    return f"SELECT version_num FROM {branch.version_table}"  # noqa: S608 - a fixed name


def _hashed(work: Path) -> Iterator[tuple[str, BackupEntry]]:
    for path in sorted(work.rglob("*")):
        if path.is_file():
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            yield path.relative_to(work).as_posix(), BackupEntry(path.stat().st_size, digest)


def _packed(work: Path, info: BackupInfo, tell: Tell) -> Path:
    """Pack what was collected, freeing room as it goes; durable when this returns."""
    packed = work / "packed"
    with packed.open("wb") as opened:
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            tally = Tally(tell, "packing", info.size)
            for name in info.files:
                with (
                    (work / name).open("rb") as collected,
                    archive.open(name, "w", force_zip64=True) as entry,
                ):
                    while chunk := collected.read(_CHUNK):
                        entry.write(chunk)
                        tally.add(len(chunk))
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
