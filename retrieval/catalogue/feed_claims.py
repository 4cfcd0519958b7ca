"""Which of the processes on one database visits a feed next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, func, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from retrieval.catalogue.dialects import among
from retrieval.catalogue.feeds import FEEDS, Feed, feed_of, is_due
from retrieval.catalogue.leases import FEED_LEASE, is_held
from retrieval.catalogue.schema import FEED_ACTIVE, feeds


def lease_name(feed_id: int) -> str:
    """Return the name of the lease under which a feed is visited."""
    return f"{FEED_LEASE}{feed_id}"


async def next_due(
    connection: AsyncConnection, feed_ids: Sequence[int], now: datetime
) -> Feed | None:
    """Return the first of these feeds that is still due and that nobody visits or is about to, and
    keep others from choosing it until the transaction ends. PostgreSQL only."""
    place = func.array_position(literal(list(feed_ids), ARRAY(BigInteger())), feeds.c.id)
    query = (
        FEEDS.where(among(connection, feeds.c.id, feed_ids), feeds.c.state == FEED_ACTIVE)
        .where(is_due(now), ~is_held(FEED_LEASE, feeds.c.id))
        .order_by(place)
        .limit(1)
        .with_for_update(of=feeds, skip_locked=True)
    )
    row = (await connection.execute(query)).first()
    return None if row is None else feed_of(row)
