"""Sends what subscriptions are due. Independent of Discord: the sender is passed in.

Each message is recorded before it is sent, under an id that the receiver takes as a nonce: one that
was sent but not noted, because the program ended in between, is recognised and not sent twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.answering.summaries.digest import DigestStory
from bot.answering.summaries.models import NothingToSummarize
from bot.answering.summaries.service import Digest, SummaryService
from bot.ops.background import Backoff, run_forever
from bot.storage.subscriptions import (
    BEGINNING,
    Delivery,
    Subscription,
    active_subscriptions,
    delivered_stories,
    done_until,
    due_subscriptions,
    end_subscription,
    look_again,
    next_look,
    note_impossible,
    reserve_delivery,
    rewind,
    sent_since,
    settle_delivery,
    unsettled_deliveries,
)
from bot.subscriptions.schedule import Schedule, local_day, quiet_hours
from retrieval.catalogue import Catalogue
from retrieval.errors import NewsdeskError
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import Clock, TimeRange, clock_went_back, to_micros

_log = logging.getLogger(__name__)

# For alerts, which wait for articles, and for changes; what is scheduled is sent on time.
_EVERY_SECONDS, _SHORTEST_SECONDS = 30.0, 0.1
_AT_ONCE = 4
_SECONDS = 180.0  # for one subscription
_STORIES = 10
_ALERTED = 3  # stories of one alert
_NOW = "now:"  # how the slot of a digest begins that was sent before its time
_MOST_AT_FIRST = 100
# How far back a digest reaches: an outage of months doesn't make a digest of months.
_FURTHEST = timedelta(days=14)
_BREAKING = timedelta(days=1)
# How soon held alerts are looked at again, because the clock may change.
_HOLD = timedelta(hours=1)
# After how many impossible tries, how far apart, a subscription ends.
_FINAL_TRIES, _BETWEEN_TRIES = 3, timedelta(hours=12)


class DeliveryRefused(Exception):
    """Nothing can be sent at present, for example for want of a permission; ``why`` is for the
    subscriber."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DeliveryImpossible(DeliveryRefused):
    """The destination of a subscription is gone or accepts nothing; if it stays so for a day, the
    subscription ends."""


class DigestSender(Protocol):
    """Brings messages to people.

    ``deliver`` sends what is new, or that nothing is (``digest`` is None), under a nonce that it
    has the receiver enforce. It raises ``DeliveryImpossible``, or anything else, such as
    ``DeliveryRefused``, to be called again later. ``has_arrived`` returns whether an earlier try
    arrived. ``tell_end`` tells the subscriber that a subscription has ended; it may fail.
    """

    async def deliver(
        self, subscription: Subscription, digest: Digest | None, nonce: str
    ) -> None: ...

    async def has_arrived(self, subscription: Subscription, delivery: Delivery) -> bool: ...

    async def tell_end(self, subscription: Subscription, why: str) -> None: ...


# Does endless work; if several processes share it, only while it falls to this one.
Alone = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


async def in_this_process(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work at once: no other process does it."""
    await work()


class SubscriptionRunner:
    """Sends in rounds what is due: ``start`` and ``stop`` it, or make one round with ``tick``."""

    def __init__(
        self,
        catalogue: Catalogue,
        summaries: SummaryService,
        sender: DigestSender,
        clock: Clock,
        alone: Alone = in_this_process,
    ) -> None:
        self._alone = alone
        self._catalogue = catalogue
        self._summaries = summaries
        self._sender = sender
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._round = asyncio.Lock()
        self._backoff = Backoff()
        # When the last round began, and how long to wait for the next one.
        self._last: datetime | None = None
        self.pause = _EVERY_SECONDS
        # The ids that the last round over all subscriptions couldn't deal with.
        self._left: set[int] = set()

    def start(self) -> None:
        """Begin to send what is due; do nothing if that has begun."""
        if self._task is not None:
            return
        rounds = partial(run_forever, self.tick, "subscriptions", pause=lambda: self.pause)
        self._task = asyncio.ensure_future(self._alone(rounds))

    async def stop(self) -> None:
        """Stop sending. A message on its way may go unnoted, but isn't sent twice: see above."""
        if self._task is not None:
            await cancel(self._task)

    async def tick(self) -> None:
        """Deal with everything that is due now. One that fails is tried again later and delays no
        other.

        Raises ``StorageError`` if what is due can't be read.
        """
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(subscription: Subscription) -> None:
            async with places:
                if await self._guarded(subscription):
                    self._left.discard(subscription.id)

        self.pause = _EVERY_SECONDS  # if this fails
        async with self._round:  # one at a time: what is read of a subscription has to hold
            database, now = self._catalogue.database, self._clock()
            due = await self._due(now)
            await asyncio.gather(*(one(each) for each in due if not each.paused))
            self._last = now
            following = await next_look(database, now)
            wait = (
                _EVERY_SECONDS if following is None else (following - self._clock()).total_seconds()
            )
            self.pause = min(max(wait, _SHORTEST_SECONDS), _EVERY_SECONDS)

    async def _due(self, now: datetime) -> list[Subscription]:
        database = self._catalogue.database
        # The times to look may come from another clock or older time zone rules.
        if self._last is None or now < self._last:
            active = await active_subscriptions(database)
            self._left = {each.id for each in active if not each.paused}
            return active
        due = await due_subscriptions(database, now)
        missed = self._left - {each.id for each in due}
        if missed:
            active = await active_subscriptions(database)
            self._left &= {each.id for each in active if not each.paused}
            due += [each for each in active if each.id in missed]
        return due

    async def send_now(self, subscription: Subscription) -> bool:
        """Send a digest ahead of its time; return False if there is nothing new.

        What is sent now isn't repeated when its time comes. Raises what ``DigestSender.deliver``
        raises, and ``TimeoutError`` if a round that is under way takes too long.
        """
        async with asyncio.timeout(_SECONDS), self._round:
            now = self._clock()
            for back in (schedule_of(subscription).period, _FURTHEST):
                digest = await self._new(subscription, now - back, now, _STORIES)
                if digest is not None:
                    await self._send(subscription, f"{_NOW}{to_micros(now)}", digest, None, now)
                    return True
        return False

    async def _guarded(self, subscription: Subscription) -> bool:
        """Deal with a subscription if it may be tried now; return whether that succeeded."""
        now = self._clock()
        if self._backoff.holds(subscription.id, now) or _rests(subscription, now):
            return False
        try:
            async with asyncio.timeout(_SECONDS):
                await self._serve(subscription)
            self._backoff.forget(subscription.id)
            return True
        except DeliveryImpossible as gone:
            await self._end_if_final(subscription, gone.why)
        except Exception as error:  # noqa: BLE001 - logged; tried again later
            passes = isinstance(error, NewsdeskError | TimeoutError | DeliveryRefused)
            what = f"subscription {subscription.id}"
            self._backoff.note(subscription.id, self._clock(), what, error, is_expected=passes)
        return False

    async def _end_if_final(self, subscription: Subscription, why: str) -> None:
        """End a subscription that has been impossible for a day; tries are recorded, so a restart
        resets nothing."""
        now, database = self._clock(), self._catalogue.database
        since = min(subscription.impossible_since or now, now)
        tries = subscription.impossible_tries + 1
        if tries < _FINAL_TRIES:
            _log.warning("subscription %d: try %d of %d: %s", subscription.id, tries, _FINAL_TRIES, why)  # fmt: skip
            await note_impossible(database, subscription.id, since, tries)
            return
        _log.info("subscription %d ended: %s", subscription.id, why)
        await end_subscription(database, subscription.id, why, now)
        await self._tell_end(subscription, why)

    async def _tell_end(self, subscription: Subscription, why: str) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._sender.tell_end(subscription, why)
        except Exception:  # noqa: BLE001 - logged; there is nobody else to tell
            _log.exception("who made subscription %d could not be told of its end", subscription.id)

    async def _serve(self, subscription: Subscription) -> None:
        now = self._clock()
        if clock_went_back(subscription.done_until, now):
            await rewind(self._catalogue.database, subscription.id, now)
            subscription = replace(subscription, done_until=now)
        pending = []
        for delivery in await unsettled_deliveries(self._catalogue.database, subscription.id):
            if await self._sender.has_arrived(subscription, delivery):
                until = max(delivery.at, subscription.done_until)
                await settle_delivery(
                    self._catalogue.database, delivery, now, sent=True, until=until
                )
                subscription = replace(subscription, done_until=until)
            elif delivery.slot.startswith(_NOW):
                # The person who wanted it at once was told that it failed.
                await settle_delivery(
                    self._catalogue.database, delivery, now, sent=False, until=None
                )
            else:
                pending.append(delivery)
        if subscription.kind == "digest":
            await self._serve_digest(subscription, pending, now)
        else:
            await self._serve_topic(subscription, pending, now)

    async def _serve_digest(
        self, subscription: Subscription, pending: Sequence[Delivery], now: datetime
    ) -> None:
        schedule = schedule_of(subscription)
        moment = schedule.due(now, subscription.done_until)
        if moment is None:
            await look_again(self._catalogue.database, subscription, schedule.next(now))
            return
        slot = f"at:{to_micros(moment)}"
        for delivery in pending:
            if delivery.slot != slot:
                # Its time is over: what it had to tell is part of this digest.
                await settle_delivery(
                    self._catalogue.database, delivery, now, sent=False, until=None
                )
        since = subscription.done_until
        if since == subscription.created_at:  # the first one looks back too
            since = min(since, now - schedule.period)
        since = max(since, now - _FURTHEST)
        digest = await self._new(subscription, since, now, _STORIES)
        if digest is None and not subscription.tell_if_nothing:
            await done_until(self._catalogue.database, subscription.id, now)
            return
        known = next((delivery for delivery in pending if delivery.slot == slot), None)
        await self._send(subscription, slot, digest, known, now)

    async def _serve_topic(
        self, subscription: Subscription, pending: Sequence[Delivery], now: datetime
    ) -> None:
        held_until = await self._held_until(subscription, now)
        if held_until is not None:
            until = min(held_until, now + _HOLD)
            await look_again(self._catalogue.database, subscription, until)
            return
        state = await self._catalogue.revision(subscription.corpus)
        since = now - _BREAKING
        if since < subscription.created_at <= now:
            since = subscription.created_at
        digest = await self._new(subscription, since, now, _MOST_AT_FIRST)
        if subscription.done_until == subscription.created_at:
            # What was there before the subscription is no news.
            stories = _stories(digest)
            begin = Delivery(uuid4().hex[:25], subscription.id, BEGINNING, stories, now)
            if await reserve_delivery(self._catalogue.database, begin):
                await settle_delivery(self._catalogue.database, begin, now, sent=True, until=now)
            return
        known = next(iter(pending), None)
        if digest is not None:
            wanted = known.stories if known else _stories(digest)[:_ALERTED]
            entries = tuple(e for e in digest.entries if e.story.story_id in wanted)
            digest = replace(digest, entries=entries) if entries else None
        if digest is not None:
            slot = known.slot if known else _slot(digest.entries[0].story)
            await self._send(subscription, slot, digest, known, now)
        elif known is not None:
            await settle_delivery(self._catalogue.database, known, now, sent=False, until=None)
        else:
            await look_again(self._catalogue.database, subscription, None, seen_revision=state)

    async def _held_until(self, subscription: Subscription, now: datetime) -> datetime | None:
        """Return until when nothing may be sent, because of quiet hours or the daily limit; None if
        it may."""
        zone = ZoneInfo(subscription.zone)
        quiet = quiet_hours(subscription.zone, subscription.quiet_from, subscription.quiet_until)
        if quiet is not None and quiet.hold(now):
            return Schedule(zone, quiet.end).next(now)
        if subscription.most_a_day is None:
            return None
        sent = await sent_since(self._catalogue.database, subscription.id, local_day(now, zone))
        if sent < subscription.most_a_day:
            return None
        return Schedule(zone, time()).next(now)

    async def _send(
        self,
        subscription: Subscription,
        slot: str,
        digest: Digest | None,
        known: Delivery | None,
        now: datetime,
    ) -> None:
        delivery = Delivery(uuid4().hex[:25], subscription.id, slot, _stories(digest), now)
        if known is not None:
            delivery = replace(delivery, id=known.id)
        elif not await reserve_delivery(self._catalogue.database, delivery):
            return  # it has been dealt with
        await self._sender.deliver(subscription, digest, delivery.id)
        if subscription.impossible_tries:
            await note_impossible(self._catalogue.database, subscription.id, None, 0)
        await settle_delivery(
            self._catalogue.database, delivery, self._clock(), sent=True, until=now
        )

    async def _new(
        self, subscription: Subscription, since: datetime, now: datetime, most: int
    ) -> Digest | None:
        """Return the untold stories since then, and what is new of those told; None if there is
        nothing."""
        told = await delivered_stories(self._catalogue.database, subscription.id)
        try:
            digest = await self._summaries.digest(
                subscription.corpus,
                TimeRange(now, since),
                topic=subscription.topic,
                source=subscription.source,
                limit=most,
                told=told,
            )
        except NothingToSummarize:
            return None
        return digest if digest.entries else None


def _rests(subscription: Subscription, now: datetime) -> bool:
    """Return whether an impossible subscription isn't to be tried again yet."""
    since, tries = subscription.impossible_since, subscription.impossible_tries
    # A time in the future was noted before the clock went back.
    return since is not None and since <= now < since + tries * _BETWEEN_TRIES


def schedule_of(subscription: Subscription) -> Schedule:
    """Return when a subscription is due, in its own time zone."""
    minute = subscription.at_minute or 0
    return Schedule(
        ZoneInfo(subscription.zone), time(minute // 60, minute % 60), subscription.weekday
    )


def _slot(story: DigestStory) -> str:
    """Return the slot of an alert: one for each story, and one for each update."""
    if story.is_update:
        return f"update:{story.story_id}:{story.latest.version_id}"
    return f"story:{story.story_id}"


def _stories(digest: Digest | None) -> tuple[int, ...]:
    return tuple(entry.story.story_id for entry in digest.entries) if digest else ()
