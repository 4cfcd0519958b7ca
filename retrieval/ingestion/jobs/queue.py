"""The queue of jobs: bounded, fair between corpora, kept in the catalogue."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.jobs import Job, JobCounts, JobSource
from retrieval.catalogue.schema import JOB_CANCELLED, JOB_DONE, JOB_FAILED, JOB_RUNNING
from retrieval.errors import NewsdeskError, Note, NotFound, Refused, StorageError
from retrieval.ingestion.jobs.uploads import Uploads
from retrieval.ingestion.jobs.worker import JobWorker
from retrieval.ingestion.progress import IngestProgress
from retrieval.ingestion.target import IngestTarget
from retrieval.models import IngestResult
from retrieval.runtime.concurrency import cancel
from retrieval.runtime.fair_scheduler import FairScheduler

_log = logging.getLogger(__name__)

MOST_SOURCES = 5_000
_AGAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class JobEvent:
    """How a job stands: ``place`` is 1 for the next one in the queue, and 0 once it runs.

    ``results`` are those that came since the watcher's last event.
    """

    job: Job
    place: int
    progress: IngestProgress
    results: tuple[IngestResult, ...] = ()


class JobQueue:
    """Accepts jobs, and works on them while ``run`` runs. There is one in a process, and only one that
    works on the jobs of a database, unless it is a ``SharedJobQueue``.

    ``at_once`` jobs are worked on side by side, never two of a corpus; the corpora take turns.
    ``most_waiting`` bounds the waiting jobs of a corpus. Methods raise ``StorageError``.
    """

    def __init__(
        self, library: IngestTarget, worker: JobWorker, *, at_once: int = 2, most_waiting: int = 20
    ) -> None:
        self._library = library
        self._worker = worker
        self._jobs = library.catalogue.jobs
        self._uploads = Uploads(library)
        self._scheduler: FairScheduler[Job] = FairScheduler(
            at_once=at_once, owner=lambda job: job.corpus, rank=lambda job: job.id
        )
        self._most_waiting = most_waiting
        self._waiting: list[Job] = []
        self._running: dict[int, Job] = {}
        self._stopped: set[int] = set()
        self._progress: dict[int, IngestProgress] = {}
        self._watchers: dict[int, set[asyncio.Queue[JobEvent]]] = {}
        self._changed = asyncio.Event()
        self._loaded = False
        self._loading = asyncio.Lock()

    @property
    def working_on(self) -> list[int]:
        """Return the ids of the jobs that this process works on."""
        return list(self._running)

    async def upload(self, name: str, data: bytes) -> JobSource:
        """Keep a file that was handed in, and return it as a source for ``submit``. It goes with
        its job."""
        return await self._uploads.keep(name, data)

    async def submit(self, corpus: str, sources: Sequence[JobSource], actor: Actor) -> Job:
        """Put a job into the queue and return it; from here on it survives a restart.

        Raises ``Refused`` if the job is empty (``nothing-to-ingest``) or too large
        (``too-many-sources``), or if too many are waiting (``job-queue-full``).
        """
        await self._load()
        try:
            self._admit(corpus, sources)
        except Refused:
            await self._uploads.refuse(sources)
            raise
        now = self._library.clock()
        made = await self._library.catalogue.corpora.ensure(corpus, now)
        job = await self._jobs.add(made, sources, actor, now)
        self._uploads.belongs(sources)
        self._waiting.append(job)
        self._changed.set()
        return job

    def _admit(self, corpus: str, sources: Sequence[JobSource]) -> None:
        if not sources:
            raise Refused("nothing-to-ingest")
        if len(sources) > MOST_SOURCES:
            raise Refused("too-many-sources", count=len(sources), most=MOST_SOURCES)
        if sum(job.corpus == corpus for job in self._waiting) >= self._most_waiting:
            raise Refused("job-queue-full", count=self._most_waiting, corpus=corpus)

    async def cancel(self, job_id: int, corpus: str, actor: Actor) -> Job:
        """End a job and return it. What it has accepted stays.

        Raises ``NotFound``, and ``Refused`` (``job-over``) if it has ended.
        """
        await self._load()
        found = await self._library.catalogue.corpora.by_name(corpus)
        if found is None:
            raise NotFound("corpus-not-found", corpus=corpus)
        job = await self._jobs.job(job_id, found)
        if not await self._jobs.cancel(found, job, actor, self._library.clock()):
            raise Refused("job-over", job=str(job_id), state=Note(f"job-state-{job.state}"))
        self._stopped.add(job_id)
        self._waiting = [each for each in self._waiting if each.id != job_id]
        if job_id not in self._running:
            await self._tell(job_id)
            self._stopped.discard(job_id)
        return await self._jobs.job(job_id)

    async def watch(self, job_id: int, corpus: str) -> AsyncIterator[JobEvent]:
        """Yield how a job comes along, from now to its end. A slow watcher gets only the latest
        state, but every result. Raises ``NotFound``."""
        await self._load()
        found = await self._library.catalogue.corpora.by_name(corpus)
        if found is None:
            raise NotFound("corpus-not-found", corpus=corpus)
        events = self._subscribe(job_id)
        try:
            event = await self._event(await self._jobs.job(job_id, found), ())
            while True:
                yield event
                if event.job.is_over:
                    return
                event = await self._next_event(event, events)
        finally:
            self._unsubscribe(job_id, events)

    async def _next_event(self, before: JobEvent, events: asyncio.Queue[JobEvent]) -> JobEvent:
        """Return what is told next to a watcher whose last event was ``before``."""
        return await events.get()

    async def follow(self, job: Job) -> AsyncIterator[JobEvent]:
        """Work until a job is over, where nothing else does; yield how it comes along. Raises
        ``NotFound``."""
        working = asyncio.create_task(self._work(forever=True))
        events = self.watch(job.id, job.corpus)
        upcoming: asyncio.Task[JobEvent] | None = None
        try:
            while True:
                upcoming = asyncio.create_task(_next(events))
                await asyncio.wait({working, upcoming}, return_when=asyncio.FIRST_COMPLETED)
                if not upcoming.done():
                    working.result()  # raises what stopped it
                try:
                    yield upcoming.result()
                except StopAsyncIteration:
                    return
        finally:
            await cancel(*filter(None, (working, upcoming)))

    async def jobs(self, corpus: str, limit: int = 20) -> list[Job]:
        """Return at most ``limit`` jobs of a corpus, newest first; none of an unknown corpus."""
        found = await self._library.catalogue.corpora.by_name(corpus)
        return await self._jobs.of(found, limit) if found is not None else []

    async def tallies(self, jobs: Sequence[Job]) -> list[tuple[Job, JobCounts]]:
        """Return each job with the counts of its results."""
        made = await self._jobs.tallies([job.id for job in jobs])
        return [(job, made.get(job.id, JobCounts())) for job in jobs]

    async def position(self, job_id: int) -> int:
        """Return a job's place among those waiting, from 1; 0 if it isn't waiting."""
        await self._load()
        return self._position(job_id)

    async def run(self) -> None:
        """Work on jobs until cancelled, first on those that an earlier process left. Storage that
        fails is tried again every 10 s."""
        while True:
            try:
                await self._work(forever=True)
            except StorageError as error:
                # For example a full disk. The jobs are kept, and go on when there is room.
                _log.warning("Jobs can't go on: %s", error)
                self._loaded = False
                await asyncio.sleep(_AGAIN_SECONDS)
            except BaseException:
                self._loaded = False  # the jobs that this cuts off are loaded again
                raise

    async def drain(self) -> list[Job]:
        """Work on jobs until none is left; return those that were waiting, as they ended."""
        await self._load()
        waiting = list(self._waiting)
        await self._work(forever=False)
        return [await self._jobs.job(job.id) for job in waiting]

    async def _work(self, *, forever: bool) -> None:
        await self._load()
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._changed.clear()
                while job := self._scheduler.next(self._waiting):
                    self._waiting.remove(job)
                    self._scheduler.start(job)
                    self._running[job.id] = job
                    working = asyncio.create_task(self._do(job))
                    # Also if it is cancelled before its first step.
                    working.add_done_callback(partial(self._end, job))
                    tasks.add(working)
                if not tasks and not forever and not self._waiting:
                    return
                change = asyncio.create_task(self._changed.wait())
                done, _ = await asyncio.wait({*tasks, change}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
                tasks -= done
                for task in done - {change}:
                    task.result()
        finally:
            await cancel(*tasks)

    async def _do(self, job: Job) -> None:
        """Work on one job to its end. Cancelling this leaves it for the next start."""
        clock = self._library.clock
        try:
            await self._jobs.set_state(job.id, JOB_RUNNING, clock())
            for waiting in list(self._waiting):
                await self._tell_if_possible(waiting.id)
            state, error = JOB_DONE, None
            try:
                work = self._worker.work(
                    job,
                    lambda progress: self._remember(job, progress),
                    lambda: job.id in self._stopped,
                )
                async with contextlib.aclosing(work) as batches:
                    async for outcomes in batches:
                        results = tuple(result for _, result in outcomes)
                        await self._tell_if_possible(job.id, results)
                await self._before_done(job)
            except StorageError:
                raise
            except NewsdeskError as failure:
                _log.warning("The job %s failed: %s", job.id, failure)
                state, error = JOB_FAILED, failure.note
            except Exception:  # noqa: BLE001 - a bug ends one job, not the queue
                _log.exception("The job %s failed", job.id)
                state, error = JOB_FAILED, Note("job-failed-unexpectedly")
            if job.id not in self._stopped:
                await self._jobs.set_state(job.id, state, clock(), error)
        finally:
            self._running.pop(job.id, None)
            self._changed.set()
        if job.id in self._stopped:
            self._stopped.discard(job.id)
            state, error = JOB_CANCELLED, None
        # The job is over, whatever becomes of what follows.
        if self._library.writable:
            await self._sweep()
        if not await self._tell_if_possible(job.id):
            progress = self._progress.get(job.id, IngestProgress())
            self._announce(JobEvent(replace(job, state=state, error=error), 0, deepcopy(progress)))
        self._progress.pop(job.id, None)

    async def _before_done(self, job: Job) -> None:
        """Wait for what belongs to a job beside its sources."""

    def _subscribe(self, job_id: int) -> asyncio.Queue[JobEvent]:
        events: asyncio.Queue[JobEvent] = asyncio.Queue(1)
        self._watchers.setdefault(job_id, set()).add(events)
        return events

    def _unsubscribe(self, job_id: int, events: asyncio.Queue[JobEvent]) -> None:
        self._watchers[job_id].discard(events)
        if not self._watchers[job_id]:
            del self._watchers[job_id]

    def _end(self, job: Job, _: asyncio.Task[None]) -> None:
        self._scheduler.end(job)

    def _position(self, job_id: int) -> int:
        order = (job.id for job in self._scheduler.in_order(self._waiting))
        return next((place for place, waiting in enumerate(order, 1) if waiting == job_id), 0)

    async def _load(self) -> None:
        async with self._loading:
            if self._loaded:
                return
            self._waiting = await self._jobs.unfinished()
            if self._library.writable:
                await self._sweep()
            self._loaded = True
            self._changed.set()

    async def _sweep(self) -> None:
        await self._clear_away(self._uploads.sweep(self._jobs.files))

    async def _clear_away(self, sweeping: Awaitable[None]) -> None:
        try:
            await sweeping
        except Exception:  # noqa: BLE001 - logged; the next sweep deletes them
            _log.exception("Files that were handed in could not be cleared away")

    def _remember(self, job: Job, progress: IngestProgress) -> None:
        self._progress[job.id] = progress
        self._announce(JobEvent(replace(job, state=JOB_RUNNING), 0, deepcopy(progress)))

    async def _tell(self, job_id: int, results: tuple[IngestResult, ...] = ()) -> None:
        if job_id in self._watchers:
            self._announce(await self._event(await self._jobs.job(job_id), results))

    async def _tell_if_possible(self, job_id: int, results: tuple[IngestResult, ...] = ()) -> bool:
        """Do as ``_tell``, but let no failure end the work; return whether it succeeded."""
        try:
            await self._tell(job_id, results)
        except Exception:  # noqa: BLE001 - logged; watchers hear of the next step
            _log.exception("How the job %s stands could not be told", job_id)
            return False
        return True

    async def _event(self, job: Job, results: tuple[IngestResult, ...]) -> JobEvent:
        progress = self._progress.get(job.id)
        if progress is None:
            progress = IngestProgress()
            progress.done(await self._jobs.results(job.id))
            left, got = await self._jobs.counts(job.id)
            progress.found = left + got
        if job.id in self._running:  # also a cancelled one: what it has accepted is being finished
            job = replace(job, state=JOB_RUNNING)
        return JobEvent(job, self._position(job.id), deepcopy(progress), results)

    def _announce(self, event: JobEvent) -> None:
        for events in self._watchers.get(event.job.id, ()):
            latest = event
            if events.full():
                missed = events.get_nowait()
                latest = JobEvent(
                    event.job, event.place, event.progress, missed.results + event.results
                )
            events.put_nowait(latest)


async def _next(events: AsyncIterator[JobEvent]) -> JobEvent:
    return await anext(events)
