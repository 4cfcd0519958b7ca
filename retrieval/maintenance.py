"""Opening a data folder, and what keeps it in order: recovery, checks, deletion."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.catalogue import LAYOUT, Catalogue, Corpus
from retrieval.catalogue.access import Access
from retrieval.catalogue.connections import DatabaseFile
from retrieval.catalogue.corpus_deletion import (
    corpora_pending_deletion,
    erase_corpus,
    mark_corpus_deleted,
)
from retrieval.catalogue.database import Database, DatabaseLocation
from retrieval.catalogue.leases import require_any_fence
from retrieval.catalogue.migrate import SchemaBranch
from retrieval.catalogue.place import claim_folder, server_id_of
from retrieval.catalogue.server import DatabaseServer
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.embedders import Embedder, make_embedder, unpacked
from retrieval.errors import EmbedderMismatch, FolderInUse, IndexDamaged, StorageError
from retrieval.indexes.chroma_space import give_back
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.keyword_files import documents_held
from retrieval.indexes.vector_index import VectorIndex
from retrieval.indexes.vector_stores import VectorStores
from retrieval.keyword_copies import own_keywords
from retrieval.library import Library, LibraryConfig
from retrieval.reindexing import (
    drop_other_generations,
    keyword_folders,
    place_corpora,
    rebuild_shared,
    reindex,
)
from retrieval.runtime.conditions import Conditions, Part
from retrieval.runtime.folders import make_data_folder
from retrieval.runtime.writer_lock import WriterLock
from retrieval.timestamps import Clock, utc_now

_FIRST_START_SECONDS = 30.0
# Passages whose vectors are looked for when an index is checked.
_SAMPLE = 6


@dataclass(frozen=True, slots=True)
class IndexDisagreement:
    """Passages that an index lacks, has too many of, or holds twice."""

    corpus: str
    index: str
    missing: int
    surplus: int


@contextlib.asynccontextmanager
async def open_library(
    config: LibraryConfig,
    *,
    writer: str | None = None,
    access: Access | None = None,
    clock: Clock = utc_now,
    embedder: Embedder | None = None,
    branches: Sequence[SchemaBranch] = (),
    mends_later: bool = False,
    moving: bool = False,
) -> AsyncIterator[Library]:
    """Open a data folder, making it if need be, and close it again.

    ``access`` is what for; by default writing if there is a ``writer``, which says what is going to
    write, for others to read, else reading, beside a writer if there is one. ``embedder`` replaces the
    one of ``config``; ``branches`` are tables of the caller's in the same database. Writing and reading
    finish what a crash left, reading only if nobody is writing. ``mends_later``: indexes that are damaged or can't be had are
    left to a ``Mender``, and don't keep a writer from starting. ``moving`` is for who finishes a move:
    others can't open what isn't whole. Raises ``StorageError``,
    ``FolderInUse`` or ``FolderTooNew``.
    """
    if access is None:
        access = Access.WRITER if writer is not None else Access.READER
    folder = config.data_dir
    server = await _server(config)
    if access in (Access.WORKER, Access.GATEWAY) and server is None:
        raise StorageError("worker-needs-server")
    if access is Access.GATEWAY and not config.chroma_servers:
        raise StorageError("gateway-needs-chroma")
    await asyncio.to_thread(make_data_folder, folder)
    lock = WriterLock(folder) if server is None else ServerWriterLock(folder, server)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(lock.release)
        path = folder / "catalogue.sqlite3"
        written: DatabaseLocation | Path = server or path
        location: DatabaseLocation | None = server
        if location is None:
            location = await asyncio.to_thread(
                _catalogue_file, path, writes=access is Access.WRITER
            )
        if server is not None and clock is utc_now:  # other machines have other clocks
            clock = await asyncio.to_thread(server.clock)
        if access is Access.WRITER:
            await asyncio.to_thread(lock.acquire, writer or "newsdesk")
            if not await Database.is_ready(written, branches):
                await Database.prepare(written, branches)
        elif access is Access.GATEWAY and isinstance(lock, ServerWriterLock):
            await asyncio.to_thread(lock.acquire_folder, writer or "newsdesk")
            await Database.wait_until_ready(location, branches, seconds=_FIRST_START_SECONDS)
        elif not await Database.is_ready(location, branches):
            await asyncio.to_thread(lock.acquire, "first start", seconds=_FIRST_START_SECONDS)
            if not await Database.is_ready(written, branches):
                await Database.prepare(written, branches)
            await asyncio.to_thread(lock.release)
        embedder = embedder or make_embedder(config.embedder, config.embedder_options)
        catalogue = await Catalogue.open(location, moving=moving)
        library = await _opened(config, catalogue, embedder, clock, lock, access)
        stack.push_async_callback(library.close)
        if access in (Access.WRITER, Access.READER):
            await _require_articles(library)
        if access is Access.WRITER:
            if server is not None:
                await own_keywords(library)
            await recover(library, mends_later=mends_later)
        elif access is Access.READER and await _has_unfinished(library):
            await _recover_as_reader(library, lock)
        yield library


async def _opened(
    config: LibraryConfig,
    catalogue: Catalogue,
    embedder: Embedder,
    clock: Clock,
    lock: WriterLock,
    access: Access,
) -> Library:
    if access in (Access.WORKER, Access.GATEWAY):
        catalogue.database.permission = require_any_fence
    elif isinstance(lock, ServerWriterLock):
        catalogue.database.permission = lock.require
    writable = access is Access.WRITER
    conditions = Conditions(clock)
    folder_id = catalogue.database.folder_id
    try:
        name = folder_id
        if writable:
            on_server = bool(config.chroma_servers)
            name = await claim_folder(catalogue.database, config.data_dir, on_server=on_server)
        if config.chroma_servers:
            if access in (Access.GATEWAY, Access.READER):  # a worker never looks into it
                name = await server_id_of(catalogue.database, config.data_dir, lock)
            places = bool(config.chroma_urls)
            stores = VectorStores.servers(
                config.chroma_servers, name, embedder.identity, conditions, places=places
            )
            if places:
                catalogue.corpora.choose_server = stores.choose
        else:
            if writable:
                await asyncio.to_thread(give_back, config.data_dir / "chroma")
            store = ChromaStore.embedded(
                config.data_dir / "chroma",
                folder_id,
                embedder.identity,
                conditions,
                apart=config.chroma_apart,
                first_seconds=config.chroma_start_seconds,
            )
            stores = VectorStores([store])
    except BaseException:
        await catalogue.close()
        raise
    return Library(
        config, catalogue, stores, embedder, clock, lock, access=access, conditions=conditions
    )


async def _server(config: LibraryConfig) -> DatabaseServer | None:
    return await DatabaseServer.checked(config.database_url) if config.database_url else None


def _catalogue_file(path: Path, *, writes: bool) -> DatabaseFile:
    """The catalogue as it can be opened. Raises ``StorageError`` if there is none where indexes are:
    beside them an empty one would say that nothing was ever ingested."""
    there = path.exists() and path.stat().st_size > 0
    if not there and documents_held(path.parent):
        raise StorageError("catalogue-missing")
    return DatabaseFile.to_read(path) if there and not writes else DatabaseFile(path)


async def _require_articles(library: Library) -> None:
    """Raises ``StorageError`` if the catalogue knows of no article while its indexes hold some."""
    if not await library.catalogue.articles.any_version():
        held = await asyncio.to_thread(documents_held, library.data_dir)
        if held:
            raise StorageError("catalogue-emptied", entries=held)


async def _has_unfinished(library: Library) -> bool:
    corpora = await library.catalogue.corpora.all()
    if any(corpus.layout != LAYOUT for corpus in corpora):
        return True
    if library.stores.places and any(corpus.vector_server is None for corpus in corpora):
        return True
    return bool(await library.catalogue.articles.unfinished_corpora())


async def _recover_as_reader(library: Library, lock: WriterLock) -> None:
    """Nobody may be writing: then what is unfinished was left by a crash, and we finish it."""
    try:
        await asyncio.to_thread(lock.acquire, "recovery")
    except FolderInUse:
        return  # a writer is at it
    except StorageError:
        return  # a folder that can't be written can still be read
    try:
        library.writable = True
        # What it can't finish is no reason not to read.
        with contextlib.suppress(StorageError):
            await library.stores.require_answer()
            await recover(library)
    finally:
        library.writable = False
        await library.close_keywords()
        lock.release()


async def recover(library: Library, *, mends_later: bool = False) -> int:
    """Finish what a crash left: accepted articles are indexed, leftovers removed.

    An index that turns out to be damaged is made anew, or left as it is (``mends_later``). What is on
    one of several servers that can't be had stays unfinished. Returns how many articles were finished.
    """
    library.require_writable()
    finished = 0
    passing: tuple[type[StorageError], ...] = (StorageError,) if mends_later else ()
    with contextlib.suppress(*((StorageError,) if library.stores.places else passing)):
        await erase_deleted(library)
        await place_corpora(library)
    folders = await asyncio.to_thread(keyword_folders, library)
    unfinished = await library.catalogue.articles.unfinished_corpora()
    names: dict[ChromaStore, list[str]] | None = None
    for corpus in await library.catalogue.corpora.all():
        # The command that mends another embedder's vectors says so.
        with contextlib.suppress(EmbedderMismatch, *passing):
            try:
                if names is None:
                    names = await library.stores.recovered_names()
                if _must_wait(library, corpus, names):
                    continue
                await drop_other_generations(library, corpus, names, folders.get(corpus.id, []))
                if corpus.layout != LAYOUT:
                    raise IndexDamaged("index-outdated")
                if corpus.id not in unfinished:
                    continue
                finished += await library.indexer_for(library.indexes(corpus)).finish_pending()
            except IndexDamaged as error:
                if mends_later and error.code != "index-outdated":
                    raise
                outdated = error.code == "index-outdated"  # then the vectors are still good
                async for _ in reindex(library, corpus, keep_vectors=outdated):
                    pass
        if names is None and mends_later:
            break  # Chroma can't be had at present
    return finished


def _must_wait(
    library: Library, corpus: Corpus, names: Mapping[ChromaStore, Sequence[str]]
) -> bool:
    """Whether the server of a corpus can't be had. What was on a server that isn't ours any more is
    made anew for an older layout, and for a copy, without it."""
    if library.stores.misses(corpus):
        return corpus.layout == LAYOUT
    return library.stores.of(corpus) not in names


async def damage_of(library: Library, corpus: Corpus) -> dict[Part, IndexDamaged]:
    """What a look at each index of a corpus tells of damage. Raises ``StorageError`` for one that
    can't be had."""
    indexes = library.indexes(corpus)
    held = await library.catalogue.vectors.count_held(corpus)
    shown = held + await library.catalogue.vectors.count_lacking(corpus)
    found: dict[Part, IndexDamaged] = {}
    try:
        await asyncio.to_thread(indexes.keywords.check, shown)
        # Reads something of all that words are looked up in.
        await asyncio.to_thread(indexes.keywords.weigh, ["a", "the"])
    except IndexDamaged as error:
        found["keywords"] = error
    packed = await library.catalogue.vectors.sample(corpus, _SAMPLE)
    sample = [(each, unpacked([row], len(row) // 2)[0]) for each, row in packed]
    try:
        await indexes.vectors.check(sample, held)
    except IndexDamaged as error:
        found["vectors"] = error
    return found


async def delete_corpora(library: Library, *names: str) -> None:
    """Delete corpora with everything in them. A crash on the way is finished at the next start.

    Many at a time cost little more than one: what they share with others is rewritten once. What a
    gateway deletes is hidden at once, and erased by the writer.
    """
    await hide_corpora(library, *names)
    if library.writable:
        await erase_hidden(library)


async def hide_corpora(library: Library, *names: str) -> None:
    """Delete corpora for everybody who reads; what is left of them is for ``erase_hidden``, or for
    the next start of the writer."""
    if library.access is not Access.GATEWAY:
        library.require_writable()
    for name in names:
        await mark_corpus_deleted(library.database, name)
        library.forget(name)


async def erase_hidden(library: Library) -> None:
    """Erase the corpora that were hidden, and give back the space they took."""
    await erase_deleted(library)
    await library.stores.give_back()
    await library.database.vacuum()


async def check_indexes(
    library: Library, corpora: Sequence[Corpus] | None = None
) -> list[IndexDisagreement]:
    """Compare the indexes of ``corpora``, by default of all, with the catalogue, passage by passage."""
    found = []
    for corpus in await library.catalogue.corpora.all() if corpora is None else corpora:
        indexes = library.indexes(corpus)
        shown = await library.catalogue.articles.shown_passage_ids(corpus)
        # Vectors that are still to be made are missing nowhere.
        later = (
            await library.catalogue.vectors.lacking_ids(corpus)
            if library.embedder.deferred
            else set()
        )
        for name, held, expected in (
            ("keywords", await indexes.keywords.passage_ids(), shown),
            ("vectors", await indexes.vectors.passage_ids(), shown - later),
        ):
            missing = len(expected - set(held))
            surplus = len(held) - (len(expected) - missing)
            if missing or surplus:
                found.append(IndexDisagreement(corpus.name, name, missing, surplus))
    return found


async def erase_deleted(library: Library) -> None:
    """Erase the corpora that are to be deleted. The shared collections that they were in are written
    anew, for their files keep what is deleted from them.

    What was on a server that isn't ours any more stays there. Raises ``StorageError`` if the server
    of one can't be had, when the others are erased.
    """
    pending, stores = await corpora_pending_deletion(library.database), library.stores
    if not pending:
        return
    # A rebuilding that was cut off may hide what is to be deleted.
    names = await stores.recovered_names()
    all_answer = all(store in names for store in stores)
    corpora = [
        corpus
        for corpus in pending
        if stores.of(corpus) in names
        or (stores.misses(corpus) and (all_answer or corpus.vector_server is not None))
    ]
    async with contextlib.AsyncExitStack() as marked:
        for corpus in corpora:
            await library.close_indexes(corpus.id)
        for store, known in names.items():
            left: set[str] = set()
            for corpus in corpora:
                if shared := store.shared_names(corpus.id, known):
                    if store.is_marked(corpus.id, known):  # cut off before they were written anew
                        left.update(shared)
                    await marked.enter_async_context(store.unsettled(corpus.id))
                for generation in await store.generations(corpus.id):
                    left |= await VectorIndex(store, corpus.id, generation).drop()
            await rebuild_shared(library, store, sorted(left))
    folders = await asyncio.to_thread(keyword_folders, library)
    for corpus in corpora:
        for store in names:
            await store.settle(corpus.id)
        for folder in folders.get(corpus.id, []):
            await asyncio.to_thread(shutil.rmtree, folder, True)
        await erase_corpus(library.database, corpus)
    for corpus in pending:
        if corpus not in corpora:
            await stores.of(corpus).require_answer()
