"""What is measured at each scrape: stored data, queues, processes and disks."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import time
from collections.abc import Awaitable, Callable

from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from bot.answering.engine import AnswerEngine
from bot.config.limits import Budget
from bot.ops.backups import last_backup
from bot.ops.health import Cause
from bot.ops.metrics import CONTENT_TYPE, Metrics
from bot.ops.processes import process_use
from bot.services.rate_limits import AnswerQueue
from retrieval.catalogue.totals import article_totals, feed_totals, job_totals
from retrieval.errors import NewsdeskError
from retrieval.library import Library

_log = logging.getLogger(__name__)

_SECONDS = 8.0
_KNOWN_FOR = 1.0
_JOB_STATES = ("queued", "running", "done", "cancelled", "failed")


class Readings:
    """Fills the gauges of ``metrics``. A value that can't be read in time is NaN; the others are
    still filled."""

    def __init__(
        self,
        metrics: Metrics,
        library: Library,
        queue: AnswerQueue,
        engine: AnswerEngine,
        budget: Budget,
        *,
        causes: Callable[[], Awaitable[list[Cause]]],
        parts: tuple[str, ...],
        worst_lag: Callable[[], float],
        servers: Callable[[], int],
    ) -> None:
        self._metrics = metrics
        self._library = library
        self._queue = queue
        self._engine = engine
        self._budget = budget
        self._causes = causes
        self._parts = parts
        self._worst_lag = worst_lag
        self._servers = servers
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")

    async def scrape(self) -> tuple[bytes, str]:
        """Return the metrics in Prometheus' format, and their content type."""
        async with self._reading:
            if time.monotonic() - self._read_at > _KNOWN_FOR:
                await self._read()
                self._read_at = time.monotonic()
        return self._metrics.text(), CONTENT_TYPE

    async def _read(self) -> None:
        m = self._metrics
        m.queue_waiting.set(self._queue.waiting)
        m.queue_running.set(self._queue.running)
        m.servers.set(self._servers())
        m.loop_lag_worst.set(self._worst_lag())
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "readiness": self._read_readiness,
            "articles": self._read_articles,
            "feeds": self._read_feeds,
            "jobs": self._read_jobs,
            "disk": self._read_disk,
            "processes": self._read_processes,
            "spending": self._read_spending,
        }
        await asyncio.gather(*(self._guarded(name, read) for name, read in parts.items()))

    async def _guarded(self, name: str, read: Callable[[], Awaitable[None]]) -> None:
        failed = 0
        try:
            async with asyncio.timeout(_SECONDS):
                await read()
        except (NewsdeskError, SQLAlchemyError, OSError, TimeoutError) as error:
            failed = 1
            _log.debug("%s could not be read: %s", name, type(error).__name__)
        self._metrics.unread.labels(name).set(failed)

    async def _read_readiness(self) -> None:
        gauges = {part: self._metrics.conditions.labels(part) for part in self._parts}
        _unknown(self._metrics.ready, *gauges.values())
        causes = await self._causes()
        unwell = {cause.part for cause in causes}
        self._metrics.ready.set(not causes)
        for part, gauge in gauges.items():
            gauge.set(part in unwell)

    async def _read_articles(self) -> None:
        m = self._metrics
        gauges = (m.corpora, m.articles, m.unfinished, m.passages, m.vectors)
        _unknown(*gauges)
        found = await article_totals(self._library.database)
        m.corpora.set(found.corpora)
        m.articles.set(found.articles)
        m.unfinished.set(found.unfinished)
        m.passages.set(found.passages)
        m.vectors.set(found.vectors)

    async def _read_feeds(self) -> None:
        m = self._metrics
        _unknown(m.feeds_due, m.feeds_failing, *map(m.feeds.labels, ("active", "paused")))
        found = await feed_totals(self._library.database, self._library.clock())
        m.feeds.labels("active").set(found.active)
        m.feeds.labels("paused").set(found.paused)
        m.feeds_due.set(found.due)
        m.feeds_failing.set(found.failing)

    async def _read_jobs(self) -> None:
        gauges = {state: self._metrics.jobs.labels(state) for state in _JOB_STATES}
        _unknown(*gauges.values())
        found = await job_totals(self._library.database)
        for state, gauge in gauges.items():
            gauge.set(found.get(state, 0))

    async def _read_disk(self) -> None:
        m = self._metrics
        _unknown(m.disk_free, m.backup_age)
        m.disk.clear()
        folder = self._library.data_dir
        sizes, usage, backup = await asyncio.to_thread(
            lambda: (self._library.sizes(), shutil.disk_usage(folder), last_backup(folder))
        )
        for part, size in sizes.items():
            m.disk.labels(part).set(size)
        m.disk_free.set(usage.free)
        age = backup.age_seconds(self._library.clock())
        m.backup_age.set(math.nan if age is None else age)

    async def _read_processes(self) -> None:
        m = self._metrics
        m.memory.clear()
        m.processes.clear()
        for kind, use in (await asyncio.to_thread(process_use)).items():
            m.memory.labels(kind).set(use.memory)
            m.processes.labels(kind).set(use.count)

    async def _read_spending(self) -> None:
        m = self._metrics
        _unknown(m.spent_today, m.tokens_today, m.budget_used)
        spent = await self._engine.spent()
        m.spent_today.set(spent.cost)
        m.tokens_today.set(spent.tokens)
        m.budget_used.set(budget_used(self._budget, spent.cost, spent.tokens))


def budget_used(budget: Budget, cost: float, tokens: int) -> float:
    """Return the used share of the day's budget, from 0 to 1; NaN if there is no budget."""
    shares = [
        used / most if most else 1.0
        for used, most in ((cost, budget.cost), (tokens, budget.tokens))
        if most is not None
    ]
    return max(shares, default=math.nan)


def _unknown(*gauges: Gauge) -> None:
    """Until they are read anew: what was true at the last scrape is not told again."""
    for gauge in gauges:
        gauge.set(math.nan)
