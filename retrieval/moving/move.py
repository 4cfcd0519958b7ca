"""Moving a library: its tables, held to their digests, then what is made of them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval.catalogue.connections import DatabaseFile, async_engine, storage_error
from retrieval.catalogue.database import Database
from retrieval.catalogue.migrate import SchemaBranch
from retrieval.catalogue.place import PLACE
from retrieval.catalogue.schema import job_items, properties
from retrieval.catalogue.schema import metadata as catalogue_tables
from retrieval.errors import Refused, StorageError
from retrieval.library import Library
from retrieval.maintenance import open_library
from retrieval.moving import copying
from retrieval.moving.copying import TableDigest
from retrieval.moving.filling import fill_indexes
from retrieval.runtime.writer_lock import WriterLock

_UPLOADS = "uploads"
# Names the folder that is moved, in a catalogue that isn't whole yet.
_MOVING = "moving"

Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What was moved: rows and digest by table, and how many passages the new indexes hold."""

    tables: Mapping[str, TableDigest]
    passages: int


async def move_to_folder(
    library: Library,
    folder: Path,
    *,
    branches: Sequence[SchemaBranch] = (),
    metadatas: Sequence[MetaData] = (),
    tell: Tell = lambda name, rows: None,
) -> MoveResult:
    """Copy all that ``library``, which is open for writing, keeps into ``folder``.

    ``metadatas`` are the tables of ``branches``, beside the catalogue's. Killed on the way, it goes
    on where it was when it is called again; until it has ended, nothing opens the folder. Vectors
    are those of the catalogue: none is made anew. ``tell`` hears what is being copied and how much
    of it is there. Raises ``Refused`` for a folder that holds other data, ``FolderInUse`` and
    ``StorageError``.
    """
    library.require_writable()
    if await asyncio.to_thread(_same, folder, library.data_dir):
        raise Refused("move-onto-itself")
    for corpus in await library.catalogue.corpora.all():
        # Vectors of another embedder could not be searched there either.
        await library.indexes(corpus).vectors.require_embedder()
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        detail = error.strerror or str(error)
        raise StorageError("data-folder-not-created", detail=detail) from error
    lock = WriterLock(folder)
    lock.acquire("newsdesk move")
    try:
        engine = async_engine(DatabaseFile(folder / "catalogue.sqlite3"))
        try:
            tables = await _copied(library, engine, folder, branches, metadatas, tell)
        except DBAPIError as error:
            raise storage_error(error) from error
        finally:
            await engine.dispose()
    finally:
        lock.release()
    config = replace(library.config, data_dir=folder, database_url=None)
    async with open_library(
        config, writer="newsdesk move", embedder=library.embedder, branches=branches
    ) as moved:
        passages = await fill_indexes(moved, tell)
        async with moved.database.write() as connection:
            await connection.run_sync(copying.finish)
            await connection.execute(delete(properties).where(properties.c.name == _MOVING))
    return MoveResult(tables, passages)


async def _copied(
    library: Library,
    engine: AsyncEngine,
    folder: Path,
    branches: Sequence[SchemaBranch],
    metadatas: Sequence[MetaData],
    tell: Tell,
) -> dict[str, TableDigest]:
    """Copy the tables, unless they are there, and make them a catalogue of ``folder``."""
    tables = copying.all_tables((catalogue_tables, *metadatas), but=[properties.name])
    await _prepare(library, folder, engine, branches, tables)
    async with engine.connect() as connection:
        whole = await connection.run_sync(_is_whole)
    if not whole:
        for table in tables:
            await copying.copy_table(library.database.engine, engine, table, tell)
        digests = {}
        for table in tables:
            tell(f"checking {table.name}", 0)
            digests[table.name] = await _compared(library, engine, table, tables)
        await asyncio.to_thread(_copy_uploads, library.data_dir / _UPLOADS, folder / _UPLOADS)
        async with library.database.connect() as source:
            known = await source.execute(select(properties))
            kept = {row.name: row.value for row in known}
            numbers = await source.run_sync(copying.counters, tables)
        async with engine.begin() as target:
            await target.run_sync(copying.set_counters, tables, numbers)
            await target.run_sync(_settle, kept, folder / _UPLOADS)
        return digests
    return {table.name: await copying.table_digest(engine, table) for table in tables}


async def _prepare(
    library: Library,
    folder: Path,
    engine: AsyncEngine,
    branches: Sequence[SchemaBranch],
    tables: Sequence[Table],
) -> None:
    """Make the tables. Raises ``Refused`` if there is anything that this move did not bring."""
    path = folder / "catalogue.sqlite3"
    if not await Database.is_ready(path, branches):
        await Database.prepare(path, branches)
    async with engine.begin() as connection:
        if await connection.run_sync(copying.is_begun):
            query = select(properties.c.value).where(properties.c.name == _MOVING)
            if await connection.scalar(query) == library.database.folder_id:
                return
        elif not await connection.run_sync(copying.holds_rows, tables):
            await connection.run_sync(copying.begin)
            await connection.execute(delete(properties))
            row = {"name": _MOVING, "value": library.database.folder_id}
            await connection.execute(insert(properties), row)
            return
    raise Refused("move-onto-data", target=str(folder))


def _is_whole(connection: Connection) -> bool:
    """Whether all tables are copied: the catalogue has its own id then."""
    query = select(properties.c.value).where(properties.c.name == "folder_id")
    return connection.execute(query).first() is not None


async def _compared(
    library: Library, engine: AsyncEngine, table: Table, tables: Sequence[Table]
) -> TableDigest:
    """Read a table on both sides. Where they differ, what was copied is dropped."""
    here = await copying.table_digest(library.database.engine, table)
    if here != await copying.table_digest(engine, table):
        async with engine.begin() as connection:
            await connection.run_sync(copying.clear, tables)
        raise StorageError("move-differs", table=table.name, retry=True)
    return here


def _settle(connection: Connection, kept: Mapping[str, str], uploads: Path) -> None:
    """Make what was copied a catalogue that can be opened, which is nowhere yet."""
    own = (PLACE, _MOVING)
    rows = [{"name": name, "value": value} for name, value in kept.items() if name not in own]
    connection.execute(insert(properties), [*rows, {"name": PLACE, "value": ""}])
    query = select(job_items.c.id, job_items.c.payload).where(job_items.c.kind == "file")
    for item_id, payload in connection.execute(query).all():
        path = Path(payload["path"]) if isinstance(payload, dict) and "path" in payload else None
        if path is not None and path.parent.parent.name == _UPLOADS:
            moved = {**payload, "path": str(uploads / path.parent.name / path.name)}
            connection.execute(
                update(job_items).where(job_items.c.id == item_id).values(payload=moved)
            )


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _copy_uploads(source: Path, target: Path) -> None:
    """Copy the files that jobs still wait for."""
    if not source.exists():
        return
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise StorageError("data-folder-no-room", detail=detail) from error
