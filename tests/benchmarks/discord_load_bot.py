"""The bot of ``discord_load``, in a process of its own that watches its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.ops.discord_endpoints import use_endpoints
from bot.ops.event_loop import tune_for_event_loop
from bot.ops.logging import set_up
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.models import IngestItem
from tests.benchmarks.discord_load import ARTICLES, BEFORE
from tests.benchmarks.weekly_news import load_articles

_TICK = 0.005


class Stalls:
    """How long the event loop did nothing for others, in milliseconds."""

    def __init__(self) -> None:
        self.found: list[float] = []

    async def watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            self.found.append((now - last - _TICK) * 1000)
            last = now


async def main() -> None:
    settings = load_settings({k: v for k, v in os.environ.items() if not k.startswith("LOAD_")})
    set_up(as_json=False)
    use_endpoints(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    bot = NewsdeskBot(settings)
    tune_for_event_loop(bot, without=os.environ.get("LOAD_WITHOUT", ""))
    await bot.login(os.environ["DISCORD_TOKEN"])
    running = asyncio.create_task(bot.connect())
    await bot.wait_until_ready()
    servers = json.loads(os.environ["LOAD_SERVERS"])
    articles = iter(list(itertools.islice(_articles(), len(servers) * BEFORE + ARTICLES)))
    for server in servers:
        await _ingest(bot, server, list(itertools.islice(articles, BEFORE)))
    _say("ready")
    stalls = Stalls()
    watching: asyncio.Task[None] | None = None
    ingesting: asyncio.Task[tuple[int, float]] | None = None
    while (word := await asyncio.to_thread(sys.stdin.readline)).strip() != "stop":
        if word.strip() == "ingest":
            watching = asyncio.create_task(stalls.watch())
            ingesting = asyncio.create_task(_ingest(bot, servers[0], list(articles)))
    assert ingesting is not None
    assert watching is not None
    ingested, seconds = await ingesting
    watching.cancel()
    library = bot.services.library
    counts = await library.counts()
    passages = sum(each.passages for each in counts)
    _say(json.dumps({
        "articles": sum(each.articles for each in counts), "passages": passages,
        "vectors": passages - sum((await library.without_vector()).values()),
        "disk": _disk(bot.settings.data_dir), "memory_now": _memory_mb("VmRSS") * 1024 * 1024,
        "stall_ms": max(stalls.found), "stalls": sorted(round(s) for s in stalls.found if s > 50),
        "memory_mb": _memory_mb(),
        "ingested": ingested, "ingest_s": seconds,
    }))  # fmt: skip
    await asyncio.to_thread(sys.stdin.readline)
    await bot.close()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _ingest(bot: NewsdeskBot, server: int, articles: list[IngestItem]) -> tuple[int, float]:
    started = time.perf_counter()
    indexer = await bot.services.library.indexer(bot.services.contexts.corpus_of(server))
    count = 0
    async for result in ingest(indexer, articles, actor="load", data_dir=bot.settings.data_dir):
        count += result.status in ("indexed", "duplicate")
    return count, time.perf_counter() - started


def _disk(folder: Path) -> int:
    kept = [*folder.glob("catalogue.sqlite3*"), folder / "keywords", folder / "chroma"]
    done = subprocess.run(
        ["du", "-sbc", *map(str, kept)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-2])


def _memory_mb(field: str = "VmHWM") -> float:
    """The most that this process and its children that are still there have had, in MB; with
    ``VmRSS`` what they have now."""
    own = str(os.getpid())
    kilobytes = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(
                line.split(":", 1) for line in status.read_text().splitlines() if ":" in line
            )
            if own in (fields["Pid"].strip(), fields["PPid"].strip()) and field in fields:
                kilobytes += int(fields[field].split()[0])
    return kilobytes / 1024


def _articles() -> Iterator[IngestItem]:
    for number, record in enumerate(load_articles(), 1):
        yield IngestItem(f"articles:{number}", article_from_record(record))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
