"""New articles of feeds into channels: each once, settled, newest first, within Discord's rates."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.storage.feed_posts import (
    FeedPost,
    active_posts,
    add_post,
    change_post,
    channels_waiting,
)
from bot.subscriptions.post_runner import PostRunner
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.feeds import Feed
from retrieval.errors import Refused
from retrieval.extraction.feeds.items import key_of
from tests.deadlines import scaled
from tests.discord_standin import Channel, Guild, Message
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.test_summaries import many
from tests.newsite import NewsSite, documents

BOSS = Actor("discord user 1", "a test")
FORUM, NEWS = 15, 5
CROSSPOST = "/channels/{channel_id}/messages/{message_id}/crosspost"


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
        self.standin.rate_limits.set("POST", CROSSPOST, 20, 1.0)

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
            await self._visit(feed)

    async def _visit(self, feed: Feed) -> None:
        """Now, or once the poller is done with it."""
        async with asyncio.timeout(scaled(20)):
            while True:
                try:
                    await self.services.ingestion.feeds.visit(feed)
                    return
                except Refused:
                    await asyncio.sleep(0.05)

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
        # Rounds begin when a test says so.
        running.bot.services.posts.start()
        await running.bot.services.posts.stop()
        yield Newsroom(running, site)


def story(room: Newsroom, number: int, *, copied_to: int | None = None) -> documents.Entry:
    """A report on an event of its own, or its copy at another address."""
    article = many(number + 1)[number].article
    assert article is not None
    word = article.title.split()[0]
    more = " ".join(f"{word} {part} {word.lower()} {n}." for n, part in enumerate(("gates closed", "wages fell", "owners left", "roofs leaked", "boats sailed", "guards slept") * 4))  # fmt: skip
    own = copied_to if copied_to is not None else number
    return documents.Entry(
        room.site.url(f"/news/{own}"), article.title if own == number else f"{word} yard is closed",
        article.text[:100], f"{article.text}\n\n{more}",
        NOW - timedelta(hours=18) + timedelta(minutes=own % 1000), f"story-{own}",
    )  # fmt: skip


def numbers_of(messages: Sequence[Message]) -> list[int]:
    return [int(message.text.split("/news/")[1].split(")")[0]) for message in messages]


async def test_sixty_articles_of_six_feeds_come_once_each_newest_first(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()

    def key_in_a_thread(url: str) -> str:
        threads.add(threading.current_thread())
        return key_of(url)

    monkeypatch.setattr("bot.subscriptions.post_collector.key_of", key_in_a_thread)
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
    assert threads  # what is new is found beside the event loop
    assert threading.current_thread() not in threads


async def test_a_moderator_makes_changes_pauses_and_ends_a_post(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert "isn't an announcement channel" in await do("post", publish=True)
    assert "not allowed to mention" in await do("post", mention=hidden)
    assert "both a start and an end" in await do("post", quiet_from="22:00")
    assert "no feed" in await do("post", feed="77")
    made = await do(
        "post", feed="1", channel=news, mention=role, publish=True, most_a_day=3, include="Arvel",
        quiet_from="22:00", quiet_until="6:30", zone="Europe/Berlin", each="story",
    )  # fmt: skip
    for words in (f"<#{news.id}>", f"<@&{role.id}>", "3 messages a day", "22:00–06:30 (Europe/Berlin)", "Arvel"):  # fmt: skip
        assert words in made
    changed = await do("post", change=1, topic="bridges", languages="de", clear="quiet", settle=0)
    assert "topic bridges" in changed
    assert "language:de" in changed
    assert "22:00" not in changed
    [post] = await active_posts(room.services.library.database)
    assert (post.feed_id, post.topic, post.settle_minutes) == (None, "bridges", 0)
    assert post.include == ("Arvel", "language:de")
    # Filters are taken back before new ones are set.
    assert "Arvel" not in await do("post", change=1, include="Bronn", clear="filters")
    [post] = await active_posts(room.services.library.database)
    assert post.include == ("Bronn",)
    assert "it posts new articles" in await do("post", topic="ferries")
    feeds: Any = room.services.ingestion.feeds
    with monkeypatch.context() as patch:
        read: list[str] = []

        async def counted(corpus: str) -> Sequence[Feed]:
            read.append(corpus)
            return []

        patch.setattr(feeds, "feeds", counted)
        assert "topic ferries" in await do("posts list")
        assert read == [room.corpus]
    assert "has been removed" in await do("posts remove", post=2)
    standin.deny(general, "embed_links")
    assert "Embed Links" in await do("post", change=1, channel=general, clear="mention")
    assert "is paused" in await do("posts pause", post=1)
    assert "paused" in await do("posts list")
    assert "is active again" in await do("posts resume", post=1)
    [choice] = await mo.autocomplete(general, "feeds posts remove", option="post", typed="")
    assert choice.name.startswith("1 · #news · topic bridges")
    assert "has been removed" in await do("posts remove", post=1)
    assert "no posting rules" in await do("posts list")
    audit = await (await mo.slash(general, "audit")).final()
    assert all(
        f"**{what} a posting rule**" in audit.text
        for what in ("added", "changed", "paused", "resumed", "removed")
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
    assert "must contain one of" not in await edit(feed=str(first), include="-")
    assert "already has this feed" in await edit(feed=str(second), address=moved)
    assert "what to change" in await edit(feed=str(second))


async def brought(room: Newsroom, numbers: Sequence[int], minute: float = 1) -> None:
    """Articles that came in by feed 0 at that minute."""
    room.at(minute)
    room.publish(0, numbers)
    await room.visit()


async def test_a_story_is_a_post_of_a_forum_and_later_reports_are_replies(room: Newsroom) -> None:
    forum = room.standin.channel(room.guild, "stories", kind=FORUM)
    feeds = [await room.add_feed(0), await room.add_feed(1)]
    await room.post(forum, feed_id=feeds[0], settle_minutes=0)
    await room.post(forum, feed_id=feeds[1], settle_minutes=0)
    room.at(1)
    room.site.feed("/feed0", [story(room, n) for n in range(4)])
    await room.visit()
    await room.tick(2)
    threads = room.standin.threads(forum)
    assert [numbers_of(room.standin.bot_messages(t)) for t in threads] == [[3], [2], [1], [0]]  # fmt: skip
    assert threads[0].name == story(room, 3).title
    room.at(60)
    other = story(room, 2, copied_to=1003)
    room.site.feed("/feed1", [other])
    await room.visit()
    await room.tick(61)
    assert len(room.standin.threads(forum)) == 4
    thread = threads[1]
    assert numbers_of(room.standin.bot_messages(thread)) == [2, 1003]
    room.standin.delete_channel(thread)
    room.site.feed("/feed1", [other, story(room, 2, copied_to=2003)])
    await room.visit()
    await room.tick(62)
    assert len(room.standin.threads(forum)) == 3
    assert len(await active_posts(room.services.library.database)) == 2


@pytest.mark.parametrize("kind", [0, FORUM], ids=["text", "forum"])
async def test_what_ends_the_program_between_posting_and_noting_loses_and_doubles_nothing(
    room: Newsroom, kind: int
) -> None:
    channel = room.standin.channel(room.guild, "news", kind=kind)
    await room.add_feed(0)
    await room.post(channel, settle_minutes=0)
    await brought(room, range(6))
    sender: Any = room.services.posts._sender
    send, sent = sender.send, 0

    async def dies(*arguments: Any, **more: Any) -> Any:
        """Before or after it sent, at every third message."""
        nonlocal sent
        sent += 1
        if sent % 3 == 0:
            raise RuntimeError("the program ends here")
        done = await send(*arguments, **more)
        if sent % 3 == 1:
            raise RuntimeError("the program ends here")
        return done

    sender.send = dies
    for start_again in range(14):
        runner = PostRunner(
            room.services.library, room.services.ingestion.feeds.feeds, sender, lambda: room.now
        )
        room.at(2 + start_again)
        await runner.tick()
    assert sorted(numbers_of(room.shown(channel))) == list(range(6))


async def _move(room: Newsroom, post: FeedPost, channel: Channel) -> None:
    corpus = await room.services.library.catalogue.corpora.by_name(room.corpus)
    assert corpus is not None
    await change_post(
        room.services.library.database, post.id, room.now, "post.edit", (corpus, BOSS),
        channel_id=channel.id,
    )  # fmt: skip


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "lost"])
async def test_a_post_that_moves_while_a_message_is_on_its_way_brings_each_article_once(
    room: Newsroom, arrived: bool
) -> None:
    old, new = (room.standin.channel(room.guild, name) for name in ("old", "new"))
    await room.add_feed(0)
    post = await room.post(old, settle_minutes=0)
    await room.post(new, settle_minutes=0, include=("Arvel",))
    await brought(room, range(3) if arrived else [2])
    sender: Any = room.services.posts._sender
    send = sender.send

    async def dies(post: FeedPost, *arguments: Any, **more: Any) -> Any:
        if post.channel_id == old.id:
            if arrived:
                await send(post, *arguments, **more)
            raise RuntimeError("the program ends here")
        return await send(post, *arguments, **more)

    sender.send = dies
    await room.tick(2)
    await _move(room, post, new)
    for minute in (10, 20):
        await room.tick(minute)
    assert numbers_of(room.shown(old)) == ([2] if arrived else [])
    # Of these, one is there for the other post already.
    assert sorted(numbers_of(room.shown(new))) == ([0, 1] if arrived else [2])
    assert await channels_waiting(room.services.library.database) == set()


async def test_what_was_blocked_mentions_once_it_comes_and_is_no_news_after_a_day(
    room: Newsroom,
) -> None:
    role = room.standin.role(room.guild, "readers", mentionable=True)
    news = room.standin.channel(room.guild, "news")
    await room.add_feed(0)
    await room.post(news, settle_minutes=0, role_id=role.id)
    await brought(room, [0])
    room.standin.deny(news, "send_messages")
    await room.tick(2)
    room.standin.allow(news, "send_messages")
    await room.tick(5)
    [message] = room.shown(news)
    assert message.pings is not None
    assert message.pings.roles == {role.id}
    await brought(room, [0, 1], minute=30)
    room.standin.deny(news, "send_messages")
    await room.tick(31)
    room.standin.allow(news, "send_messages")
    await room.tick(60 * 26)
    assert len(room.shown(news)) == 1
    assert await channels_waiting(room.services.library.database) == set()


async def test_a_role_is_mentioned_once_for_what_comes_together_and_nobody_else(
    room: Newsroom,
) -> None:
    role = room.standin.role(room.guild, "readers", mentionable=True)
    news = room.standin.channel(room.guild, "news", kind=NEWS)
    await room.add_feed(0)
    await room.post(news, settle_minutes=0, role_id=role.id, publish=True, template="opening")
    entry = documents.entry(room.site.url(), 1, full=True, at=NOW)
    shouting = replace(entry, title=f"@everyone <@&{role.id}> <@{room.guild.owner.id}> **now**")
    others = [documents.entry(room.site.url(), n, full=True, at=NOW) for n in range(2, 14)]
    room.at(1)
    room.site.feed("/feed0", [shouting, *others])
    await room.visit()
    await room.tick(2)
    shown = room.shown(news)
    assert len(shown) == 13
    assert [message.pings.roles for message in shown if message.pings] == [{role.id}]
    assert not any(message.pings.users or message.pings.everyone for message in shown)
    assert len(room.standin.calls_to("POST", CROSSPOST)) == 10
    await room.tick(63)
    assert len(room.standin.calls_to("POST", CROSSPOST)) == 13


async def test_quiet_hours_number_a_day_and_stories_bound_what_is_posted(room: Newsroom) -> None:
    night, few, stories = (room.standin.channel(room.guild, name) for name in ("night", "few", "stories"))  # fmt: skip
    await room.add_feed(0)
    await room.add_feed(1)
    noon = NOW.hour * 60 + NOW.minute
    await room.post(night, settle_minutes=0, quiet_from=noon, quiet_until=noon + 30)
    await room.post(few, settle_minutes=0, most_a_day=2)
    await room.post(stories, settle_minutes=0, each="story")
    room.at(1)
    room.site.feed("/feed0", [story(room, n) for n in range(4)])
    room.site.feed("/feed1", [story(room, 2, copied_to=1007)])
    await room.visit()
    await room.tick(2)
    assert room.shown(night) == []
    assert numbers_of(room.shown(few)) == [1007, 3]
    assert sorted(numbers_of(room.shown(stories))) == [0, 1, 3, 1007]
    await room.tick(40)
    assert len(room.shown(night)) == 5
    await room.tick(60 * 13)
    assert numbers_of(room.shown(few)) == [1007, 3, 2, 1]
    await room.tick(60 * 40)
    assert len(room.shown(few)) == 4


async def test_a_topic_is_posted_whoever_brings_it_and_old_news_is_not(room: Newsroom) -> None:
    channel = room.standin.channel(room.guild, "bridges")
    await room.post(channel, settle_minutes=0, topic="Lantern Bridge")
    await room.running.bring_in(room.guild)
    await room.tick(1)
    shown = room.shown(channel)
    assert shown
    assert all("Lantern Bridge" in message.text for message in shown)


async def test_a_channel_that_refuses_is_tried_again_and_one_that_is_gone_ends_its_posts(
    room: Newsroom,
) -> None:
    news, staff = room.standin.channel(room.guild, "news"), room.standin.channel(room.guild, "staff")  # fmt: skip
    await room.services.guild_settings.change(room.guild.id, moderators_channel=staff.id)
    await room.add_feed(0)
    await room.post(news, settle_minutes=0)
    await brought(room, range(3))
    room.standin.deny(news, "send_messages")
    await room.tick(2)
    await room.services.failing_feeds.tick()
    told = await room.standin.wait_for_message(staff, lambda m: "can't write" in m.text)
    assert f"<#{news.id}>" in told.text
    room.standin.allow(news, "send_messages")
    await room.tick(10)
    assert len(room.shown(news)) == 3
    room.standin.delete_channel(news)
    await brought(room, range(5), minute=20)
    await room.tick(21)
    ended = await room.standin.wait_for_message(staff, after=told)
    assert "has ended" in ended.text
    assert await active_posts(room.services.library.database) == []
    await room.tick(22)
    assert await channels_waiting(room.services.library.database) == set()


async def test_failing_feeds_are_told_once_a_day_with_reason_and_mend(room: Newsroom) -> None:
    staff = room.standin.channel(room.guild, "staff")
    await room.services.guild_settings.change(room.guild.id, moderators_channel=staff.id)
    await room.add_feed(0)
    await room.add_feed(1)
    room.site.serve("/feed0", "no", status=404)
    for hour in (1, 3, 6):
        room.at(60 * hour)
        await room.visit()
    for _ in range(2):
        await room.services.failing_feeds.tick()
    [told] = room.standin.bot_messages(staff)
    assert "/feed0" in str(told.embed)
    assert "/feed1" not in str(told.embed)
    assert "404" in told.text
    assert "feeds edit" in told.text
    room.at(60 * 26)
    await room.services.failing_feeds.tick()
    room.at(60 * 31)
    await room.services.failing_feeds.tick()
    assert len(room.standin.bot_messages(staff)) == 2
