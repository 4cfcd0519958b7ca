"""Making the indexes of a moved library from its catalogue, with the vectors that are there."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence

from retrieval.catalogue import Corpus
from retrieval.embedders import Vectors
from retrieval.errors import StorageError
from retrieval.ingestion.indexer import ExactVectors
from retrieval.library import Library
from retrieval.maintenance import make_store_usable
from retrieval.moving import copying


async def fill_indexes(library: Library, source: Library, tell: Callable[[str, int], None]) -> int:
    """Fill the indexes of all corpora, but for those that an earlier try has filled, with the vectors
    of the library that is moved. Returns how many passages they hold."""
    await make_store_usable(library)
    passages = 0
    for corpus in await library.catalogue.corpora.all():
        step = f"indexes of {corpus.name}"
        async with library.database.connect() as connection:
            done = await connection.run_sync(copying.is_done, step)
        if not done:
            exact = _vectors_of(source, corpus)
            await _fill(library, corpus, exact, lambda articles, step=step: tell(step, articles))  # type: ignore[misc]
            async with library.database.write() as connection:
                await connection.run_sync(copying.mark_done, step)
        passages += await library.catalogue.vectors.count_held(corpus)
        passages += await library.catalogue.vectors.count_lacking(corpus)
    return passages


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
    library: Library, corpus: Corpus, exact: ExactVectors, tell: Callable[[int], None]
) -> None:
    await library.indexes(corpus).vectors.drop()  # of a try that was killed
    await library.close_indexes(corpus.id)
    await asyncio.to_thread(shutil.rmtree, library.keyword_folder(corpus), True)
    indexer = library.indexer_for(library.indexes(corpus))
    version_ids = await library.catalogue.articles.shown_version_ids(corpus)
    async for done in indexer.write_shown(version_ids, vectors=False):
        tell(done)
    await indexer.enter_kept_vectors(exact)
    if not indexer.makes_vectors_later:
        async for _ in indexer.make_vectors():
            pass
