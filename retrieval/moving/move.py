"""Moving a library: its tables, held to their digests, then what is made of them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval.catalogue.connections import DatabaseFile
from retrieval.catalogue.database import FOLDER_ID, MOVING, Database, DatabaseLocation
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.catalogue.place import PLACE, SERVER_ID
from retrieval.catalogue.schema import hosts, job_items, leases, properties
from retrieval.catalogue.schema import metadata as catalogue_tables
from retrieval.catalogue.server import DatabaseServer
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.errors import Refused, StorageError
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import open_library
from retrieval.moving import copying
from retrieval.moving.copying import TableDigest
from retrieval.moving.filling import copy_index_files, fill_indexes
from retrieval.runtime.folders import make_data_folder
from retrieval.runtime.observer import Tell, tell_nobody
from retrieval.runtime.writer_lock import WriterLock

_HOLDER = "newsdesk move"
_UPLOADS = "uploads"
# What only says which process does what at the moment, and what each database has of its own.
_NOT_MOVED = [properties.name, leases.name, hosts.name]


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What was moved: rows and digest by table, and how many passages new indexes hold, if there are."""

    tables: Mapping[str, TableDigest]
    passages: int


async def move_library(
    library: Library,
    folder: Path,
    database_url: str | None = None,
    *,
    branches: Sequence[SchemaBranch] = (),
    metadatas: Sequence[MetaData] = (),
    tell: Tell = tell_nobody,
) -> MoveResult:
    """Copy all that ``library``, which is open for writing, keeps: into ``folder``, or into the
    database at ``database_url``, to which the data folder ``folder`` goes then.

    ``metadatas`` are the tables of ``branches``, beside the catalogue's. Killed on the way, it goes
    on where it was when it is called again; until all tables are there, nothing opens the target.
    The indexes are copied, and looked at. If one is damaged, or the vectors are on a Chroma server,
    they are made anew: the keyword index from the catalogue, the vector index with the original's
    vectors or, if it can't be read, those that the catalogue keeps in half precision. Nothing is
    embedded again. In the same folder the indexes stay. ``tell`` hears what is being copied, how much
    of it is there, and of how much. Raises ``Refused`` for a target that holds other data,
    ``FolderInUse`` and ``StorageError``.
    """
    library.require_writable()
    config = replace(library.config, data_dir=folder, database_url=database_url)
    stays = await asyncio.to_thread(_same, folder, library.data_dir)
    if stays and database_url == library.config.database_url:
        raise Refused("move-onto-itself")
    for corpus in await library.catalogue.corpora.all():
        # Vectors of another embedder could not be searched there either.
        await library.indexes(corpus).vectors.require_embedder()
    async with _locked(config, stays=stays) as location:
        target = Target(location, location.async_engine(), None if stays else folder)
        try:
            tables = await _copied(library, target, branches, metadatas, tell)
            if target.folder is not None and library.stores.is_local:
                await copy_index_files(library, target.folder, target.engine, tell)
        except DBAPIError as error:
            raise location.error(error) from error
        finally:
            await target.engine.dispose()
    if stays:
        return MoveResult(tables, 0)
    async with open_library(
        config, writer=_HOLDER, embedder=library.embedder, branches=branches, moving=True
    ) as moved:
        passages = await fill_indexes(moved, library, tell)
        async with moved.database.write() as connection:
            await connection.run_sync(_end)
    return MoveResult(tables, passages)


@dataclass(frozen=True, slots=True)
class Target:
    """A database that is filled, and its data folder, unless that is the source's too."""

    location: DatabaseLocation
    engine: AsyncEngine
    folder: Path | None

    @property
    def name(self) -> str:
        """For people."""
        server = self.location
        return server.name if isinstance(server, DatabaseServer) else str(self.folder)


@contextlib.asynccontextmanager
async def _locked(config: LibraryConfig, *, stays: bool) -> AsyncIterator[DatabaseLocation]:
    """Where the database of a library is, while nobody else writes to it. The lock of a folder that
    ``stays`` is the source's already."""
    folder = config.data_dir
    await asyncio.to_thread(make_data_folder, folder)
    with tempfile.TemporaryDirectory(prefix="newsdesk-move-") as other:
        locked = Path(other) if stays else folder
        if config.database_url is None:
            location: DatabaseLocation = DatabaseFile(folder / "catalogue.sqlite3")
            lock = WriterLock(locked)
        else:
            location = server = DatabaseServer(config.database_url)
            await asyncio.to_thread(server.check)
            lock = ServerWriterLock(locked, server)
        await asyncio.to_thread(lock.acquire, _HOLDER)
        try:
            yield location
        finally:
            await asyncio.to_thread(lock.release)


async def _copied(
    library: Library,
    target: Target,
    branches: Sequence[SchemaBranch],
    metadatas: Sequence[MetaData],
    tell: Tell,
) -> dict[str, TableDigest]:
    """Copy the tables, unless they are there, and make them a catalogue that can be opened."""
    engine = target.engine
    tables = copying.all_tables((catalogue_tables, *metadatas), but=_NOT_MOVED)
    await _prepare(library, target, branches, tables)
    async with engine.connect() as connection:
        whole = await connection.run_sync(_is_whole)
    if whole:
        return {table.name: await copying.table_digest(engine, table) for table in tables}
    for table in tables:
        await copying.copy_table(library.database.engine, engine, table, tell)
    digests = {}
    for table in tables:
        tell(f"checking {table.name}", 0, None)
        digests[table.name] = await _compared(library, engine, table, tables)
    uploads = None
    if target.folder is not None:
        uploads = target.folder / _UPLOADS
        await asyncio.to_thread(_copy_uploads, library.data_dir / _UPLOADS, uploads)
    async with library.database.connect() as source:
        known = await source.execute(select(properties))
        kept = {row.name: row.value for row in known if row.name != MOVING}
        numbers = await source.run_sync(copying.counters, tables)
    async with engine.begin() as writing:
        await writing.run_sync(copying.set_counters, tables, numbers)
        await writing.run_sync(_settle, kept, uploads)
    return digests


async def _prepare(
    library: Library, target: Target, branches: Sequence[SchemaBranch], tables: Sequence[Table]
) -> None:
    """Make the tables. Raises ``Refused`` if there is anything that this move did not bring, which
    stays as it is."""
    if not await asyncio.to_thread(target.location.exists):
        begun = False
    else:
        async with target.engine.connect() as connection:
            begun = await connection.run_sync(_is_begun, library.database.folder_id)
            if not begun and not await connection.run_sync(_is_free, tables):
                raise Refused("move-onto-data", target=target.name)
    if not await Database.is_ready(target.location, branches):
        await Database.prepare(target.location, branches)
    if not begun:
        async with target.engine.begin() as connection:
            await connection.run_sync(copying.begin)
            await connection.execute(delete(properties))
            row = {"name": MOVING, "value": library.database.folder_id}
            await connection.execute(insert(properties), row)


def _is_begun(connection: Connection, folder_id: str) -> bool:
    """Whether an earlier try of this move has begun to fill a database."""
    if not copying.is_begun(connection):
        return False
    query = select(properties.c.value).where(properties.c.name == MOVING)
    return bool(connection.scalar(query) == folder_id)


def _is_free(connection: Connection, tables: Sequence[Table]) -> bool:
    """Whether a database is empty, or has nothing but Newsdesk's tables, of whatever version."""
    names = set(inspect(connection).get_table_names())
    if not names:
        return True
    if CATALOGUE.version_table not in names or copying.is_begun(connection):
        return False
    return not copying.holds_rows(connection, [each for each in tables if each.name in names])


def _is_whole(connection: Connection) -> bool:
    """Whether all tables are copied: the catalogue has its own id then."""
    query = select(properties.c.value).where(properties.c.name == FOLDER_ID)
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


def _end(connection: Connection) -> None:
    """Forget that this was a move."""
    copying.finish(connection)
    connection.execute(delete(properties).where(properties.c.name == MOVING))


def _settle(connection: Connection, kept: Mapping[str, str], uploads: Path | None) -> None:
    """Make what was copied a catalogue that can be opened: of the same folder, or (``uploads``) of
    another one, which is nowhere yet."""
    if uploads is None:
        _end(connection)
        connection.execute(insert(properties), _rows(kept))
        return
    # Nowhere yet, with collections of its own on a Chroma server, which are filled then.
    elsewhere = {name: value for name, value in kept.items() if name != PLACE}
    elsewhere[SERVER_ID] = uuid.uuid4().hex[:12]
    connection.execute(insert(properties), _rows(elsewhere))
    query = select(job_items.c.id, job_items.c.payload).where(job_items.c.kind == "file")
    for item_id, payload in connection.execute(query).all():
        path = Path(payload["path"]) if isinstance(payload, dict) and "path" in payload else None
        if path is not None and path.parent.parent.name == _UPLOADS:
            moved = {**payload, "path": str(uploads / path.parent.name / path.name)}
            connection.execute(
                update(job_items).where(job_items.c.id == item_id).values(payload=moved)
            )


def _rows(kept: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in kept.items()]


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
