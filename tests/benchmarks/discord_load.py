"""A burst of questions in Discord while articles come in: ``python -m tests.benchmarks.discord_load``.

200 questions from 50 people in 5 servers at once, and 500 articles ingested in the bot's process
meanwhile. The stand-in and its people are in this process, the bot in another one. /metrics is scraped
each second. Prints each figure with its aim, and what was counted beside what was scraped; exit code 1
if an aim is missed or two figures differ. Takes data/weekly-news of the shared folder. With
LOAD_SMALL=1 in the environment everything is a fifth of that.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bot.evaluation.questions import read_records
from tests.benchmarks import weekly_news
from tests.benchmarks.scraped_figures import Scraper, compare, longest_stall
from tests.discord_standin import DiscordStandIn, Interaction, Message, User
from tests.discord_standin.model import Channel

# What stands below an answer that is whole.
_ID = re.compile(r"\bid [0-9a-z]{8}\b")

SERVERS, PEOPLE = 5, 50
# BEFORE: articles that each server has already.
SMALL = bool(os.environ.get("LOAD_SMALL"))
QUESTIONS, ARTICLES, BEFORE = (40, 100, 60) if SMALL else (200, 500, 300)
HEARTBEAT_SECONDS = 1.0
ALLOWED_LATE = 0.5
ROOT = Path(__file__).parents[2]


def main() -> int:
    if not weekly_news.FOLDER.is_dir():
        print(f"{weekly_news.FOLDER} is missing; this benchmark needs it.")
        return 0
    with tempfile.TemporaryDirectory(prefix="newsdesk-load-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> int:
    standin = DiscordStandIn(heartbeat_interval=HEARTBEAT_SECONDS)
    port = _free_port()
    scraper = Scraper(f"http://127.0.0.1:{port}/metrics")
    async with standin:
        guilds = [standin.guild(f"Server {n}") for n in range(SERVERS)]
        people = [
            (standin.member(guilds[n % SERVERS], f"Person {n}"), standin.channel(guilds[n % SERVERS]))
            for n in range(PEOPLE)
        ]  # fmt: skip
        given = standin.environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder),
            "NEWSDESK_DATA_DIR": str(folder / "data"), "NEWSDESK_COOLDOWN_SECONDS": "0",
            "LOAD_SERVERS": json.dumps([g.id for g in guilds]),
            "OMP_NUM_THREADS": "1", "NEWSDESK_HEALTH_PORT": str(port),
            "LOAD_WITHOUT": os.environ.get("LOAD_WITHOUT", ""),
            # A fifth of the default: as many are sent away as in the whole run.
            **({"NEWSDESK_MAX_QUEUED_QUESTIONS": "20"} if SMALL else {}),
            "LOAD_SMALL": os.environ.get("LOAD_SMALL", ""),
        }  # fmt: skip
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.discord_load_bot", env=given, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        assert bot.stdin is not None
        assert bot.stdout is not None
        try:
            print(await _line(bot.stdout, 300))
            await standin.wait_for_bot("ask", timeout=60)
            asked = _questions()
            standin.gateway.heartbeat_lateness.clear()
            await scraper.scrape()
            async with scraper.running():
                bot.stdin.write(b"ingest\n")
                await bot.stdin.drain()
                await asyncio.sleep(0.3)
                started = time.perf_counter()
                interactions = await _burst(people, asked)
                finals = await asyncio.gather(*map(_final, interactions))
                took = time.perf_counter() - started
                bot.stdin.write(b"stop\n")
                await bot.stdin.drain()
                figures = json.loads(await _line(bot.stdout, 120))
            await asyncio.sleep(1.5)  # what a scrape found is told again for a second
            await scraper.scrape()
            bot.stdin.write(b"close\n")
            await bot.stdin.drain()
            await asyncio.wait_for(bot.wait(), 60)
        finally:
            if bot.returncode is None:
                bot.kill()
        met = _print(standin, interactions, finals, took, figures)
        agree = _print_scraped(scraper, finals, figures)
        return 0 if met and agree else 1


async def _burst(people: list[tuple[User, Channel]], asked: list[str]) -> list[Interaction]:
    interactions = []
    for n, question in enumerate(asked):
        person, channel = people[n % PEOPLE]
        interactions.append(await person.slash(channel, "ask", question=question))
        # The stand-in hears what the bot says to the first while it passes on the last.
        await asyncio.sleep(0)
    return interactions


async def _final(interaction: Interaction) -> str:
    """How a question ended, as its asker sees it."""
    try:
        message = await interaction.final(lambda m: _kind(m) is not None, timeout=300)
    except AssertionError:
        return "nothing"
    return _kind(message) or "nothing"


def _kind(message: Message) -> str | None:
    text = json.dumps([message.embeds, message.components])
    if "Too many questions are waiting" in text or "several questions waiting" in text:
        return "busy"
    if "You can ask again" in text:
        return "too soon"
    if "Something went wrong" in text:
        return "failed"
    return "answer" if _ID.search(text) else None


def _print(
    standin: DiscordStandIn, interactions: list[Interaction], finals: list[str], took: float,
    figures: dict[str, Any],
) -> bool:  # fmt: skip
    acknowledged = [i.acknowledged_after for i in interactions if i.acknowledged_after is not None]
    every = [len([m for m in i.messages if _kind(m)]) for i in interactions]
    lateness = max(standin.gateway.heartbeat_lateness, default=0.0)
    kinds = {kind: finals.count(kind) for kind in sorted(set(finals))}
    checks = [
        ("acknowledged at the latest after", f"{max(acknowledged):.3f} s",
         "1 s, all of them", max(acknowledged) < 1 and len(acknowledged) == QUESTIONS),
        ("acknowledged in the median after", f"{statistics.median(acknowledged) * 1000:.0f} ms",
         "150 ms", statistics.median(acknowledged) < 0.15),
        ("latest heartbeat", f"{lateness:.3f} s late", f"{ALLOWED_LATE} s", lateness < ALLOWED_LATE),
        ("longest stall of the event loop", f"{figures['stall_ms']:.0f} ms", "100 ms", figures["stall_ms"] < 100),
        ("final forms", f"{kinds}", "one answer or busy reply each",
         not set(kinds) - {"answer", "busy"} and set(every) == {1}),
        ("memory", f"{figures['memory_mb']:.0f} MB", "1000 MB", figures["memory_mb"] < 1000),
        ("refused by Discord's rules", f"{len(standin.violations)}", "0", not standin.violations),
    ]  # fmt: skip
    for name, figure, aim, met in checks:
        print(f"{name:35} {figure:45} aim {aim:30} {'met' if met else 'MISSED'}")
    print(
        f"all answered after {took:.1f} s; {figures['ingested']} articles ingested in {figures['ingest_s']:.1f} s"
    )
    print(f"stalls over 50 ms: {figures['stalls']}")
    for violation in standin.violations[:5]:
        print(violation)
    return all(met for *_, met in checks)


def _print_scraped(scraper: Scraper, finals: list[str], figures: dict[str, Any]) -> bool:
    compared = compare(scraper, {kind: finals.count(kind) for kind in set(finals)}, figures)
    print(f"{scraper.scrapes} scrapes, {scraper.failures} failed")
    print(f"{'':35} {'counted':>14} {'/metrics':>14}")
    for each in compared:
        print(each.line())
    bounds, agrees = longest_stall(scraper, figures["stall_ms"])
    verdict = "agrees" if agrees else "DIFFERS"
    print(f"{'longest stall':35} {figures['stall_ms']:>11.0f} ms {bounds:>14}   {verdict}")
    return agrees and not scraper.failures and all(each.agrees for each in compared)


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def _questions() -> list[str]:
    found = [record["question"] for record in read_records(weekly_news.QUESTIONS)]
    return (found * QUESTIONS)[:QUESTIONS]


async def _line(stream: asyncio.StreamReader, seconds: float) -> str:
    async with asyncio.timeout(seconds):
        return (await stream.readline()).decode().strip()


if __name__ == "__main__":
    sys.exit(main())
