"""Restoring a backup into an empty folder, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from retrieval.backups.archive import (
    CATALOGUE_NAME,
    CHROMA,
    KEYWORDS,
    UPLOADS,
    BackupInfo,
    read_manifest,
)
from retrieval.backups.write import sync_folder
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.place import forget_place
from retrieval.errors import FolderTooNew, Refused, StorageError
from retrieval.runtime.folders import make_data_folder
from retrieval.runtime.observer import Tally, Tell, tell_nobody
from retrieval.runtime.writer_lock import WriterLock

_CHUNK = 1 << 20
# Where a restore is made ready, beside what it becomes; what is there was never finished.
_WORK = ".restoring"
# Tables that a folder nobody has used has rows in.
_OF_NEW_FOLDER = ("properties", "sqlite_sequence", "alembic_version", "application_version")


def verify_backup(
    file: Path, *, branches: Sequence[SchemaBranch] = (), tell: Tell = tell_nobody
) -> BackupInfo:
    """Read a backup to its end and hold every checksum; ``tell`` hears how many bytes are read. Blocks.

    Raises ``StorageError`` if it is damaged or none of ours, ``FolderTooNew`` if a newer program made it.
    """
    with _opened(file) as archive:
        info = _known(archive, file, branches)
        tally = Tally(tell, "reading", info.size)
        for name in info.files:
            for chunk in _read(archive, file, info, name):
                tally.add(len(chunk))
    return info


def restore_backup(
    file: Path,
    folder: Path,
    *,
    branches: Sequence[SchemaBranch] = (),
    tell: Tell = tell_nobody,
) -> BackupInfo:
    """Restore a backup into ``folder``, which is made if need be. Blocks.

    The catalogue appears last and whole: a restore that is killed has restored nothing and can be
    begun again. Indexes that the backup doesn't hold are made at the next start; so are vectors on
    a Chroma server, in collections of the folder's own. Raises as ``verify_backup`` does, and
    ``Refused`` for a folder with data, ``FolderInUse`` if somebody writes to it.
    """
    with _opened(file) as archive:
        info = _known(archive, file, branches)
        make_data_folder(folder)
        lock = WriterLock(folder)
        lock.acquire("newsdesk restore")
        try:
            _require_empty(folder)
            work = folder / _WORK
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            tally = Tally(tell, "restoring", info.size)
            for name in info.files:
                _extract(archive, file, info, name, work / name, tally)
            _prepare(work / CATALOGUE_NAME, folder, keep_indexes=info.indexes)
            _move_in(work, folder)
        except OSError as error:
            detail = error.strerror or str(error)
            raise StorageError("restore-failed", detail=detail) from error
        finally:
            shutil.rmtree(folder / _WORK, ignore_errors=True)
            lock.release()
    return info


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise StorageError("backup-damaged", file=str(file)) from error
    except OSError as error:
        detail = error.strerror or str(error)
        raise StorageError("backup-unreadable", file=str(file), detail=detail) from error
    with archive:
        yield archive


def _known(archive: zipfile.ZipFile, file: Path, branches: Sequence[SchemaBranch]) -> BackupInfo:
    """The manifest. Raises ``FolderTooNew`` for tables that this program doesn't know yet."""
    info = read_manifest(archive, file)
    heads = {branch.name: branch.head for branch in (CATALOGUE, *branches)}
    for name, found in info.tables.items():
        known = heads.get(name, "none")
        if not (found.isdigit() and known.isdigit() and int(found) <= int(known)):
            raise FolderTooNew(
                "backup-too-new", file=str(file), tables=name, found=found, known=known
            )
    return info


def _read(archive: zipfile.ZipFile, file: Path, info: BackupInfo, name: str) -> Iterator[bytes]:
    """The bytes of an entry. Raises ``StorageError`` at their end if they aren't those of the manifest."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as entry:
            while chunk := entry.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > info.files[name].size:
                    break
                yield chunk
    except (KeyError, EOFError, zipfile.BadZipFile, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise StorageError("backup-damaged", file=str(file)) from error
    if (size, digest.hexdigest()) != (info.files[name].size, info.files[name].sha256):
        raise StorageError("backup-damaged", file=str(file))


def _extract(
    archive: zipfile.ZipFile, file: Path, info: BackupInfo, name: str, to: Path, tally: Tally
) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as opened:
        for chunk in _read(archive, file, info, name):
            opened.write(chunk)
            tally.add(len(chunk))
        opened.flush()
        os.fsync(opened.fileno())


def _require_empty(folder: Path) -> None:
    """Raises ``Refused`` for a folder that something was brought into. What a restore left that was
    killed is nothing, nor is what an opened and never used folder holds."""
    parts = [folder / name for name in (KEYWORDS, CHROMA, UPLOADS)]
    unfinished = (folder / _WORK).exists() and not (folder / CATALOGUE_NAME).exists()
    used = _is_used(folder / CATALOGUE_NAME) or (
        not unfinished and any(_holds_files(part) for part in (parts[0], parts[2]))
    )
    if used:
        raise Refused("restore-onto-data", folder=str(folder))
    for part in parts:
        shutil.rmtree(part, ignore_errors=True)
    for left in folder.glob(f"{CATALOGUE_NAME}*"):
        left.unlink()


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def _is_used(catalogue: Path) -> bool:
    """Whether a catalogue has rows beside those that every new one has; an unreadable one may."""
    if not catalogue.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(catalogue)) as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            names = [name for (name,) in connection.execute(query) if name not in _OF_NEW_FOLDER]
            counted = (f'SELECT EXISTS (SELECT 1 FROM "{name}")' for name in names)  # noqa: S608
            return any(connection.execute(query).fetchone()[0] for query in counted)
    except sqlite3.Error:
        return True


def _prepare(catalogue: Path, folder: Path, *, keep_indexes: bool) -> None:
    """Make a copied catalogue one of ``folder``. Raises ``StorageError`` if it can't be read."""
    try:
        with contextlib.closing(sqlite3.connect(catalogue, isolation_level=None)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise StorageError("catalogue-damaged")
            connection.execute("BEGIN")
            forget_place(connection)
            if not keep_indexes:
                # Of an older layout, as it were: start-up makes both indexes anew.
                connection.execute("UPDATE corpora SET layout = 0")
            _move_uploads(connection, folder / UPLOADS)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StorageError("catalogue-damaged") from error


def _move_uploads(connection: sqlite3.Connection, uploads: Path) -> None:
    """Let jobs find the files that were handed in where they are now."""
    query = "SELECT id, payload FROM job_items WHERE kind = 'file' AND payload IS NOT NULL"
    for item_id, stored in connection.execute(query).fetchall():
        payload = json.loads(stored)
        path = Path(payload["path"]) if isinstance(payload, dict) and "path" in payload else None
        if path is not None and path.parent.parent.name == UPLOADS:
            payload["path"] = str(uploads / path.parent.name / path.name)
            connection.execute(
                "UPDATE job_items SET payload = ? WHERE id = ?", (json.dumps(payload), item_id)
            )


def _move_in(work: Path, folder: Path) -> None:
    """Move what was restored to its place, the catalogue last: it says that all is there."""
    for part in (KEYWORDS, CHROMA, UPLOADS):
        if (work / part).exists():
            (work / part).replace(folder / part)
    sync_folder(folder)
    (work / CATALOGUE_NAME).replace(folder / CATALOGUE_NAME)
    sync_folder(folder)
