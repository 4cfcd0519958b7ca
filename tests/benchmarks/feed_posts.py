"""1,000 new articles of 20 feeds into 5 channels, a forum among them, within Discord's rates:
`python -m tests.benchmarks.feed_posts [articles]`.

One article in twenty is edited a few minutes after it came in. The bot is the real one, in process,
against the stand-in with Discord's rate limits in real time; its own clock is moved by hand.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.storage.feed_posts import FeedPost, add_post
from retrieval.catalogue.audit_log import Actor
from retrieval.errors import Refused
from tests.discord_standin import Channel, DiscordStandIn, Guild, Message
from tests.integration.answering_fixtures import NOW
from tests.integration.discord_fixtures import addresses_of
from tests.newsite import NewsSite, documents

_BY = Actor("bench", "terminal")
_FEEDS, _FORUM, _NEWS = 20, 15, 5
_CHANNELS = {"one": 0, "two": 0, "three": 0, "news": _NEWS, "forum": _FORUM}
_EDITED_EACH = 20
_EDIT = "This report was corrected."


async def measure(articles: int) -> dict[str, Any]:
    """Bring the articles in, edit some, and post all; returns the figures."""
    with NewsSite() as site, tempfile.TemporaryDirectory() as folder:
        async with DiscordStandIn() as standin:
            with addresses_of(standin):
                given = {
                    "NEWSDESK_DATA_DIR": str(Path(folder) / "data"),
                    "NEWSDESK_FETCH_ALLOW": site.allow,
                    **standin.environment,
                }
                clock = _Clock()
                bot = NewsdeskBot(load_settings(given, Path(folder) / "no.env"), clock=clock)
                running = asyncio.create_task(bot.start(standin.token))
                try:
                    await standin.wait_for_bot("ask", timeout=60)
                    return await _Run(bot, standin, site, clock, articles).measure()
                finally:
                    await bot.close()
                    await asyncio.gather(running, return_exceptions=True)


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class _Run:
    def __init__(
        self, bot: NewsdeskBot, standin: DiscordStandIn, site: NewsSite, clock: _Clock, count: int
    ) -> None:
        self.bot, self.standin, self.site, self.clock = bot, standin, site, clock
        self.each = count // _FEEDS
        self.guild: Guild = standin.guild("Harbour News")
        self.corpus = bot.services.contexts.corpus_of(self.guild.id)

    async def measure(self) -> dict[str, Any]:
        service = self.bot.services.ingestion.feeds
        # Rounds begin below only, once all feeds were visited.
        self.bot.services.posts.start()
        await self.bot.services.posts.stop()
        channels = [self.standin.channel(self.guild, n, kind=k) for n, k in _CHANNELS.items()]
        feeds = []
        for number in range(_FEEDS):
            self._serve(number, 0)
            feeds.append(await service.add(self.site.url(f"/feed{number}"), self.corpus, _BY))
        await self._visit()
        for number, feed in enumerate(feeds):
            channel = channels[number % len(channels)]
            await add_post(
                self.bot.services.library.database,
                FeedPost(
                    0, self.corpus, self.guild.id, channel.id, channel.type == _FORUM, "UTC",
                    NOW, NOW, feed_id=feed.id, publish=channel.type == _NEWS,
                ),
            )  # fmt: skip
        began = time.monotonic()
        self._go_on(1)
        for number in range(_FEEDS):
            self._serve(number, self.each)
        await self._visit()
        came = time.monotonic() - began
        early = sum(len(self._shown(channel)) for channel in channels)
        self._go_on(6)
        for number in range(_FEEDS):
            self._serve(number, self.each, edited=True)
        await self._visit()
        began = time.monotonic()
        for minute in (7, 13):
            if minute == 13:
                self._go_on(12)
                await self._visit()
            self._go_on(minute)
            await self.bot.services.posts.tick()
        posted = time.monotonic() - began
        return self._figures(channels, came, posted, early)

    def _figures(
        self, channels: list[Channel], came: float, posted: float, early: int
    ) -> dict[str, Any]:
        shown = {channel.name: self._shown(channel) for channel in channels}
        times = Counter(_number(m) for messages in shown.values() for m in messages)
        total = self.each * _FEEDS
        edited = {n for n in range(total) if n % _EDITED_EACH == 0}
        unsettled = [
            m
            for messages in shown.values()
            for m in messages
            if _number(m) in edited and _EDIT not in m.text
        ]
        order = {
            name: _falls([_number(m) % self.each for m in messages if _number(m) not in edited])
            for name, messages in shown.items()
        }
        return {
            "articles": total,
            "posted": sum(times.values()),
            "once": sum(count == 1 for count in times.values()),
            "posted before anything settled": early,
            "edited": len(edited),
            "edited, posted with an earlier text": len(unsettled),
            "out of order": sum(order.values()),
            "messages by channel": {name: len(messages) for name, messages in shown.items()},
            "posts of the forum": len(self.standin.threads(channels[-1])),
            "published": sum(bool(m.flags & 1) for m in shown["news"]),
            "answers 429": sum(call.status == 429 for call in self.standin.calls),
            "requests": len(self.standin.calls),
            "seconds to take in": round(came, 1),
            "seconds to post": round(posted, 1),
        }

    def _serve(self, feed: int, count: int, *, edited: bool = False) -> None:
        numbers = range(feed * self.each, feed * self.each + count)
        entries = [
            _entry(
                self.site.url(f"/news/{n}"), n, edited=edited and n % _EDITED_EACH == 0,
                at=NOW - timedelta(hours=20) + timedelta(minutes=n % self.each),
            )
            for n in numbers
        ]  # fmt: skip
        self.site.serve(f"/feed{feed}", documents.rss(entries), "application/rss+xml")

    def _go_on(self, minute: float) -> None:
        self.clock.now = NOW + timedelta(minutes=minute)

    async def _visit(self) -> None:
        for feed in await self.bot.services.ingestion.feeds.feeds(self.corpus):
            for _ in range(1_000):
                try:
                    await self.bot.services.ingestion.feeds.visit(feed)
                    break
                except Refused:  # the poller is at it
                    await asyncio.sleep(0.05)

    def _shown(self, channel: Channel) -> list[Message]:
        places = self.standin.threads(channel) if channel.type == _FORUM else [channel]
        return sorted((m for p in places for m in self.standin.bot_messages(p)), key=lambda m: m.id)


def _entry(url: str, number: int, *, edited: bool, at: datetime) -> documents.Entry:
    """A report on an event of its own, in words of its own."""
    chance = random.Random(number)
    words = ["".join(chance.choices("bdfgklmnprstvz", k=1) + chance.choices("aeiou", k=1)) for _ in range(400)]  # fmt: skip
    said = ["".join(words[n : n + 3]) for n in range(0, 396, 3)]
    sentences = [" ".join(said[n : n + 11]).capitalize() + "." for n in range(0, 132, 11)]
    first = f"{_EDIT} " if edited else ""
    return documents.Entry(
        url, " ".join(said[:6]).capitalize(), sentences[0], first + " ".join(sentences), at,
        f"item-{number}",
    )  # fmt: skip


def _number(message: Message) -> int:
    return int(message.text.split("/news/")[1].split(")")[0])


def _falls(minutes: list[int]) -> int:
    """How often a message is of a later minute than the one before it: never, the newest first."""
    return sum(after > before for before, after in itertools.pairwise(minutes))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(json.dumps(asyncio.run(measure(count)), indent=2))
