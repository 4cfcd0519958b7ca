"""Making the indexes of a corpus anew, and dropping those that are not in use."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.catalogue import LAYOUT, Corpus
from retrieval.catalogue.vector_servers import choose_server_anew, passages_of
from retrieval.errors import IndexDamaged, StorageError
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.shared_vectors import SharedVectors
from retrieval.indexes.vector_index import VectorIndex
from retrieval.library import Library

if TYPE_CHECKING:
    from retrieval.ingestion.indexer import Indexer


async def make_store_usable(library: Library) -> bool:
    """Delete the vectors of an embedded Chroma that can't be read at all; whether that was so. They
    are to be made anew for every corpus then."""
    if not library.stores.is_local:
        return False
    try:
        await library.store.call(library.store.chroma.names)
    except IndexDamaged:
        await library.store.reset()
        library.forget_vectors()
        return True
    return False


async def reindex(
    library: Library, corpus: Corpus, *, keep_vectors: bool = False
) -> AsyncIterator[tuple[int, int]]:
    """Build both indexes of a corpus anew from the catalogue, with the embedder of the settings.

    Yields ``(done, total)`` articles. With ``keep_vectors`` those of the catalogue are taken over
    where the same embedder made them, as always where an embedder takes long. The old indexes serve
    until the new ones are whole; a crash on the way leaves the old ones in use. Of several Chroma
    servers the new vectors go to the one where a new corpus would go, unless the corpus is small and
    on one already.
    """
    library.require_writable()
    renewed = replace(corpus, generation=corpus.generation + 1, layout=LAYOUT)
    if library.stores.places:
        async with library.database.connect() as connection:
            server = await choose_server_anew(connection, library.stores.urls, corpus)
        renewed = replace(renewed, vector_server=server)
    elif library.stores.misses(corpus):  # there were several servers before
        renewed = replace(renewed, vector_server=None)
    if not await make_store_usable(library):
        await _make_shared_usable(library, corpus)
    await drop_other_generations(library, corpus)
    await library.catalogue.vectors.drop_others(corpus)
    indexer = library.indexer_for(library.indexes(renewed))
    async with contextlib.AsyncExitStack() as marked:
        for store in {library.stores.of(corpus), library.stores.of(renewed)}:
            if store in library.stores:
                await marked.enter_async_context(store.unsettled(corpus.id))
        async for done in _made_anew(library, corpus, renewed, indexer, keep_vectors):
            yield done
        await drop_other_generations(library, renewed)
    await library.catalogue.vectors.drop_others(renewed)
    await library.stores.give_back()
    # What could not enter the old indexes, say for another embedder, enters the new ones.
    await indexer.finish_pending()


async def _made_anew(
    library: Library, corpus: Corpus, renewed: Corpus, indexer: Indexer, keep_vectors: bool
) -> AsyncIterator[tuple[int, int]]:
    """Fill the indexes of ``renewed`` and let them take the place of those of ``corpus``."""
    # What comes in meanwhile waits, and goes into the new indexes.
    async with library.indexer_for(library.indexes(corpus)).replaced_by(indexer):
        version_ids = await library.catalogue.articles.shown_version_ids(corpus)
        yield 0, len(version_ids)
        adopts = (keep_vectors or indexer.makes_vectors_later) and (
            await _made_by(library, corpus) == library.embedder.identity
        )
        async for done in indexer.write_shown(version_ids, vectors=not adopts):
            yield done, len(version_ids)
        if adopts:
            await indexer.adopt_vectors(corpus.generation)
            if not indexer.makes_vectors_later:
                async for _ in indexer.make_vectors():
                    pass
        await library.catalogue.corpora.switch_generation(renewed)
        library.forget(corpus.name)


async def _make_shared_usable(library: Library, corpus: Corpus) -> None:
    """Drop the collections that a corpus may share if they can't be read. What was in them is
    written again with the vectors of the catalogue: an embedder that takes long made them."""
    for store, names in (await library.stores.names()).items():
        for name in store.shared_names(corpus.id, names):
            await store.drop_damaged(name)
    await enter_lost(library)


async def rebuild_shared(
    library: Library,
    store: ChromaStore,
    names: Iterable[str],
    *,
    passing: tuple[type[Exception], ...] = (),
) -> None:
    """Write shared collections anew, without what was deleted from them, when no backup is being
    made; then enter again what was in those that could not be read. Passes over errors of the types
    ``passing``."""
    for name in names:
        with contextlib.suppress(*passing):
            async with library.index_lock.writing():
                await store.rebuild_shared(name)
    await enter_lost(library)


async def enter_lost(library: Library) -> None:
    """Write again what was in shared collections that could not be read, with the vectors of the
    catalogue and for the embedder that made them."""
    for store in library.stores:
        if store.lost:
            await _enter_lost(library, store)


async def _enter_lost(library: Library, store: ChromaStore) -> None:
    lost = dict(store.lost)
    library.forget_vectors()
    for corpus in await library.catalogue.corpora.all():
        names = store.shared_names(corpus.id, lost)
        # Of several it can't be told which one the vectors were in.
        if len(names) != 1 or library.stores.of(corpus) is not store:
            continue
        indexes = library.indexes(corpus)
        there = SharedVectors(store, corpus.id, corpus.generation, names[0], lost[names[0]])
        with contextlib.suppress(IndexDamaged):
            if await indexes.vectors.embedder() is None:
                await library.indexer_for(indexes).enter_kept_vectors(into=there)
    for name in lost:
        store.lost.pop(name, None)
    library.forget_vectors()


async def _made_by(library: Library, corpus: Corpus) -> str | None:
    """The embedder of the vectors in use; None if there are none, or if they can't be read."""
    if library.stores.misses(corpus):
        return None
    with contextlib.suppress(IndexDamaged):
        return await library.indexes(corpus).vectors.embedder()
    return None


async def drop_other_generations(
    library: Library,
    corpus: Corpus,
    names: Mapping[ChromaStore, Sequence[str]] | None = None,
    folders: Sequence[Path] | None = None,
) -> None:
    """Delete indexes of a corpus that are not in use: replaced, or never finished. ``names`` are those
    of all collections by store, ``folders`` those of the corpus's keyword indexes, where they are
    known. Servers that can't be had, but for the corpus's own, keep what they have until later."""
    if folders is None:
        folders = (await asyncio.to_thread(keyword_folders, library)).get(corpus.id, [])
    own = library.stores.of(corpus)
    for store in library.stores if names is None else names:
        known = None if names is None else names[store]
        try:
            for generation in await store.generations(corpus.id, known):
                if generation != corpus.generation or store is not own:
                    await VectorIndex(store, corpus.id, generation).drop()
        except StorageError as error:
            if store is own or isinstance(error, IndexDamaged):
                raise
    await enter_lost(library)
    for store, known in (names or {}).items():
        if store.is_marked(corpus.id, known):
            if store is own:
                await library.indexes(corpus).vectors.drop_copies()
            await store.settle(corpus.id)
    in_use = library.keyword_folder(corpus)
    for folder in folders:
        if folder != in_use:
            await asyncio.to_thread(shutil.rmtree, folder, True)
    await library.close_indexes(corpus.id, but=corpus.generation)


async def place_corpora(library: Library) -> None:
    """Find out which of several servers has the vectors of each corpus, where the catalogue doesn't
    say, or names one whose address is another now. A corpus that has no vectors gets a server.

    What can't be told until all servers can be had stays as it is.
    """
    stores = library.stores
    if not stores.places:
        return
    unplaced = [each for each in await library.catalogue.corpora.all() if stores.misses(each)]
    if not unplaced:
        return
    names = await stores.names()
    all_answer = len(names) == len(stores.urls)
    for corpus in unplaced:
        server = await _server_with(names, corpus)
        if server is None:
            async with library.database.connect() as connection:
                unknown = corpus.vector_server is None and all_answer
                if unknown or not await passages_of(connection, corpus.id):
                    server = await stores.choose(connection, corpus.id)
        if server is not None:
            await library.catalogue.corpora.place(corpus, server)
            library.forget(corpus.name)


async def _server_with(names: Mapping[ChromaStore, Sequence[str]], corpus: Corpus) -> str | None:
    for store, known in names.items():
        if await store.holds(corpus.id, corpus.generation, known):
            return store.url
    return None


def keyword_folders(library: Library) -> dict[int, list[Path]]:
    """By corpus, the folders of its keyword indexes. Blocks."""
    found: dict[int, list[Path]] = {}
    for path in (library.data_dir / "keywords").glob("*-*"):
        corpus_id = path.name.partition("-")[0]
        if corpus_id.isdecimal():
            found.setdefault(int(corpus_id), []).append(path)
    return found
