"""The queue of jobs where several processes on one PostgreSQL database work on it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from copy import deepcopy

from retrieval.catalogue.job_claims import JobClaims
from retrieval.catalogue.jobs import Job
from retrieval.catalogue.kept_leases import KeptLease, KeptLeases
from retrieval.catalogue.notices import JOBS_CHANGED
from retrieval.errors import StorageError
from retrieval.ingestion.jobs.queue import JobEvent, JobQueue
from retrieval.ingestion.jobs.worker import JobWorker
from retrieval.ingestion.pending_finisher import PendingFinisher
from retrieval.ingestion.target import IngestTarget
from retrieval.runtime.concurrency import cancel

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_SHOWN_SECONDS = 0.3


class SharedJobQueue(JobQueue):
    """A queue whose jobs are claimed in the database, each by one process at a time.

    A job is worked on under one of the process's ``leases``: a process that was stopped until it ran out
    writes nothing more for the job, and another one goes on. The process that writes the indexes also
    indexes what the others accepted.
    """

    def __init__(
        self,
        library: IngestTarget,
        worker: JobWorker,
        *,
        leases: KeptLeases,
        at_once: int = 2,
        most_waiting: int = 20,
    ) -> None:
        super().__init__(library, worker, at_once=at_once, most_waiting=most_waiting)
        database = library.catalogue.database
        self._notices = database.notices
        self._at_once = at_once
        self._leases = leases
        self._claims = JobClaims(database, leases)
        self._finisher = PendingFinisher(library)

    async def _next_event(self, before: JobEvent, events: asyncio.Queue[JobEvent]) -> JobEvent:
        """Return what is told next; of a job that another process works on, what the database knows."""
        while True:
            here: JobEvent | None = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    here = await events.get()
            if here is not None:
                event = await self._told(before, here)
            elif before.job.id not in self._running:
                event = await self._seen(before)
            else:
                continue
            if event != before:
                return event

    async def _told(self, before: JobEvent, here: JobEvent) -> JobEvent:
        """What this process says of a job, with the results that the watcher doesn't know yet: some
        may be another process's, which had the job before."""
        progress = deepcopy(before.progress)
        known = progress.finished
        new = None if here.job.is_over else max(0, here.progress.finished - known)
        results = [] if new == 0 else await self._jobs.results(here.job.id, new, after=known)
        progress.done(results)
        progress.found, progress.fetched = here.progress.found, here.progress.fetched
        progress.extracted = here.progress.extracted
        return JobEvent(here.job, here.place, progress, tuple(results))

    async def _seen(self, before: JobEvent) -> JobEvent:
        """How a job of another process stands in the database."""
        await self._load()
        job = await self._jobs.job(before.job.id)
        left, got = await self._jobs.counts(job.id)
        progress = deepcopy(before.progress)
        known = progress.finished
        results = await self._jobs.results(job.id, after=known) if got > known else []
        progress.done(results)
        progress.found, progress.fetched = left + got, got
        progress.extracted = got - sum(progress.skipped.values())
        return JobEvent(job, self._position(job.id), progress, tuple(results))

    async def _load(self) -> None:
        free = await self._claims.waiting()
        unfinished = await self._jobs.unfinished()
        self._waiting = [job for job in unfinished if job.id in free]

    async def _work(self, *, forever: bool) -> None:
        doing: set[asyncio.Task[None]] = set()
        helping: set[asyncio.Task[None]] = set()
        # Each process has a scratch folder of its own; the writer's sweep doesn't reach it.
        await self._clear_away(self._uploads.sweep_scratch())
        if self._library.writable:
            await self._sweep()
            helping.add(asyncio.create_task(self._finisher.run(), name="accepted articles"))
        try:
            async with self._notices.listen(JOBS_CHANGED) as changes:
                while True:
                    while len(doing) < self._at_once and (claimed := await self._claim()):
                        doing.add(asyncio.create_task(self._do_claimed(*claimed)))
                    if not doing and not forever and not await self._jobs.unfinished():
                        return
                    change = asyncio.create_task(changes.wait(_LOOK_SECONDS))
                    try:
                        await asyncio.wait(
                            {change, *doing, *helping}, return_when=asyncio.FIRST_COMPLETED
                        )
                    finally:
                        await cancel(change)
                    for task in [*doing, *helping]:
                        if task.done():
                            task.result()
                            doing.discard(task)
                    if self._running:
                        self._stopped |= await self._claims.cancelled(list(self._running))
        finally:
            await cancel(*doing, *helping)

    async def _claim(self) -> tuple[int, KeptLease] | None:
        # A process may become the writer, and files are on the writer's machine.
        return await self._claims.next(local_files=self._library.writable)

    async def _do_claimed(self, job_id: int, kept: KeptLease) -> None:
        """Do a job under its lease, or as much of it as the lease lasts for."""

        async def work() -> None:
            job = await self._jobs.job(job_id)
            self._running[job_id] = job
            _log.info("the job %s of %s is begun or continued", job_id, job.corpus)
            await self._do(job)

        try:
            if await self._leases.work_under(kept, work):
                return
        except StorageError as error:
            if error.code != "lease-lost":
                raise
        finally:
            self._running.pop(job_id, None)
            self._progress.pop(job_id, None)
        _log.warning("the job %s goes on in another process", job_id)

    async def _before_done(self, job: Job) -> None:
        """Wait until all articles of a job are shown, also those that a former holder accepted."""
        jobs = self._jobs
        while job.id not in self._stopped and await jobs.accepted_articles(job.id):  # noqa: ASYNC110
            await asyncio.sleep(_SHOWN_SECONDS)
