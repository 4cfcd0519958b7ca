"""Giving back the space of what was deleted or replaced, while everything goes on."""

from __future__ import annotations

import asyncio
from datetime import datetime

from retrieval.catalogue.trimming import erase_old_versions, trim_changes
from retrieval.errors import IndexDamaged, StorageError
from retrieval.library import Library
from retrieval.maintenance import erase_deleted
from retrieval.reindexing import rebuild_shared


async def keep_in_order(library: Library, *, versions_before: datetime | None = None) -> None:
    """Erase versions that were replaced before a moment, if one is given; trim the log of changes;
    write vectors and the catalogue anew where much of them was deleted; close keyword indexes that
    nobody writes to any more.

    Questions are answered meanwhile, and what comes in waits. Raises ``StorageError``; if a deleted
    corpus can't be erased, at the end.
    """
    library.require_writable()
    database = library.database
    if versions_before is not None:
        await erase_old_versions(database, versions_before)
    await trim_changes(database)
    failed: StorageError | None = None
    try:
        await erase_deleted(library)  # what other processes on the database deleted
    except StorageError as error:  # of one Chroma server that can't be had; the rest can be
        failed = error
    store = library.store
    # Of an embedded Chroma; servers don't tell.
    on_disk = await store.vectors_on_disk()
    for corpus in await library.catalogue.corpora.all():
        indexes = library.indexes(corpus)
        try:
            if await indexes.vectors.is_bloated(on_disk):
                await library.indexer_for(indexes).rebuild_vectors()
        except IndexDamaged:
            continue  # who mends it makes it anew
    shared = await store.bloated(on_disk)
    await rebuild_shared(library, store, shared, passing=(IndexDamaged,))
    if store.wants_tidying:
        await store.tidy()
    await asyncio.to_thread(library.keyword_pool.close_idle)
    await database.vacuum()
    if failed is not None:
        raise failed
