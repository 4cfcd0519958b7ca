"""Sends what subscriptions are due. Knows no Discord: how a message gets to people is handed in.

Each message is written down before it is sent, under an id that the receiving side takes as a nonce:
one that was sent but not noted, because the program ended in between, is recognised and not doubled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.answering.summaries.desk import Digest, SummaryDesk
from bot.answering.summaries.results import NothingThere
from bot.subscriptions.schedule import QuietHours, Schedule, local_day
from retrieval.catalogue import Catalogue
from retrieval.catalogue.subscriptions import (
    Delivery,
    Subscription,
    active_subscriptions,
    done_until,
    end_subscription,
    intend,
    sent_since,
    settle,
    told_stories,
    unsettled,
)
from retrieval.errors import NewsdeskError
from retrieval.moments import Clock, TimeRange, to_micros

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 30.0
_AT_ONCE = 4
_SECONDS = 180.0  # for one subscription
_STORIES = 10
_ALERTED = 3  # stories of one alert
# How far back what is new may lie: an outage of months does not make a digest of months.
_FURTHEST = timedelta(days=14)
_BREAKING = timedelta(days=1)


class GoneForever(Exception):
    """Where a subscription goes is no more, or may not be written to; ``why`` is for who made it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Courier(Protocol):
    """Brings messages to people.

    ``deliver`` sends what is new, or that nothing is (a digest of None), under a nonce that it has
    the receiving side enforce. It raises ``GoneForever``, or anything else for another try later.
    ``has_arrived`` looks whether an earlier try did arrive. ``tell_end`` tells who made a
    subscription that it has ended; that may be in vain.
    """

    async def deliver(
        self, subscription: Subscription, digest: Digest | None, nonce: str
    ) -> None: ...

    async def has_arrived(self, subscription: Subscription, delivery: Delivery) -> bool: ...

    async def tell_end(self, subscription: Subscription, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Due:
    """What to send now: for ``slot``, what came since ``since``; dealt with up to ``until`` then."""

    slot: str
    since: datetime
    until: datetime


class SubscriptionRunner:
    """``start`` it and ``stop`` it; ``tick`` is one round by itself."""

    def __init__(
        self, catalogue: Catalogue, desk: SummaryDesk, courier: Courier, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._desk = desk
        self._courier = courier
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        # What alerts have looked at: without new articles there is nothing to look for.
        self._seen: dict[int, int] = {}

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_ticking(), name="subscriptions")

    async def stop(self) -> None:
        """A message on its way may be lost from the books, not from people: see above."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tick(self) -> None:
        """Deal with everything that is due now. One that fails does not keep others waiting."""
        active = [s for s in await active_subscriptions(self._catalogue) if not s.paused]
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(subscription: Subscription) -> None:
            async with places:
                await self._guarded(subscription)

        await asyncio.gather(*map(one, active))

    async def _keep_ticking(self) -> None:
        while True:
            try:
                await self.tick()
            except Exception:
                _log.exception("subscriptions could not be looked at; tried again soon")
            await asyncio.sleep(_EVERY_SECONDS)

    async def _guarded(self, subscription: Subscription) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._serve(subscription)
        except GoneForever as gone:
            _log.info("subscription %d ended: %s", subscription.id, gone.why)
            await end_subscription(self._catalogue, subscription.id, gone.why, self._clock())
            await self._tell(self._courier.tell_end(subscription, gone.why))
        except (NewsdeskError, TimeoutError) as error:
            _log.warning("subscription %d is tried again soon (%s)", subscription.id, error)
        except Exception:
            _log.exception("subscription %d is tried again soon", subscription.id)

    async def _tell(self, telling: Awaitable[None]) -> None:
        try:
            await telling
        except Exception:
            _log.exception("who made a subscription could not be told that it ended")

    async def _serve(self, subscription: Subscription) -> None:
        now = self._clock()
        pending = await unsettled(self._catalogue, subscription.id)
        for delivery in pending:
            if await self._courier.has_arrived(subscription, delivery):
                await settle(self._catalogue, delivery, now, sent=True, until=delivery.at)
                subscription = replace(subscription, done_until=max(delivery.at, subscription.done_until))  # fmt: skip
                pending = [other for other in pending if other.id != delivery.id]
        due = digest_due(subscription, now)
        if subscription.kind == "topic":
            due = await self._alert_due(subscription, now)
        if due is None:
            return
        for delivery in pending:
            if delivery.slot != due.slot and subscription.kind == "digest":
                # Its time is over: what it had to tell is part of the next one.
                await settle(self._catalogue, delivery, now, sent=False, until=None)
        if subscription.kind == "digest":
            await self._send_digest(subscription, due, pending, now)
        else:
            await self._send_alert(subscription, due, pending, now)

    async def _send_digest(
        self, subscription: Subscription, due: Due, pending: list[Delivery], now: datetime
    ) -> None:
        digest = await self._new(subscription, due.since, now, _STORIES)
        if digest is None and not subscription.tell_if_nothing:
            await done_until(self._catalogue, subscription.id, due.until)
            return
        await self._send(subscription, due, digest, pending, now)

    async def _send_alert(
        self, subscription: Subscription, due: Due, pending: list[Delivery], now: datetime
    ) -> None:
        digest = await self._new(subscription, due.since, now, _ALERTED)
        if digest is None:
            self._seen[subscription.id] = await self._catalogue.last_version_id()
            return
        due = replace(due, slot=f"story:{digest.entries[0].story.story_id}")
        await self._send(subscription, due, digest, pending, now)

    async def _send(
        self,
        subscription: Subscription,
        due: Due,
        digest: Digest | None,
        pending: list[Delivery],
        now: datetime,
    ) -> None:
        stories = tuple(e.story.story_id for e in digest.entries) if digest else ()
        delivery = next((other for other in pending if other.slot == due.slot), None)
        if delivery is None:
            delivery = Delivery(uuid4().hex[:25], subscription.id, due.slot, stories, now)
            if not await intend(self._catalogue, delivery):
                return  # another round is at it, or has been
        await self._courier.deliver(subscription, digest, delivery.id)
        sent = replace(delivery, stories=stories)
        await settle(self._catalogue, sent, self._clock(), sent=True, until=due.until)

    async def _alert_due(self, subscription: Subscription, now: datetime) -> Due | None:
        zone = ZoneInfo(subscription.zone)
        if quiet_hours(subscription) is not None and quiet_hours(subscription).hold(now):
            return None
        most = subscription.most_a_day
        if (
            most
            and await sent_since(self._catalogue, subscription.id, local_day(now, zone)) >= most
        ):
            return None
        if self._seen.get(subscription.id) == await self._catalogue.last_version_id():
            return None
        since = max(subscription.created_at, now - _BREAKING)
        return Due("", since, now)

    async def _new(
        self, subscription: Subscription, since: datetime, now: datetime, most: int
    ) -> Digest | None:
        """The stories since then that it has not told; None if there are none."""
        told = await told_stories(self._catalogue, subscription.id)
        try:
            digest = await self._desk.digest(
                subscription.corpus, TimeRange(now, since), topic=subscription.topic,
                source=subscription.source, limit=most, already_told=told,
            )  # fmt: skip
        except NothingThere:
            return None
        return digest if digest.entries else None


def schedule_of(subscription: Subscription) -> Schedule:
    minute = subscription.at_minute or 0
    return Schedule(
        ZoneInfo(subscription.zone), time(minute // 60, minute % 60), subscription.weekday
    )


def quiet_hours(subscription: Subscription) -> QuietHours | None:
    first, last = subscription.quiet_from, subscription.quiet_until
    if first is None or last is None:
        return None
    ends = (time(minute // 60, minute % 60) for minute in (first, last))
    return QuietHours(ZoneInfo(subscription.zone), *ends)


def digest_due(subscription: Subscription, now: datetime) -> Due | None:
    """The digest that is to be sent now. It tells what came since the last one."""
    schedule = schedule_of(subscription)
    slot = schedule.due(now, subscription.done_until)
    if slot is None:
        return None
    first = subscription.done_until == subscription.created_at
    since = now - schedule.period if first else subscription.done_until
    return Due(f"at:{to_micros(slot)}", max(since, now - _FURTHEST), slot)
