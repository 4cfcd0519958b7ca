"""New articles of feeds into channels: each once, settled, newest first, within Discord's rates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.storage.feed_posts import FeedPost, active_posts, add_post
from retrieval.catalogue.audit_log import Actor
from tests.discord_standin import Channel, Guild, Message
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Running, Start
from tests.newsite import NewsSite, documents

BOSS = Actor("discord user 1", "a test")
FORUM, NEWS = 15, 5


class Newsroom:
    """A server with feeds whose clock a test moves."""

    def __init__(self, running: Running, site: NewsSite) -> None:
        self.running = running
        self.site = site
        self.standin = running.standin
        self.guild: Guild = self.standin.guild("Harbour News")
        self.corpus = running.bot.services.contexts.corpus_of(self.guild.id)
        self.services = running.bot.services
        self.now = NOW
        self.services.library.clock = lambda: self.now
        # As on Discord, in a twenty-fifth of the time.
        for route in ("/channels/{channel_id}/messages", "/channels/{channel_id}/threads"):
            self.standin.rate_limits.set("POST", route, 5, 0.2)

    def at(self, minutes: float) -> None:
        self.now = NOW + timedelta(minutes=minutes)

    def publish(self, feed: int, numbers: Sequence[int], *, revised: Sequence[int] = ()) -> str:
        """Put articles into a feed, each published in the minute of its number."""
        entries = [
            documents.entry(
                self.site.url(), n, full=True, revision=n in revised,
                at=NOW - timedelta(hours=20) + timedelta(minutes=n),
            )
            for n in numbers
        ]  # fmt: skip
        self.site.feed(f"/feed{feed}", entries)
        return self.site.url(f"/feed{feed}")

    async def add_feed(self, feed: int) -> int:
        url = self.publish(feed, [])
        self.site.serve(f"/feed{feed}", documents.KINDS["rss"]([]), documents.TYPES["rss"])
        return (await self.services.ingestion.feeds.add(url, self.corpus, BOSS)).id

    async def visit(self) -> None:
        for feed in await self.services.ingestion.feeds.feeds(self.corpus):
            await self.services.ingestion.feeds.visit(feed)

    async def post(self, channel: Channel, **options: Any) -> FeedPost:
        made = FeedPost(
            0, self.corpus, self.guild.id, channel.id, channel.type == FORUM, "UTC", self.now, self.now,
            **options,
        )  # fmt: skip
        return await add_post(self.services.library.database, made)

    async def tick(self, minutes: float) -> None:
        self.at(minutes)
        await self.services.posts.tick()

    def shown(self, channel: Channel) -> list[Message]:
        if channel.type != FORUM:
            return self.standin.bot_messages(channel)
        return [m for thread in self.standin.threads(channel) for m in self.standin.bot_messages(thread)]  # fmt: skip


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def room(start: Start, site: NewsSite) -> AsyncIterator[Newsroom]:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        yield Newsroom(running, site)


def numbers_of(messages: Sequence[Message]) -> list[int]:
    return [int(message.text.split("/news/")[1].split(")")[0]) for message in messages]


async def test_sixty_articles_of_six_feeds_come_once_each_newest_first(room: Newsroom) -> None:
    channels = [room.standin.channel(room.guild, name) for name in ("world", "city", "all")]
    feeds = [await room.add_feed(n) for n in range(6)]
    room.at(0)
    await room.post(channels[0], feed_id=feeds[0])
    await room.post(channels[0], feed_id=feeds[1])
    await room.post(channels[1], feed_id=feeds[2], include=("Arvel", "Bronn"))
    await room.post(channels[2])
    await room.visit()
    room.at(1)
    for n in range(6):
        room.publish(n, range(10 * n, 10 * n + 10))
    await room.visit()
    await room.tick(2)
    assert not any(map(room.shown, channels))
    room.at(7)
    room.publish(0, range(10), revised=[4])
    await room.visit()
    await room.tick(8)
    assert numbers_of(room.shown(channels[0])) == [*range(19, 4, -1), *range(3, -1, -1)]
    assert numbers_of(room.shown(channels[1])) == [21, 20]
    assert numbers_of(room.shown(channels[2])) == [*range(59, 4, -1), *range(3, -1, -1)]
    room.at(13)
    await room.visit()
    await room.tick(14)
    for channel in (channels[0], channels[2]):
        last = room.shown(channel)[-1]
        assert numbers_of([last]) == [4]
        assert (
            sorted(numbers_of(room.shown(channel))) == list(range(60))[: len(room.shown(channel))]
        )
    await room.tick(15)
    assert len(room.shown(channels[2])) == 60
    assert not [call for call in room.standin.calls if call.status == 429]
    assert len(await active_posts(room.services.library.database)) == 4


async def test_a_moderator_makes_changes_pauses_and_ends_a_post(room: Newsroom) -> None:
    standin, guild = room.standin, room.guild
    standin.commands.open_to_all = True
    general, news = standin.channel(guild), standin.channel(guild, "news", kind=NEWS)
    mo, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")
    role = standin.role(guild, "readers", mentionable=True)
    hidden = standin.role(guild, "staff")
    await room.add_feed(0)

    async def do(command: str, **options: Any) -> str:
        return (await (await mo.slash(general, f"feeds {command}", **options)).final()).text

    refused = await (await ada.slash(general, "feeds post", topic="floods")).final()
    assert "Only moderators" in refused.text
    assert "no announcement channel" in await do("post", publish=True)
    assert "may not mention" in await do("post", mention=hidden)
    assert "both ends" in await do("post", quiet_from="22:00")
    assert "no feed" in await do("post", feed="77")
    made = await do(
        "post", feed="1", channel=news, mention=role, publish=True, most_a_day=3, include="Arvel",
        quiet_from="22:00", quiet_until="6:30", zone="Europe/Berlin", each="story",
    )  # fmt: skip
    for words in (f"<#{news.id}>", f"<@&{role.id}>", "3 a day", "22:00–06:30 (Europe/Berlin)", "Arvel"):  # fmt: skip
        assert words in made
    changed = await do("post", change=1, topic="bridges", languages="de", clear="quiet", settle=0)
    assert "topic bridges" in changed
    assert "language:de" in changed
    assert "22:00" not in changed
    [post] = await active_posts(room.services.library.database)
    assert (post.feed_id, post.topic, post.settle_minutes) == (None, "bridges", 0)
    assert post.include == ("Arvel", "language:de")
    standin.deny(general, "embed_links")
    assert "Embed Links" in await do("post", change=1, channel=general, clear="mention")
    assert "is paused" in await do("posts pause", post=1)
    assert "paused" in await do("posts list")
    assert "goes on from now" in await do("posts resume", post=1)
    [choice] = await mo.autocomplete(general, "feeds posts remove", option="post", typed="")
    assert choice.name.startswith("1 · #news · topic bridges")
    assert "has ended" in await do("posts remove", post=1)
    assert "Nothing is posted" in await do("posts list")
    audit = await (await mo.slash(general, "audit")).final()
    assert all(
        f"post.{what}" in audit.text for what in ("add", "edit", "pause", "resume", "remove")
    )


async def test_a_feed_is_changed_in_place(room: Newsroom) -> None:
    standin, guild = room.standin, room.guild
    general, mo = standin.channel(guild), standin.member(guild, "Mo", moderator=True)
    first, second = await room.add_feed(0), await room.add_feed(1)
    moved = room.publish(7, range(5))

    async def edit(**options: Any) -> str:
        return (await (await mo.slash(general, "feeds edit", **options)).final()).text

    assert "/feed7" in await edit(feed=str(first), address=moved, include="Arvel, Bronn")
    feeds = room.services.ingestion.feeds
    feed = await feeds.feed(str(first), room.corpus)
    assert (feed.id, feed.url, feed.include) == (first, moved, ("Arvel", "Bronn"))
    assert (await feeds.visit(feed)).counts["indexed"] == 2
    assert "only with" not in await edit(feed=str(first), include="-")
    assert "has this feed already" in await edit(feed=str(second), address=moved)
    assert "what is to change" in await edit(feed=str(second))
