"""Feeds and jobs at their limits, against a local site: `python -m tests.benchmarks.feeds [many|long|pages|kills]`.

many: 300 feeds of 10 corpora due at once, 50 rounds, some changing; connections and memory.
long: a feed of 1,000 items with full text, then the same unchanged.
pages: a feed of 1,000 items that only announces them, each fetched from its page.
kills: a job of 1,000 pages killed 20 times.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.config.settings import Settings
from bot.ops.event_loop import limit_malloc_arenas
from bot.services.ingestion import open_ingestion
from bot.storage.library import open_library
from retrieval.catalogue.audit_log import Actor
from retrieval.maintenance import check_indexes
from tests.integration.job_kills import assert_whole, kill_often, state
from tests.newsite import NewsSite, documents
from tests.newsite.site import Served

_BY = Actor("bench", "terminal")
_FEEDS, _CORPORA, _ROUNDS, _CONNECTIONS = 300, 10, 50, 8


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2023, 11, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def many(folder: Path) -> dict[str, Any]:
    clock = _Clock()
    rounds = 0
    with NewsSite() as site:
        hosts = [f"127.0.{2 + n // 250}.{1 + n % 250}" for n in range(_FEEDS)]
        numbers = {host: n for n, host in enumerate(hosts)}

        def make(host: str) -> Served:
            # One feed in ten has something new in each round.
            n = numbers[host]
            last = rounds if n % 10 == rounds % 10 else 0
            entries = [
                documents.entry(site.url("", host), 1000 * n + i, full=True) for i in {0, last}
            ]
            return Served(documents.rss(entries).encode(), "application/rss+xml")

        site.serve_by_host("/feed", make)
        settings = Settings(
            data_dir=folder,
            fetch_allow=tuple(f"{host}:{site.port}" for host in hosts),
            feed_connections=_CONNECTIONS,
        )
        async with (
            open_library(settings.library(), writer="bench", clock=clock) as library,
            open_ingestion(settings, library) as room,
        ):
            for n, host in enumerate(hosts):
                await room.feeds.add(site.url("/feed", host), f"corpus {n % _CORPORA}", _BY)
            seconds, memory, failed, ahead = [], [], 0, 0
            site.seconds = 0.01
            site.most_at_once = 0
            for rounds in range(_ROUNDS):
                site.forget()
                clock.now += timedelta(days=2)
                start = time.perf_counter()
                visits = [visit async for visit in room.poller.due()]
                ahead = max(ahead, _ahead([visit.feed.corpus for visit in visits]))
                seconds.append(round(time.perf_counter() - start, 2))
                assert len(visits) == _FEEDS
                failed += sum(visit.result == "failed" for visit in visits)
                memory.append(_memory_mb())
                print(rounds, seconds[-1], memory[-1], file=sys.stderr)
            return {
                "feeds": _FEEDS,
                "rounds": _ROUNDS,
                "failed": failed,
                "most_connections": site.most_at_once,
                "most_to_a_host": max(site.most_at_once_of_a_host.values()),
                "corpus_ahead_of_another": ahead,
                "first_round_s": seconds[0],
                "slowest_later_round_s": max(seconds[1:]),
                "later_round_s": statistics.median(seconds[1:]),
                "memory_mb": {n: memory[n] for n in (0, 9, 19, 29, 39, 49)},
            }


async def long(folder: Path, *, full: bool = True) -> dict[str, Any]:
    with NewsSite() as site:
        site.feed("/feed", list(range(1000)), full=full)
        settings = Settings(data_dir=folder, fetch_allow=(site.allow,), feed_first_items=1000)
        async with (
            open_library(settings.library(), writer="bench") as library,
            open_ingestion(settings, library) as room,
        ):
            feed = await room.feeds.add(site.url("/feed"), "local", _BY)
            start, worked = time.perf_counter(), time.process_time()
            first = await room.feeds.visit(feed)
            seconds, cpu = time.perf_counter() - start, time.process_time() - worked
            site.forget()
            again = await room.feeds.visit(first.feed)
            wrong = await check_indexes(library)
            return {
                "counts": dict(first.counts),
                "seconds": round(seconds, 1),
                "cpu_seconds": round(cpu, 1),
                "again": again.result,
                "again_requests": [(seen.path, seen.status) for seen in site.requests],
                "index_disagreements": len(wrong),
            }


def kills(folder: Path) -> dict[str, Any]:
    with NewsSite() as site:
        site.seconds = 0.002
        seen = []
        start = time.perf_counter()
        for share in kill_often(folder, site, items=1000, kills=20):
            seen.append(round(share, 2))
            print(seen[-1], file=sys.stderr)
        assert_whole(state(folder), site, 1000)
        return {
            "kills": len(seen),
            "served_at_each": seen,
            "articles": 1000,
            "every_article_once": True,
            "seconds": round(time.perf_counter() - start, 1),
        }


def _ahead(corpora: list[str]) -> int:
    """By how many visits a corpus was ahead of another at most, as they ended; all have as many."""
    served = Counter(dict.fromkeys(corpora, 0))
    most = 0
    for corpus in corpora:
        served[corpus] += 1
        most = max(most, max(served.values()) - min(served.values()))
    return most


def _memory_mb() -> float:
    """What the process holds now beside mapped files."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon"):
                return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


_COMMANDS: dict[str, Callable[[Path], Any]] = {
    "many": lambda folder: asyncio.run(many(folder)),
    "long": lambda folder: asyncio.run(long(folder)),
    "pages": lambda folder: asyncio.run(long(folder, full=False)),
    "kills": kills,
}


def main() -> None:
    wanted = sys.argv[1:] or list(_COMMANDS)
    if unknown := set(wanted) - set(_COMMANDS):
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join(_COMMANDS)}")
    limit_malloc_arenas()  # as the bot does
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="newsdesk-feeds-") as folder:
            print(json.dumps({"benchmark": name, **_COMMANDS[name](Path(folder))}), flush=True)


if __name__ == "__main__":
    main()
