"""What `newsdesk work` does: jobs and feeds, beside the process that writes the indexes."""

from __future__ import annotations

import asyncio
import logging

from bot.config.settings import Settings
from bot.ops.logging import details
from bot.services.ingestion import open_ingestion, run_background_tasks
from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.kept_leases import open_leases
from retrieval.catalogue.leases import LEASE_SECONDS

_log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 60.0


async def work(
    settings: Settings, stop: asyncio.Event, *, lease_seconds: float = LEASE_SECONDS
) -> None:
    """Work on jobs and visit feeds until ``stop`` is set, then give the leases back.

    Leases last ``lease_seconds`` and are renewed four times in that. Raises ``StorageError`` if the
    library can't be opened.
    """
    async with (
        open_library(settings.library(), access=Access.WORKER) as library,
        open_leases(library.database, seconds=lease_seconds, pause=lease_seconds / 4) as leases,
        open_ingestion(settings, library, leases) as room,
        run_background_tasks(room),
    ):
        _log.info("ready")
        while not stop.is_set():
            try:
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    await stop.wait()
            except TimeoutError:
                jobs = ", ".join(map(str, room.jobs.working_on)) or "none"
                _log.info("working", extra=details(jobs=jobs))
        _log.info("stopping")
    _log.info("stopped")
