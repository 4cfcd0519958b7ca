"""Subscriptions: only what is new, exactly once, over crashes, outages and channels that go away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answering.summaries.service import Digest, SummaryService
from bot.storage.library import open_library
from bot.storage.subscriptions import (
    Delivery,
    Subscription,
    active_subscriptions,
    add_subscription,
    due_subscriptions,
    edit_subscription,
    end_subscription,
    forget_subscriptions,
    look_again,
    next_look,
    pause_subscription,
    subscription_by_id,
    unsettled_deliveries,
)
from bot.subscriptions.runner import DeliveryImpossible, DeliveryRefused, SubscriptionRunner
from retrieval.errors import StorageError
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.models import Article, IngestItem
from retrieval.timestamps import parse_span

pytestmark = pytest.mark.both_databases

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SUBJECTS = {
    "ferry": ("Ferry Albatross burns in the harbour", "The ferry Albatross caught fire in the harbour and 34 passengers were hurt."),
    "comet": ("Comet found over Mount Tarn", "Astronomers at the Tarn observatory found a comet that passes the Earth in August."),
    "tram": ("Night trams begin to run", "Night trams will run on lines two and five, the transport board of Maravel decided."),
    "bread": ("Bakers of Maravel strike", "Four hundred bakers of Maravel stopped working on Sunday night over their wages."),
    "harbour": ("Harbour to be dredged for ferries", "Dredgers will deepen the harbour so that larger ferries can berth there from autumn."),
    "ferry in other words": ("Fire on the ferry Albatross in the harbour", "Fire broke out aboard the ferry Albatross in the harbour; 34 passengers were hurt, the harbour office said."),
    "ferry again": ("Captain of the ferry Albatross arrested after fire", "The captain of the ferry Albatross, which caught fire in the harbour, was arrested on suspicion of leaving the bridge, police said."),
}  # fmt: skip
SUBJECTS["ferry copied"] = SUBJECTS["ferry"]


@dataclass
class People:
    """Stands for Discord: takes messages, knows nonces, can be broken."""

    got: list[tuple[int, Digest | None]] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)
    ended: list[tuple[int, str]] = field(default_factory=list)
    breaks: Exception | None = None
    breaks_after: Exception | None = None
    remembers: bool = True

    async def deliver(self, subscription: Subscription, digest: Digest | None, nonce: str) -> None:
        if self.breaks is not None:
            raise self.breaks
        if nonce not in self.nonces:  # what Discord's enforce_nonce does
            self.nonces.append(nonce)
            self.got.append((subscription.id, digest))
        if self.breaks_after is not None:
            raise self.breaks_after

    async def has_arrived(self, subscription: Subscription, delivery: Delivery) -> bool:
        return self.remembers and delivery.id in self.nonces

    async def tell_end(self, subscription: Subscription, why: str) -> None:
        self.ended.append((subscription.user_id, why))

    @property
    def titles(self) -> list[list[str]]:
        return [[entry.title for entry in d.entries] if d else [] for _, d in self.got]


class World:
    """A newsroom with a clock that tests turn."""

    def __init__(self, library: Library, people: People) -> None:
        self.library = library
        self.people = people
        self.now = START
        self.restart()

    def restart(self) -> None:
        self.desk = SummaryService(self.library)
        self.runner = SubscriptionRunner(
            self.library.catalogue, self.desk, self.people, lambda: self.now
        )

    async def publish(self, *subjects: str) -> None:
        indexer = await self.library.indexer("local")
        articles = []
        for subject in subjects:
            title, text = SUBJECTS[subject]
            url = f"https://courier.example/{subject.replace(' ', '-')}"
            at = parse_span(self.now.isoformat())
            articles.append(IngestItem("a", Article(title, text, url, "Courier", published=at)))
        folder = self.library.config.data_dir
        async for _ in ingest(indexer, articles, actor="test", data_dir=folder):
            pass

    async def subscribe(self, kind: Any = "digest", **more: Any) -> Subscription:
        fields: dict[str, Any] = {"channel_id": 5, "zone": "UTC", "at_minute": 8 * 60, **more}
        if kind == "topic":
            fields["at_minute"] = None
        subscription = Subscription(
            id=0, kind=kind, corpus="local", guild_id=1, user_id=7, created_at=self.now,
            done_until=self.now, **fields,
        )  # fmt: skip
        return await add_subscription(self.library.database, subscription)

    async def at(self, moment: str) -> None:
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        await self.runner.tick()


@contextlib.asynccontextmanager
async def newsroom(folder: Path) -> AsyncIterator[World]:
    async with open_library(LibraryConfig(folder), writer="test") as library:
        world = World(library, People())
        library.clock = lambda: world.now
        yield world


async def test_a_digest_tells_only_what_is_new_since_the_last_one(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        await world.at("2026-03-02T23:59")
        assert world.people.got == []
        await world.at("2026-03-03T08:00")
        await world.at("2026-03-03T08:01")
        await world.publish("comet")
        await world.at("2026-03-04T08:00")
    assert world.people.titles == [["Ferry Albatross burns in the harbour"], ["Comet found over Mount Tarn"]]  # fmt: skip


async def test_nothing_new_is_not_told_unless_that_was_asked_for(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.publish("ferry")
        await world.subscribe()
        told = await world.subscribe(tell_if_nothing=True)
        for day in range(3, 6):
            await world.at(f"2026-03-0{day}T08:00")
            await world.at(f"2026-03-0{day}T12:00")
    assert [which for which, digest in world.people.got if digest is None] == [told.id, told.id]


async def test_a_long_outage_is_made_up_by_one_digest(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.at("2026-03-03T07:00")
        await world.publish("ferry")
        world.now = START + timedelta(days=5)
        await world.publish("comet")
        world.restart()
        for minute in range(0, 50, 10):
            await world.at(f"2026-03-09T19:{minute:02}")
    (titles,) = world.people.titles
    assert sorted(titles) == ["Comet found over Mount Tarn", "Ferry Albatross burns in the harbour"]


async def test_a_clock_that_jumps_a_year_delays_no_digest(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe(tell_if_nothing=True)
        for moment in ("2026-03-03T08:00", "2027-03-03T09:00", "2026-03-03T09:00"):
            await world.at(moment)
        assert len(world.people.got) == 2
        for sent, day in enumerate(("2026-03-04", "2026-03-05"), 3):
            await world.at(f"{day}T08:00")
            assert len(world.people.got) == sent
        await world.at("2025-03-03T09:00")
        await world.at("2025-03-04T08:00")
        assert len(world.people.got) == 5


async def test_a_clock_that_goes_back_uses_up_no_alerts(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.publish("comet")
        await world.subscribe("topic", topic="Albatross", most_a_day=1)
        await world.at("2026-03-02T10:01")
        await world.at("2027-03-02T10:01")
        await world.publish("ferry")
        await world.at("2027-03-02T10:10")
        assert len(world.people.got) == 1
        await world.at("2026-03-03T10:00")
        await world.publish("ferry again")
        await world.at("2026-03-03T10:10")
        assert len(world.people.got) == 2


async def test_a_crash_between_sending_and_noting_it_doubles_nothing(tmp_path: Path) -> None:
    for remembers in (True, False):
        async with newsroom(tmp_path / str(remembers)) as world:
            world.people.remembers = remembers
            await world.subscribe()
            await world.publish("ferry")
            world.people.breaks_after = RuntimeError("the program ends here")
            await world.at("2026-03-03T08:00")
            world.people.breaks_after = None
            world.restart()
            await world.at("2026-03-03T08:01")
            await world.at("2026-03-04T08:00")
            assert len(world.people.got) == 1, "found in the channel, or refused for its nonce"


async def test_a_crash_before_sending_loses_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        subscription = await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = RuntimeError("no connection")
        await world.at("2026-03-03T08:00")
        assert len(await unsettled_deliveries(world.library.database, subscription.id)) == 1
        world.people.breaks = None
        world.restart()
        await world.at("2026-03-03T09:00")
        assert world.people.titles == [["Ferry Albatross burns in the harbour"]]
        assert await unsettled_deliveries(world.library.database, subscription.id) == []


async def test_a_digest_sent_by_hand_and_one_that_is_due_wait_for_each_other(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as world:
        one = await world.subscribe()
        await world.publish("ferry")
        people: Any = world.people
        deliver, sending, go_on = people.deliver, asyncio.Event(), asyncio.Event()

        async def slowly(*arguments: Any) -> None:
            sending.set()
            await go_on.wait()
            await deliver(*arguments)

        people.deliver = slowly
        world.now = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
        by_hand = asyncio.create_task(world.runner.send_now(one))
        await sending.wait()
        due = asyncio.create_task(world.runner.tick())
        for _ in range(20):  # it would read what is told by now
            await asyncio.sleep(0.01)
        go_on.set()
        assert await by_hand
        await due
    assert world.people.titles == [["Ferry Albatross burns in the harbour"]]


async def test_a_digest_sent_by_hand_that_failed_is_not_waited_for(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        one = await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = RuntimeError("Discord is away")
        with pytest.raises(RuntimeError, match="away"):
            await world.runner.send_now(one)
        world.people.breaks = None
        database = world.library.database
        assert len(await unsettled_deliveries(database, one.id)) == 1
        world.restart()
        await world.at("2026-03-02T10:05")
        assert await unsettled_deliveries(database, one.id) == []
        await world.at("2026-03-03T08:00")
    assert world.people.titles == [["Ferry Albatross burns in the harbour"]]


async def test_discord_is_tried_less_and_less_often_while_it_fails(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = RuntimeError("no connection")
        tries = 0
        for minute in range(120):
            before = world.runner._backoff.failed.copy()
            await world.at(f"2026-03-03T{8 + minute // 60:02}:{minute % 60:02}")
            tries += world.runner._backoff.failed != before
        world.people.breaks = None
        await world.at("2026-03-03T12:00")
    assert 5 <= tries <= 9
    assert len(world.people.got) == 1


async def test_a_digest_that_never_got_through_is_part_of_the_next(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = RuntimeError("no connection")
        await world.at("2026-03-03T08:00")
        world.people.breaks = None
        world.restart()
        await world.publish("comet")
        await world.at("2026-03-04T08:00")
        await world.at("2026-03-05T08:00")
    (titles,) = world.people.titles
    assert len(titles) == 2


async def test_a_channel_that_is_gone_ends_the_subscription_and_who_made_it_is_told(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as world:
        subscription = await world.subscribe()
        other = await world.subscribe(channel_id=None)
        await world.publish("ferry")
        world.people.breaks = DeliveryImpossible("The channel was deleted.")
        for moment in ("03T08:00", "03T08:30", "03T20:00", "04T07:59"):
            await world.at(f"2026-03-{moment}")
            world.restart()
            assert world.people.ended == []
        await world.at("2026-03-04T08:00")
        world.people.breaks = None
        await world.at("2026-03-05T08:00")
        assert world.people.got == []
        assert world.people.ended == [(7, "The channel was deleted.")] * 2
        ended = await subscription_by_id(world.library.database, subscription.id)
        assert ended is not None
        assert ended.ended_why == "The channel was deleted."
        assert other.channel_id is None


async def test_what_is_possible_again_within_a_day_ends_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        subscription = await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = DeliveryImpossible("The channel was deleted.")
        for moment in ("03T08:00", "03T20:00"):
            await world.at(f"2026-03-{moment}")
        world.people.breaks = None
        await world.at("2026-03-04T08:00")
        assert len(world.people.got) == 1
        await world.publish("comet")
        world.people.breaks = DeliveryImpossible("The channel was deleted.")
        await world.at("2026-03-05T08:00")
        again = await subscription_by_id(world.library.database, subscription.id)
        assert again is not None
        assert (again.ended_at, again.impossible_tries) == (None, 1)


async def test_a_refusal_that_passes_is_tried_for_as_long_as_it_takes(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        world.people.breaks = DeliveryRefused("No permission.")
        for day in range(3, 10):
            await world.at(f"2026-03-{day:02}T08:00")
            await world.at(f"2026-03-{day:02}T20:00")
        assert world.people.ended == []
        world.people.breaks = None
        await world.at("2026-03-10T09:00")
        assert len(world.people.got) == 1


async def test_what_fell_into_a_pause_is_not_made_up(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        subscription = await world.subscribe()
        database = world.library.database
        await pause_subscription(database, subscription.id, True, world.now)
        await world.publish("ferry")
        await world.at("2026-03-03T08:00")
        world.now += timedelta(hours=1)
        await pause_subscription(database, subscription.id, False, world.now)
        await world.publish("comet")
        await world.at("2026-03-03T12:00")
        assert world.people.got == []
        await world.at("2026-03-04T08:00")
    assert world.people.titles == [["Comet found over Mount Tarn"]]


async def test_alerts_tell_of_new_stories_on_their_topic_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.publish("harbour")
        await world.subscribe("topic", topic="harbour")
        await world.at("2026-03-02T10:01")
        assert world.people.got == [], "what was there before is no news"
        world.now += timedelta(minutes=5)
        await world.publish("comet", "ferry")
        await world.at("2026-03-02T10:10")
        world.restart()
        await world.at("2026-03-02T10:11")
        await world.at("2026-03-02T11:11")
    assert world.people.titles == [["Ferry Albatross burns in the harbour"]]


async def test_alerts_keep_quiet_hours_and_their_number_a_day(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.publish("tram")
        await world.subscribe(
            "topic", topic="Maravel", zone="Europe/Berlin", most_a_day=1,
            quiet_from=22 * 60, quiet_until=7 * 60,
        )  # fmt: skip
        await world.at("2026-03-02T10:01")
        world.now = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)  # half past ten in Berlin
        await world.publish("bread")
        await world.at("2026-03-02T21:40")
        await world.at("2026-03-03T05:50")
        assert world.people.got == []
        await world.at("2026-03-03T06:00")
        assert world.people.titles == [["Bakers of Maravel strike"]]


async def test_alerts_stop_at_their_number_a_day(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.publish("comet")
        await world.subscribe("topic", topic="Maravel", most_a_day=1)
        await world.at("2026-03-02T10:01")
        await world.publish("tram")
        await world.at("2026-03-02T10:10")
        await world.publish("bread")
        await world.at("2026-03-02T10:20")
        assert len(world.people.got) == 1
        await world.at("2026-03-03T00:01")
        assert len(world.people.got) == 2


async def told_of_the_ferry(world: World, **more: Any) -> None:
    """The fire is told at ten past ten, and all know of it by seven in the evening."""
    await world.publish("harbour")
    await world.subscribe("topic", topic="ferry Albatross", **more)
    await world.at("2026-03-02T10:01")
    await world.publish("ferry")
    await world.at("2026-03-02T10:10")
    assert world.people.titles == [["Ferry Albatross burns in the harbour"]]
    world.now += timedelta(hours=2)
    await world.publish("ferry in other words")
    await world.at("2026-03-02T19:00")
    assert len(world.people.got) == 1, "the same in the words of another is no update"


async def test_what_is_new_in_a_story_that_was_told_comes_as_an_update_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await told_of_the_ferry(world)
        await world.publish("ferry again")
        await world.at("2026-03-02T19:01")
        world.restart()
        await world.at("2026-03-02T19:02")
        await world.at("2026-03-03T08:00")
    assert len(world.people.got) == 2
    digest = world.people.got[1][1]
    assert digest is not None
    (entry,) = digest.entries
    assert entry.story.is_update
    assert entry.title == "Captain of the ferry Albatross arrested after fire"
    assert "arrested on suspicion" in entry.sentences[0].text
    assert [citation.article.title for citation in entry.citations] == [entry.title]


async def test_a_copy_that_comes_later_is_no_update(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await told_of_the_ferry(world)
        await world.publish("ferry copied")
        await world.at("2026-03-02T19:01")
    assert len(world.people.got) == 1


async def test_updates_keep_quiet_hours_and_their_number_a_day(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await told_of_the_ferry(world, most_a_day=1, quiet_from=0, quiet_until=7 * 60)
        await world.publish("ferry again")
        for moment in ("2026-03-02T19:01", "2026-03-02T23:59", "2026-03-03T06:59"):
            await world.at(moment)
            assert len(world.people.got) == 1
        await world.at("2026-03-03T07:00")
        assert len(world.people.got) == 2


async def test_an_update_that_failed_on_its_way_is_told_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await told_of_the_ferry(world)
        await world.publish("ferry again")
        world.people.breaks = RuntimeError("Discord is down")
        await world.at("2026-03-02T19:01")
        world.people.breaks = None
        world.restart()
        await world.at("2026-03-02T19:05")
        await world.at("2026-03-02T20:00")
    assert len(world.people.got) == 2


async def test_a_digest_tells_again_of_what_has_developed(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        await world.at("2026-03-03T08:00")
        world.now += timedelta(hours=7)
        await world.publish("ferry again")
        await world.at("2026-03-04T08:00")
        await world.at("2026-03-05T08:00")
    assert world.people.titles == [["Ferry Albatross burns in the harbour"], ["Captain of the ferry Albatross arrested after fire"]]  # fmt: skip


async def test_the_subscriptions_of_a_server_can_be_forgotten(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.publish("ferry")
        await world.at("2026-03-03T08:00")
        await forget_subscriptions(world.library.database, guild_id=1)
        assert await active_subscriptions(world.library.database) == []


async def test_only_what_is_due_is_looked_at(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        database = world.library.database

        async def due() -> list[int]:
            return [each.id for each in await due_subscriptions(database, world.now)]

        digest = await world.subscribe()
        alert = await world.subscribe("topic", topic="ferry", quiet_from=22 * 60, quiet_until=60)
        await world.publish("comet")
        assert await due() == [digest.id, alert.id]
        for _ in range(2):  # the first takes what is there for no news
            await world.at("2026-03-02T12:00")
        assert await due() == []
        assert await next_look(database, world.now) == datetime(2026, 3, 3, 8, tzinfo=UTC)

        await world.publish("ferry")
        assert await due() == [alert.id]
        digest = await edit_subscription(database, digest, at_minute=9 * 60)
        assert await due() == [digest.id, alert.id]
        await world.at("2026-03-02T23:30")
        assert world.people.got == []
        assert await due() == []
        assert await next_look(database, world.now) == datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
        await world.at("2026-03-03T00:30")
        assert await next_look(database, world.now) == datetime(2026, 3, 3, 1, tzinfo=UTC)
        await world.at("2026-03-03T01:00")
        assert [each for each, _ in world.people.got] == [alert.id]
        await world.at("2026-03-03T09:00")
        assert [each for each, _ in world.people.got] == [alert.id, digest.id]
        await pause_subscription(database, digest.id, True, world.now)
        await end_subscription(database, alert.id, "why", world.now)
        assert await due() == []
        assert await next_look(database, world.now) is None


@pytest.mark.parametrize("resumed", [False, True])
async def test_what_is_changed_while_it_is_looked_at_is_looked_at_again(
    tmp_path: Path, resumed: bool
) -> None:
    async with newsroom(tmp_path) as world:
        database = world.library.database
        alert = await world.subscribe("topic", topic="comet")
        await world.at("2026-03-02T10:01")
        await world.publish("ferry")
        made = world.desk.digest

        async def changed_meanwhile(*about: Any, **more: Any) -> Any:
            try:
                return await made(*about, **more)
            finally:
                if resumed:
                    await pause_subscription(database, alert.id, True, world.now)
                    await pause_subscription(database, alert.id, False, world.now)
                else:
                    await edit_subscription(database, alert, topic="ferry")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.desk, "digest", changed_meanwhile)
            await world.at("2026-03-02T10:10")
        assert [each.id for each in await due_subscriptions(database, world.now)] == [alert.id]
        await world.at("2026-03-02T10:11")
    assert world.people.titles == ([] if resumed else [["Ferry Albatross burns in the harbour"]])


async def test_what_failed_at_a_start_is_tried_again_whenever_it_was_to_be_looked_at(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as world:
        digest = await world.subscribe()
        await world.publish("ferry")
        await world.at("2026-03-02T10:01")
        later = datetime(2026, 4, 1, tzinfo=UTC)  # by other rules of time zones, say
        await look_again(world.library.database, digest, later)
        world.restart()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.desk, "digest", _failing)
            await world.at("2026-03-03T08:00")
        await world.at("2026-03-03T08:02")
        await world.at("2026-03-03T08:04")
    assert len(world.people.got) == 1


async def test_rounds_that_fail_keep_no_short_pause(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as world:
        await world.subscribe()
        await world.at("2026-03-03T07:59:59.9")
        assert world.runner.pause < 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.library.database, "read", _failing)
            with pytest.raises(StorageError):
                await world.runner.tick()
        assert world.runner.pause > 1


async def _failing(*_: Any, **__: Any) -> Any:
    raise StorageError("database-away", retry=True)
