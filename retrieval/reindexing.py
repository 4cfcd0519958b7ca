"""Making the indexes of a corpus anew, and dropping those that are not in use."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from retrieval.catalogue import Corpus
from retrieval.errors import IndexDamaged
from retrieval.indexes.shared_vectors import SharedVectors
from retrieval.indexes.vector_index import VectorIndex
from retrieval.ingestion.indexer import Indexer
from retrieval.library import Library


async def make_store_usable(library: Library) -> bool:
    """Delete the vectors of an embedded Chroma that can't be read at all; whether that was so. They
    are to be made anew for every corpus then."""
    try:
        await library.store.call(library.store.chroma.names)
    except IndexDamaged:
        if not library.store.is_local:
            raise
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
    until the new ones are whole; a crash on the way leaves the old ones in use.
    """
    library.require_writable()
    if not await make_store_usable(library):
        await _make_shared_usable(library, corpus)
    await drop_other_generations(library, corpus)
    await library.catalogue.vectors.drop_others(corpus)
    renewed = Corpus(corpus.id, corpus.name, corpus.generation + 1)
    indexer = library.indexer_for(library.indexes(renewed))
    async with library.store.unsettled(corpus.id):
        async for done in _made_anew(library, corpus, renewed, indexer, keep_vectors):
            yield done
        await drop_other_generations(library, renewed)
    await library.catalogue.vectors.drop_others(renewed)
    await library.store.give_back()
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
        await library.catalogue.corpora.switch_generation(corpus, renewed.generation)
        library.forget(corpus.name)


async def _make_shared_usable(library: Library, corpus: Corpus) -> None:
    """Drop the collections that a corpus may share if they can't be read. What was in them is
    written again with the vectors of the catalogue: an embedder that takes long made them."""
    store = library.store
    for name in store.shared_names(corpus.id, await store.names()):
        await store.drop_damaged(name)
    await enter_lost(library)


async def rebuild_shared(
    library: Library, names: Iterable[str], *, passing: tuple[type[Exception], ...] = ()
) -> None:
    """Write shared collections anew, without what was deleted from them, when no backup is being
    made; then enter again what was in those that could not be read. Passes over errors of the types
    ``passing``."""
    for name in names:
        with contextlib.suppress(*passing):
            async with library.index_lock.writing():
                await library.store.rebuild_shared(name)
    await enter_lost(library)


async def enter_lost(library: Library) -> None:
    """Write again what was in shared collections that could not be read, with the vectors of the
    catalogue and for the embedder that made them."""
    store = library.store
    lost = dict(store.lost)
    if not lost:
        return
    library.forget_vectors()
    for corpus in await library.catalogue.corpora.all():
        names = store.shared_names(corpus.id, lost)
        if len(names) != 1:  # of several it can't be told which one the vectors were in
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
    with contextlib.suppress(IndexDamaged):
        return await library.indexes(corpus).vectors.embedder()
    return None


async def drop_other_generations(
    library: Library,
    corpus: Corpus,
    names: Sequence[str] | None = None,
    folders: Sequence[Path] | None = None,
) -> None:
    """Delete indexes of a corpus that are not in use: replaced, or never finished. ``names`` are those
    of all collections, ``folders`` those of the corpus's keyword indexes, where they are known."""
    if folders is None:
        folders = (await asyncio.to_thread(keyword_folders, library)).get(corpus.id, [])
    for generation in await library.store.generations(corpus.id, names):
        if generation != corpus.generation:
            await VectorIndex(library.store, corpus.id, generation).drop()
    await enter_lost(library)
    if names is not None and library.store.is_marked(corpus.id, names):
        await library.indexes(corpus).vectors.drop_copies()
        await library.store.settle(corpus.id)
    in_use = library.keyword_folder(corpus)
    for folder in folders:
        if folder != in_use:
            await asyncio.to_thread(shutil.rmtree, folder, True)
    await library.close_indexes(corpus.id, but=corpus.generation)


def keyword_folders(library: Library) -> dict[int, list[Path]]:
    """By corpus, the folders of its keyword indexes. Blocks."""
    found: dict[int, list[Path]] = {}
    for path in (library.data_dir / "keywords").glob("*-*"):
        corpus_id = path.name.partition("-")[0]
        if corpus_id.isdecimal():
            found.setdefault(int(corpus_id), []).append(path)
    return found
