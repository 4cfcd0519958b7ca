"""How a process takes the place of a writer that is gone."""

from __future__ import annotations

import asyncio

from retrieval.catalogue.place import claim_folder
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.errors import FolderInUse, StorageError
from retrieval.keyword_copies import KeywordCopies, own_keywords
from retrieval.library import Library
from retrieval.maintenance import recover


async def take_over(library: Library, copies: KeywordCopies, holder: str) -> bool:
    """Become the writer in place of one that is gone; False if there is one. What a crash left is
    finished. For a library that was opened for a gateway, whose ``copies`` aren't run any more.

    Raises ``StorageError``; then it can be called again.
    """
    lock = library.writer_lock
    if not isinstance(lock, ServerWriterLock):
        raise StorageError("worker-needs-server")
    if not lock.is_held:
        try:
            await asyncio.to_thread(lock.acquire, holder)
        except FolderInUse:
            return False
    library.database.permission = lock.require
    await claim_folder(library.database, library.data_dir, on_server=True)
    await own_keywords(library, copies)
    library.become_writer()
    await recover(library, mends_later=True)
    return True
