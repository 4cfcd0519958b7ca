"""A feed of 1,000 items with full text comes in while people ask: ``python -m tests.benchmarks.feed_and_ask``.

A moderator has the feed read by ``/feeds check``; meanwhile somebody asks every 200 ms with ``/ask``.
Discord's stand-in, its people and the news site are in this process, the bot is in another one. Prints
each figure with its aim; exit code 1 if one is missed. ``url`` brings the feed in by ``/ingest url``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.discord_standin import DiscordStandIn, Interaction, Message
from tests.newsite import NewsSite, documents

ITEMS = 1_000
BEFORE = 100  # pages that the server has already
EVERY_SECONDS = 0.2
PEOPLE = 20
HEARTBEAT_SECONDS = 1.0
ROOT = Path(__file__).parents[2]


def main() -> int:
    by_url = "url" in sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="newsdesk-feed-") as folder, NewsSite() as site:
        return asyncio.run(_measure(Path(folder), site, by_url=by_url))


async def bot() -> None:
    """The bot, watching its event loop until standard input says something."""
    from bot.client import NewsdeskBot
    from bot.config.settings import load_settings
    from bot.ops.discord_endpoints import use_endpoints
    from bot.ops.event_loop import tune_for_event_loop
    from tests.benchmarks.discord_load_bot import Stalls

    logging.disable(logging.INFO)
    settings = load_settings()
    use_endpoints(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    newsdesk = NewsdeskBot(settings)
    tune_for_event_loop(newsdesk)
    running = asyncio.create_task(newsdesk.start(os.environ["DISCORD_TOKEN"]))
    stalls = Stalls()
    await asyncio.to_thread(sys.stdin.readline)
    watching = asyncio.create_task(stalls.watch())
    await asyncio.to_thread(sys.stdin.readline)
    watching.cancel()
    found = sorted(round(stall) for stall in stalls.found)
    print(json.dumps({"longest": found[-1], "over_50": [stall for stall in found if stall > 50]}))
    await newsdesk.close()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _measure(folder: Path, site: NewsSite, *, by_url: bool) -> int:
    entries = [documents.entry(site.url(), n, full=True) for n in range(BEFORE, BEFORE + ITEMS)]
    site.feed("/before", [documents.entry(site.url(), n, full=True) for n in range(BEFORE)])
    site.feed("/feed", entries)
    async with DiscordStandIn(heartbeat_interval=HEARTBEAT_SECONDS) as standin:
        guild = standin.guild("Harbour News")
        general = standin.channel(guild)
        boss = standin.member(guild, "Mo", moderator=True)
        people = [standin.member(guild, f"Person {n}") for n in range(PEOPLE)]
        given = standin.environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder),
            "NEWSDESK_DATA_DIR": str(folder / "data"), "NEWSDESK_COOLDOWN_SECONDS": "0",
            "NEWSDESK_FETCH_ALLOW": site.allow, "NEWSDESK_FEED_FIRST_ITEMS": str(ITEMS),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.feed_and_ask", "bot", env=given, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        asked: list[Interaction] = []
        try:
            await standin.wait_for_bot("ask", timeout=60)
            before = await boss.slash(general, "ingest url", links=site.url("/before"))
            await before.final(_over, timeout=60)
            process.stdin.write(b"watch\n")
            started = time.perf_counter()
            if by_url:
                coming = await boss.slash(general, "ingest url", links=site.url("/feed"))
            else:
                added = await boss.slash(general, "feeds add", address=site.url("/feed"))
                await added.final(timeout=30)
                coming = await boss.slash(general, "feeds check", feed="1")
            done = asyncio.create_task(coming.final(_over, timeout=300))
            for n in itertools.count():
                question = f"What did Mayor Hanna Lind{n * 7 % BEFORE} say at the opening?"
                asked.append(await people[n % PEOPLE].slash(general, "ask", question=question))
                await asyncio.wait([done], timeout=EVERY_SECONDS)
                if done.done():
                    break
            seconds = time.perf_counter() - started
            shown = done.result()
            for interaction in asked:
                await interaction.final(_answered, timeout=60)
            process.stdin.write(b"stop\n")
            stalls = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
            await asyncio.wait_for(process.wait(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        after = [i.acknowledged_after for i in [*asked, coming] if i.acknowledged_after is not None]
        lateness = max(standin.gateway.heartbeat_lateness, default=0.0)
        longest = stalls["longest"]
        checks = [
            (f"{ITEMS} items are in after", f"{seconds:.1f} s", "30 s", seconds < 30),
            ("what the moderator is told", next(line for line in shown.text.splitlines() if str(ITEMS) in line)[:60], "all of them",
             f"{ITEMS} added" in shown.text or f"{ITEMS} indexed" in shown.text),
            ("acknowledged at the latest after", f"{max(after):.3f} s", "1 s, all of them",
             max(after) < 1 and len(after) == len(asked) + 1),
            ("acknowledged in the median after", f"{statistics.median(after) * 1000:.0f} ms", "150 ms",
             statistics.median(after) < 0.15),
            ("latest heartbeat", f"{lateness:.3f} s late", "0.5 s", lateness < 0.5),
            ("longest stall of the event loop", f"{longest} ms", "100 ms", longest < 100),
            ("refused by Discord's rules", str(len(standin.violations)), "0", not standin.violations),
        ]  # fmt: skip
    print(f"{len(asked)} questions were asked and answered meanwhile")
    for name, figure, aim, met in checks:
        print(f"{name:35} {figure:62} aim {aim:18} {'met' if met else 'MISSED'}")
    print(f"stalls over 50 ms: {stalls['over_50']}")
    return 0 if all(met for *_, met in checks) else 1


def _over(message: Message) -> bool:
    return any(word in message.text for word in ("Done (job", "Failed (job", "Result of the check"))


def _answered(message: Message) -> bool:
    return "timestamp" in str(message.embeds)


if __name__ == "__main__":
    if sys.argv[1:] == ["bot"]:
        asyncio.run(bot())
    else:
        sys.exit(main())
