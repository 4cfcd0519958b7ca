"""The processes of `tests.benchmarks.workers`: one writer, and workers that may be killed and stopped."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from pydantic import SecretStr

from bot.config.settings import Settings
from bot.services.ingestion import open_ingestion
from bot.services.work import work
from bot.storage.library import open_library
from retrieval.catalogue.kept_leases import open_leases
from retrieval.feeds.item_loader import load_item
from retrieval.ingestion.jobs.shared_queue import SharedJobQueue
from retrieval.ingestion.jobs.worker import JobWorker

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["chromadb", "tantivy", "psycopg", __name__])


class Started:
    """What tells processes where the database and the served site are."""

    def __init__(
        self, url: str, folder: Path, allow: tuple[str, ...], lease_seconds: float
    ) -> None:
        self.url = url
        self.folder = folder
        self.allow = allow
        self.lease_seconds = lease_seconds

    def settings(self, name: str) -> Settings:
        """Return the settings of a process, with a data folder of its own."""
        folder = self.folder / name
        return Settings(data_dir=folder, database_url=SecretStr(self.url), fetch_allow=self.allow)


def start_writer(started: Started, at_once: int) -> BaseProcess:
    """Start the process that indexes, and works on up to ``at_once`` jobs itself."""
    process = _PROCESSES.Process(target=_write, args=(started, at_once), daemon=False)
    process.start()
    return process


def start_worker(started: Started, number: int) -> BaseProcess:
    """Start a process that does what `newsdesk work` does."""
    process = _PROCESSES.Process(target=_work, args=(started, number), daemon=False)
    process.start()
    return process


def stop(*processes: BaseProcess) -> None:
    """Stop processes and wait for them."""
    for process in processes:
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGTERM)
    for process in processes:
        process.join(60)
        assert not process.is_alive(), "it doesn't stop"


def processor_seconds(started: Started) -> float:
    """Return what the processes that were stopped have spent, with their extractors."""
    return sum(float(file.read_text()) for file in started.folder.glob("*.seconds"))


def _write(started: Started, at_once: int) -> None:
    asyncio.run(_writing(started, at_once))
    _note_processor_time(started, "writer")


async def _writing(started: Started, at_once: int) -> None:
    settings = started.settings("writer")
    seconds = started.lease_seconds
    async with (
        open_library(settings.library(), writer="bench") as library,
        open_leases(library.database, seconds=seconds, pause=seconds / 4) as leases,
        open_ingestion(settings, library, leases) as room,
    ):
        assert leases is not None
        worker = JobWorker(library, room.pages, load_item)
        jobs = SharedJobQueue(library, worker, leases=leases, at_once=at_once)
        running = asyncio.create_task(jobs.run())
        await _stopped().wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _work(started: Started, number: int) -> None:
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(_working(started, number))
    _note_processor_time(started, f"worker{number}")


async def _working(started: Started, number: int) -> None:
    settings = started.settings(f"worker{number}")
    await work(settings, _stopped(), lease_seconds=started.lease_seconds)


def _stopped() -> asyncio.Event:
    stop_ = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_.set)
    return stop_


def _note_processor_time(started: Started, name: str) -> None:
    times = os.times()
    spent = time.process_time() + times.children_user + times.children_system
    (started.folder / f"{name}.seconds").write_text(str(spent), encoding="utf-8")
