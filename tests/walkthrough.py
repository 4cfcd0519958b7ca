"""A stranger's way from the README to a digest, timed: ``python -m tests.walkthrough [--install]``.

The commands are those of the README, in processes of their own; Discord is the stand-in, and the site
whose feed is added serves the demo's articles. ``--install`` begins with a clone and ``make demo``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.demo import QUESTIONS, demo_articles
from retrieval.timestamps import utc_now
from tests.discord_standin import DiscordStandIn, Message, User
from tests.newsite import NewsSite, documents
from tests.reference.pages import ROOT, table

_LONG = 60.0  # seconds for a step on a slow machine


@dataclass(frozen=True)
class Step:
    """What was typed, what came of it and how many seconds it took."""

    typed: str
    seen: str
    seconds: float


@dataclass
class Walk:
    """The steps so far; ``folder`` is where the stranger works and ``program`` what is run."""

    folder: Path
    program: list[str]
    steps: list[Step]

    @contextlib.contextmanager
    def step(self, typed: str) -> Iterator[list[str]]:
        """Time a step; what is appended to the list is what it showed."""
        seen: list[str] = []
        begun = time.monotonic()
        yield seen
        self.steps.append(Step(typed, " ".join(seen), time.monotonic() - begun))
        print(f"{self.steps[-1].seconds:6.1f} s  {typed}", file=sys.stderr, flush=True)


def install(walk: Walk) -> None:
    """Clone the repository and run ``make demo`` in the clone."""
    clone = walk.folder / "newsdesk"
    with walk.step("`git clone`"):
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with walk.step("`make demo`") as seen:
        done = subprocess.run(
            ["make", "demo"], cwd=clone, check=True, capture_output=True, text=True
        )
        seen.append(next(line for line in done.stdout.splitlines() if line.startswith("Ines")))
    walk.program = [str(clone / ".venv" / "bin" / "newsdesk")]


async def discord(walk: Walk) -> None:
    """Set the bot up in the stand-in's server, add a feed, ask and have a digest shown."""
    async with DiscordStandIn() as standin:
        with NewsSite() as site:
            _serve(site)
            environment = _environment(walk.folder) | standin.environment
            environment["NEWSDESK_FETCH_ALLOW"] = site.allow
            with walk.step("`newsdesk doctor`") as seen:
                seen.append(await _invite(walk, environment))
            await _in_server(walk, standin, environment, site.url("/"))
            assert not standin.violations, standin.violations


async def _in_server(
    walk: Walk, standin: DiscordStandIn, environment: dict[str, str], address: str
) -> None:
    guild = standin.guild("Harbour News")
    general = standin.channel(guild)
    ada, mo = standin.member(guild, "Ada"), standin.member(guild, "Mo", moderator=True)
    async with contextlib.AsyncExitStack() as stack:
        with walk.step("`newsdesk run`") as seen:
            await stack.enter_async_context(_running(walk, environment))
            await standin.wait_for_bot("ask", timeout=_LONG)
            seen.append("The bot is online, and its commands are available.")
        steps: tuple[tuple[User, str, dict[str, str], str], ...] = (
            (mo, "setup", {}, r"Feeds:\*\* (none yet)"),
            (mo, "feeds add", {"address": address}, r"(Added\..*)"),
            (mo, "feeds check", {}, r"(\d+ added .*)"),
            (ada, "ask", {"question": QUESTIONS[0]}, r"(The Lantern Bridge cost .*?\.) \["),
            (ada, "digest", {"period": "week"}, r"(1\. Lantern Bridge .*?)\*"),
        )
        for who, command, options, shown in steps:
            words = "".join(f" {name}: {value}" for name, value in options.items())
            typed = f"`/{command}{words.replace(address, 'https://…')}`"
            with walk.step(typed) as seen:
                asked = await who.slash(general, command, **options)
                message = await asked.final(partial(_shows, shown), _LONG)
                seen.append(_gist(message, shown))


def _serve(site: NewsSite) -> None:
    """Put the demo's articles on the site, with a feed that its front page names."""
    entries = []
    for number, item in enumerate(demo_articles(utc_now())):
        article = item.article
        assert article is not None
        assert article.published is not None
        url = site.url(f"/reports/{number}")
        title = html.escape(article.title)
        body = "".join(f"<p>{html.escape(part)}</p>" for part in article.text.split("\n\n"))
        site.serve(
            f"/reports/{number}",
            f"<html><head><meta charset=utf-8><title>{title}</title></head>"
            f"<body><article><h1>{title}</h1>{body}</article></body></html>",
        )
        entry = documents.Entry(
            url, article.title, article.text[:120], article.text, article.published.start, url
        )
        entries.append(entry)
    site.feed("/feed", entries)
    site.serve("/", documents.home([("application/rss+xml", "/feed")]))


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "NEWSDESK_DATA_DIR": str(folder / "data"),
        "NEWSDESK_COOLDOWN_SECONDS": "0",
    }


async def _invite(walk: Walk, environment: dict[str, str]) -> str:
    """Run the doctor; return what it says of the invite link."""
    process = await asyncio.create_subprocess_exec(
        *walk.program, "doctor", env=environment, cwd=walk.folder, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    said = [line for line in printed.decode().splitlines() if "oauth2/authorize" in line]
    return "The invite link is printed." if said else "No invite link: the stand-in needs none."


@contextlib.asynccontextmanager
async def _running(walk: Walk, environment: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *walk.program, "run", env=environment, cwd=walk.folder, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def _shows(pattern: str, message: Message) -> bool:
    return re.search(pattern, message.text) is not None


def _gist(message: Message, shown: str) -> str:
    """The part of a message that a step waits for, as people see it."""
    found = re.search(shown, message.text)
    assert found is not None
    return re.sub(r"<(/[\w ]+):\d+>", r"\1", found[1])


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.walkthrough", description=__doc__)
    options.add_argument("--install", action="store_true", help="begin with a clone and make demo")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-walk-") as folder:
        walk = Walk(Path(folder), [sys.executable, "-m", "bot"], [])
        if given.install:
            install(walk)
        else:
            os.environ["PYTHONPATH"] = str(ROOT)
        asyncio.run(discord(walk))
    rows = [[step.typed, step.seen, f"{step.seconds:.1f} s"] for step in walk.steps]
    rows.append(["all steps", "", f"**{sum(step.seconds for step in walk.steps):.0f} s**"])
    print(table(["What was typed", "What appeared", "Time"], rows))


if __name__ == "__main__":
    main()
