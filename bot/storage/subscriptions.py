"""What people subscribed to, and the messages that were sent for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update

from bot.storage.schema import deliveries, subscriptions
from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import corpora
from retrieval.timestamps import from_micros, to_micros

# The slot of articles that existed before alerts on a topic began; nothing is sent for it.
BEGINNING = "begin"

_TWO_DAYS = timedelta(days=2)
_MOMENTS = ("created_at", "done_until", "ended_at", "impossible_since")
# When the runner checks a subscription; a changed one is checked in the next round.
_LOOKED_AT = ("next_at", "seen_revision")
_AT_ONCE = {"next_at": 0, "seen_revision": None}
_ACTIVE = (subscriptions.c.ended_at.is_(None), subscriptions.c.paused.is_(False))
_COLUMNS = [column for column in subscriptions.columns if column.name not in _LOOKED_AT]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A digest at a local time, or alerts on a topic, to a channel or directly to its creator.

    Minutes are of the local day in ``zone``; a ``weekday`` of None is every day.
    """

    id: int
    kind: Literal["digest", "topic"]
    corpus: str
    guild_id: int | None
    channel_id: int | None
    user_id: int
    zone: str
    created_at: datetime
    done_until: datetime
    locale: str | None = None
    topic: str | None = None
    source: str | None = None
    at_minute: int | None = None
    weekday: int | None = None
    most_a_day: int | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    tell_if_nothing: bool = False
    paused: bool = False
    ended_at: datetime | None = None
    ended_why: str | None = None
    # Since when, and how often, Discord refused for good; reset by the next message.
    impossible_since: datetime | None = None
    impossible_tries: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way; ``id`` is its nonce."""

    id: str
    subscription_id: int
    slot: str
    stories: tuple[int, ...]
    at: datetime


async def add_subscription(database: Database, subscription: Subscription) -> Subscription:
    """Store a new subscription and return it with its id."""
    row = asdict(subscription)
    del row["id"]
    for name in _MOMENTS:
        row[name] = None if row[name] is None else to_micros(row[name])
    async with database.write() as connection:
        result = await connection.execute(insert(subscriptions), row)
        key = result.inserted_primary_key
    return replace(subscription, id=key[0] if key else 0)


async def active_subscriptions(
    database: Database, *, user_id: int | None = None, guild_id: int | None = None
) -> list[Subscription]:
    """Return the subscriptions that haven't ended, oldest first: all, or those of a person or a
    server."""
    query = select(*_COLUMNS).where(subscriptions.c.ended_at.is_(None))
    if user_id is not None:
        query = query.where(subscriptions.c.user_id == user_id)
    if guild_id is not None:
        query = query.where(subscriptions.c.guild_id == guild_id)
    query = query.order_by(subscriptions.c.id)
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    return [_subscription(dict(row)) for row in rows]


async def due_subscriptions(database: Database, now: datetime) -> list[Subscription]:
    """Return the subscriptions to check now: digests that are due, and alerts whose corpus has
    changed. Paused and ended ones are never due."""
    revision = func.coalesce(corpora.c.revision, 0)
    query = (
        select(*_COLUMNS)
        .outerjoin(corpora, corpora.c.name == subscriptions.c.corpus)
        .where(subscriptions.c.next_at <= to_micros(now), *_ACTIVE)
        .where(
            (subscriptions.c.kind == "digest")
            | subscriptions.c.seen_revision.is_(None)
            | (subscriptions.c.seen_revision != revision)
        )
        .order_by(subscriptions.c.id)
    )
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    return [_subscription(dict(row)) for row in rows]


async def next_look(database: Database, now: datetime) -> datetime | None:
    """Return when the first of the subscriptions that rest now is to be checked; None if there is
    none."""
    query = select(func.min(subscriptions.c.next_at)).where(
        subscriptions.c.next_at > to_micros(now), *_ACTIVE
    )
    found = await database.read(lambda connection: connection.scalar(query))
    return None if found is None else from_micros(found)


async def look_again(
    database: Database,
    served: Subscription,
    moment: datetime | None,
    *,
    seen_revision: int | None = None,
) -> None:
    """Record when to check a subscription that was ``served``: at ``moment``, or at once if that
    is None or it was changed meanwhile. With a ``seen_revision`` only once its corpus has
    another one."""
    query = select(*_COLUMNS).where(subscriptions.c.id == served.id)
    values = {"next_at": 0 if moment is None else to_micros(moment), "seen_revision": seen_revision}
    async with database.write() as connection:
        row = (await connection.execute(query.with_for_update())).mappings().first()
        if row is None:
            return
        if _subscription(dict(row)) != served:
            values = _AT_ONCE
        await connection.execute(
            update(subscriptions).where(subscriptions.c.id == served.id).values(values)
        )


async def subscription_by_id(database: Database, subscription_id: int) -> Subscription | None:
    """Return a subscription; None if there is none."""
    query = select(*_COLUMNS).where(subscriptions.c.id == subscription_id)
    row = await database.read(lambda connection: connection.execute(query).mappings().first())
    return None if row is None else _subscription(dict(row))


async def pause_subscription(
    database: Database, subscription_id: int, paused: bool, now: datetime
) -> None:
    """Pause a subscription, or resume it from now on: what the pause skipped isn't made up for."""
    changes: dict[str, Any] = {"paused": paused}
    if not paused:
        changes["done_until"] = to_micros(now)
    await _change(database, subscription_id, **changes)


async def edit_subscription(
    database: Database, subscription: Subscription, **changes: Any
) -> Subscription:
    """Change when and what a subscription sends, and return it."""
    await _change(database, subscription.id, **changes)
    return replace(subscription, **changes)


async def end_subscription(
    database: Database, subscription_id: int, why: str, now: datetime
) -> None:
    """End a subscription, with the reason."""
    await _change(database, subscription_id, ended_at=to_micros(now), ended_why=why)


async def note_impossible(
    database: Database, subscription_id: int, since: datetime | None, tries: int
) -> None:
    """Record since when and how often nothing could be sent; None and 0 once something was."""
    micros = None if since is None else to_micros(since)
    await _change(database, subscription_id, impossible_since=micros, impossible_tries=tries)


async def done_until(database: Database, subscription_id: int, moment: datetime) -> None:
    """Record that everything up to this time was dealt with."""
    await _change(database, subscription_id, done_until=to_micros(moment))


async def rewind(database: Database, subscription_id: int, now: datetime) -> None:
    """Continue from ``now`` after the clock was set back. What was delivered at times still to come
    stays recorded, but doesn't prevent messages at those times."""
    sent_later = (deliveries.c.subscription_id == subscription_id) & (
        deliveries.c.at > to_micros(now)
    )
    async with database.write() as connection:
        await connection.execute(
            update(deliveries)
            .where(sent_later, deliveries.c.settled_at.is_not(None))
            .values(
                slot=deliveries.c.slot + ":" + deliveries.c.id,
                # So that it doesn't count for a day still to come.
                at=to_micros(now - _TWO_DAYS),
                settled_at=to_micros(now),
            )
        )
        await connection.execute(
            update(subscriptions)
            .where(subscriptions.c.id == subscription_id)
            .values(done_until=to_micros(now), **_AT_ONCE)
        )


async def subscriptions_of(database: Database, user_id: int) -> int:
    """Return how many subscriptions of a user are stored, including ended ones."""
    query = select(func.count()).where(subscriptions.c.user_id == user_id)
    return await database.read(lambda connection: connection.scalar(query)) or 0


async def forget_subscriptions(
    database: Database, *, guild_id: int | None = None, user_id: int | None = None
) -> None:
    """Delete all subscriptions of a server or a person, with what was sent. Raises ``ValueError``
    without either."""
    if guild_id is None and user_id is None:
        raise ValueError("of whom?")
    mine = select(subscriptions.c.id)
    for column, value in (
        (subscriptions.c.guild_id, guild_id),
        (subscriptions.c.user_id, user_id),
    ):
        if value is not None:
            mine = mine.where(column == value)
    async with database.write() as connection:
        await connection.execute(delete(deliveries).where(deliveries.c.subscription_id.in_(mine)))
        await connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(mine)))


async def reserve_delivery(database: Database, delivery: Delivery) -> bool:
    """Record that a message is going to be sent; return False if there is one for its slot
    already."""
    row = {**asdict(delivery), "stories": list(delivery.stories), "at": to_micros(delivery.at)}
    known = select(deliveries.c.id).where(
        deliveries.c.subscription_id == delivery.subscription_id, deliveries.c.slot == delivery.slot
    )
    async with database.write() as connection:
        if (await connection.execute(known)).first() is not None:
            return False
        await connection.execute(insert(deliveries), row)
        # Check the subscription until the delivery is settled.
        await connection.execute(
            update(subscriptions)
            .where(subscriptions.c.id == delivery.subscription_id)
            .values(**_AT_ONCE)
        )
    return True


async def unsettled_deliveries(database: Database, subscription_id: int) -> list[Delivery]:
    """Return messages that were on their way when the program ended or Discord failed, oldest
    first."""
    query = (
        select(deliveries)
        .where(deliveries.c.subscription_id == subscription_id, deliveries.c.settled_at.is_(None))
        .order_by(deliveries.c.at)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    return [
        Delivery(row.id, row.subscription_id, row.slot, tuple(row.stories), from_micros(row.at))
        for row in rows
    ]


async def settle_delivery(
    database: Database, delivery: Delivery, now: datetime, *, sent: bool, until: datetime | None
) -> None:
    """Record that a message arrived, or was given up; ``until`` advances what was dealt with, in
    the same transaction."""
    async with database.write() as connection:
        await connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery.id)
            .values(settled_at=to_micros(now), sent=sent, stories=list(delivery.stories))
        )
        if until is not None:
            await connection.execute(
                update(subscriptions)
                .where(subscriptions.c.id == delivery.subscription_id)
                .values(done_until=to_micros(until))
            )


async def delivered_stories(database: Database, subscription_id: int) -> dict[int, datetime]:
    """Return by story when the subscription last told it."""
    query = (
        select(deliveries.c.stories, deliveries.c.settled_at)
        .where(deliveries.c.subscription_id == subscription_id, deliveries.c.sent.is_(True))
        .order_by(deliveries.c.settled_at)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {story: from_micros(row.settled_at) for row in rows for story in row.stories}


async def sent_since(database: Database, subscription_id: int, moment: datetime) -> int:
    """Return how many messages a subscription has sent since ``moment``."""
    query = select(func.count()).where(
        deliveries.c.subscription_id == subscription_id,
        deliveries.c.sent.is_(True),
        deliveries.c.at >= to_micros(moment),
        deliveries.c.slot != BEGINNING,
    )
    return await database.read(lambda connection: int(connection.execute(query).scalar_one()))


async def _change(database: Database, subscription_id: int, **changes: Any) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(subscriptions)
            .where(subscriptions.c.id == subscription_id)
            .values(**_AT_ONCE, **changes)
        )


def _subscription(row: dict[str, Any]) -> Subscription:
    for name in _MOMENTS:
        row[name] = None if row[name] is None else from_micros(row[name])
    return Subscription(**row)
