"""The indexes of a moved library: copied, or made from its catalogue with the vectors that are there."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval.backups.copies import copy_indexes
from retrieval.catalogue import Corpus
from retrieval.embedders import Vectors
from retrieval.errors import StorageError
from retrieval.ingestion.indexer import ExactVectors
from retrieval.library import Library
from retrieval.maintenance import damage_of
from retrieval.moving import copying
from retrieval.reindexing import make_store_usable
from retrieval.runtime.observer import Tell

# Both indexes are there as they were.
_COPIED = "indexes"


async def copy_index_files(source: Library, folder: Path, target: AsyncEngine, tell: Tell) -> None:
    """Copy the indexes into another folder, where they find just what they did. What can't be copied
    is left to ``fill_indexes``."""
    async with target.connect() as connection:
        if await connection.run_sync(copying.is_done, _COPIED):
            return
    tell(_COPIED, 0, None)
    try:
        await asyncio.to_thread(_copy, source.data_dir, folder)
    except (OSError, StorageError):
        return
    async with target.begin() as connection:
        await connection.run_sync(copying.mark_done, _COPIED)


def _copy(source: Path, folder: Path) -> None:
    partial = folder / "indexes.partial"
    shutil.rmtree(partial, ignore_errors=True)  # of a try that was killed
    partial.mkdir()
    try:
        copy_indexes(source, partial)
        for copied in partial.iterdir():
            shutil.rmtree(folder / copied.name, ignore_errors=True)
            copied.rename(folder / copied.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


async def fill_indexes(library: Library, source: Library, tell: Tell) -> int:
    """Fill the indexes of all corpora, but for those that are copied or that an earlier try has
    filled, with the vectors of the library that is moved. Returns how many passages they hold."""
    await make_store_usable(library)
    async with library.database.connect() as connection:
        copied = await connection.run_sync(copying.is_done, _COPIED)
    passages = 0
    for corpus in await library.catalogue.corpora.all():
        step = f"indexes of {corpus.name}"
        async with library.database.connect() as connection:
            done = await connection.run_sync(copying.is_done, step)
        if not done and not (copied and await _is_sound(library, corpus)):
            exact = _vectors_of(source, corpus)
            await _fill(library, corpus, exact, functools.partial(tell, step))
            async with library.database.write() as connection:
                await connection.run_sync(copying.mark_done, step)
        passages += await library.catalogue.vectors.count_held(corpus)
        passages += await library.catalogue.vectors.count_lacking(corpus)
    return passages


async def _is_sound(library: Library, corpus: Corpus) -> bool:
    try:
        return not await damage_of(library, corpus)
    except StorageError:
        return False


def _vectors_of(source: Library, corpus: Corpus) -> ExactVectors:
    """The vectors of an index as it has them; none once it can't be read."""
    readable = True

    async def exact(passage_ids: Sequence[int]) -> Mapping[int, Vectors]:
        nonlocal readable
        if readable:
            try:
                return await source.indexes(corpus).vectors.vectors_of(passage_ids)
            except StorageError:
                readable = False
        return {}

    return exact


async def _fill(
    library: Library, corpus: Corpus, exact: ExactVectors, tell: Callable[[int, int], None]
) -> None:
    await library.indexes(corpus).vectors.drop()  # of a try that was killed
    await library.close_indexes(corpus.id)
    await asyncio.to_thread(shutil.rmtree, library.keyword_folder(corpus), True)
    indexer = library.indexer_for(library.indexes(corpus))
    version_ids = await library.catalogue.articles.shown_version_ids(corpus)
    async for done in indexer.write_shown(version_ids, vectors=False):
        tell(done, len(version_ids))
    await indexer.enter_kept_vectors(exact)
    if not indexer.makes_vectors_later:
        async for _ in indexer.make_vectors():
            pass
