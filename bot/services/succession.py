"""What the one process that writes does besides answering, and how another one takes its place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from bot.config.settings import Settings
from bot.i18n import in_english
from bot.services.ingestion import IngestionServices, run_background_tasks
from bot.services.upkeep import run_upkeep
from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.leases import LEASE_SECONDS
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.embedders import Embedder
from retrieval.errors import FolderInUse, NewsdeskError
from retrieval.keyword_copies import KeywordCopies
from retrieval.library import Library, LibraryConfig
from retrieval.mending import Mender
from retrieval.runtime.concurrency import cancel
from retrieval.succession import take_over
from retrieval.timestamps import Clock

_log = logging.getLogger(__name__)

_NAME = "newsdesk run"
_EVERY_SECONDS = 5.0
# After an outage of the database, who wrote before has so long to take its right again.
_PRECEDENCE_SECONDS = LEASE_SECONDS


@contextlib.asynccontextmanager
async def open_to_serve(
    config: LibraryConfig, *, clock: Clock, embedder: Embedder | None
) -> AsyncIterator[Library]:
    """Open a library for writing, or beside another process that writes to the same database. Raises
    ``StorageError``, and ``FolderInUse`` where both can't be."""
    options = {"writer": _NAME, "clock": clock, "embedder": embedder}
    async with contextlib.AsyncExitStack() as stack:
        try:
            library = await stack.enter_async_context(
                open_library(config, mends_later=True, **options)
            )
        except FolderInUse:
            if config.database_url is None:
                raise
            library = await stack.enter_async_context(
                open_library(config, access=Access.GATEWAY, **options)
            )
            _log.info("another process writes to the database; this one answers beside it")
        yield library


@contextlib.asynccontextmanager
async def _do_writing(
    settings: Settings, library: Library, ingestion: IngestionServices
) -> AsyncIterator[None]:
    """Ingest, mend and look after the library while the block lasts."""
    mending = asyncio.create_task(Mender(library).run(), name="mending")
    try:
        async with run_background_tasks(ingestion), run_upkeep(settings, library):
            yield
    finally:
        await cancel(mending)


@contextlib.asynccontextmanager
async def run_writing(
    settings: Settings,
    library: Library,
    ingestion: IngestionServices,
    copies: KeywordCopies | None,
) -> AsyncIterator[None]:
    """Do what the writer does while the block lasts; with ``copies``, which are followed until then,
    from when this process takes the place of one that is gone."""

    def writing() -> AbstractAsyncContextManager[None]:
        return _do_writing(settings, library, ingestion)

    if copies is None:
        async with writing():
            yield
        return
    waiting = asyncio.create_task(_succeed(library, copies, writing), name="succession")
    try:
        yield
    finally:
        await cancel(waiting)


async def _succeed(
    library: Library,
    copies: KeywordCopies,
    writing: Callable[[], AbstractAsyncContextManager[None]],
) -> None:
    taken = False
    while not taken:
        following = asyncio.create_task(copies.run(), name="copies")
        try:
            await _vacancy(library)
        finally:
            await cancel(following)
        taken = await _taken_over(library, copies)
    _log.info("this process writes to the database from now on")
    async with writing():
        await asyncio.Event().wait()


async def _vacancy(library: Library) -> None:
    """Return when nobody writes, or this process may and hasn't begun; looks after each pause.

    An outage of the database takes the right to write from who has it. That isn't dead: it comes
    first if it is back soon.
    """
    away = -math.inf
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        lock = library.writer_lock
        if not isinstance(lock, ServerWriterLock):
            continue
        if lock.is_held:
            return
        try:
            is_vacant = await lock.is_vacant(library.database)
        except NewsdeskError as error:
            _log.warning("who writes to the database can't be seen: %s", in_english(error))
            away = time.monotonic()
            continue
        # An outage may also have come and gone between two looks.
        reachable_since = max(away, library.database.notices.heard_since)
        if is_vacant and time.monotonic() - reachable_since >= _PRECEDENCE_SECONDS:
            return


async def _taken_over(library: Library, copies: KeywordCopies) -> bool:
    """Whether this process writes from now on. A failure is logged: the next round tries again."""
    try:
        return await take_over(library, copies, _NAME)
    except NewsdeskError as error:
        _log.warning("writing to the database can't begin yet: %s", in_english(error))
    except Exception:  # noqa: BLE001 - logged; tried again
        _log.exception("writing to the database can't begin yet")
    return False
