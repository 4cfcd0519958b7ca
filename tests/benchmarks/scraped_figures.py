"""What /metrics says of a run beside what the run itself counted."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.metric_values import Samples, parse

_EVERY_SECONDS = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=15)
_TICK_MS = 20.0  # how often the bot looks at its own loop
_LAG = "newsdesk_event_loop_lag_seconds_bucket"


@dataclass(slots=True)
class Scraper:
    """Scrapes an endpoint again and again; ``first`` and ``last`` are what it got."""

    url: str
    first: Samples = field(default_factory=Samples)
    last: Samples = field(default_factory=Samples)
    scrapes: int = 0
    failures: int = 0

    async def scrape(self) -> None:
        """Scrape once, after what is known for a second is forgotten."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            await self._scrape(session)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Scrape each second while the block lasts."""
        task = asyncio.create_task(self._keep_scraping())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_scraping(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                try:
                    await self._scrape(session)
                except (aiohttp.ClientError, TimeoutError):
                    self.failures += 1
                await asyncio.sleep(_EVERY_SECONDS)

    async def _scrape(self, session: aiohttp.ClientSession) -> None:
        async with session.get(self.url) as response:
            self.last = parse(await response.text())
        self.first = self.first or self.last
        self.scrapes += 1


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure as it was counted and as it was scraped; ``within`` is the share they may differ by."""

    name: str
    counted: float
    scraped: float
    within: float = 0.0

    @property
    def agrees(self) -> bool:
        return math.isclose(self.counted, self.scraped, rel_tol=self.within, abs_tol=1e-9)

    def line(self) -> str:
        verdict = "agrees" if self.agrees else "DIFFERS"
        return f"{self.name:35} {self.counted:>14,.0f} {self.scraped:>14,.0f}   {verdict}"


def compare(
    scraper: Scraper, kinds: Mapping[str, int], figures: Mapping[str, Any]
) -> list[Compared]:
    """Hold the last scrape against ``kinds`` (how many questions ended how, as their askers saw it)
    and ``figures`` (what the bot's process counted)."""
    found = scraper.last
    answers = kinds.get("answer", 0)
    return [
        Compared("questions", sum(kinds.values()), found["newsdesk_requests_total", {"kind": "question"}]),
        Compared("answers and declines shown", answers, found.total("newsdesk_answers_total")),
        Compared("sent away", kinds.get("busy", 0), _ended(found, "refused")),
        Compared("failed", kinds.get("failed", 0), _ended(found, "failed")),
        Compared("came to their turn", answers, _stage(found, "queue")),
        Compared("posted", answers, _stage(found, "posting")),
        Compared("still waiting or worked on", 0, found["newsdesk_queue_waiting"] + found["newsdesk_queue_running"]),
        Compared("articles", figures["articles"], found["newsdesk_articles"]),
        Compared("passages", figures["passages"], found["newsdesk_passages"]),
        Compared("vectors", figures["vectors"], found["newsdesk_vectors"]),
        Compared("bytes on disk", figures["disk"], found.total("newsdesk_disk_bytes"), 0.05),
        Compared("bytes of memory", figures["memory_now"], found.total("newsdesk_memory_bytes"), 0.05),
    ]  # fmt: skip


def longest_stall(scraper: Scraper, counted_ms: float) -> tuple[str, bool]:
    """Between which bounds the longest stall was by the histogram, and whether that agrees."""
    before, after = (_buckets(samples) for samples in (scraper.first, scraper.last))
    lower = upper = 0.0
    for bound in sorted(after):
        below = max((each for each in after if each < bound), default=0.0)
        grown = after[bound] - before.get(bound, 0)
        if grown > (after.get(below, 0) - before.get(below, 0) if below else 0):
            lower, upper = below * 1000, bound * 1000
    agrees = lower - _TICK_MS <= counted_ms <= upper + _TICK_MS
    return f"{lower:.0f} to {upper:.0f} ms", agrees


def _buckets(samples: Samples) -> dict[float, float]:
    return {
        float(dict(labels)["le"]): value
        for (name, labels), value in samples.items()
        if name == _LAG
    }


def _ended(found: Samples, outcome: str) -> float:
    return found["newsdesk_outcomes_total", {"kind": "question", "outcome": outcome}]


def _stage(found: Samples, stage: str) -> float:
    return found["newsdesk_stage_seconds_count", {"stage": stage}]
