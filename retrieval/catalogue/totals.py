"""Totals over all corpora, counted by the database, for monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from retrieval.catalogue.database import Database
from retrieval.catalogue.records import GONE
from retrieval.catalogue.schema import (
    ACCEPTED,
    FEED_ACTIVE,
    FEED_PAUSED,
    INDEXED,
    RETIRED,
    corpora,
    feeds,
    jobs,
    passage_vectors,
    passages,
    versions,
)
from retrieval.timestamps import to_micros


@dataclass(frozen=True, slots=True)
class ArticleTotals:
    """``articles`` and ``passages`` are those that search sees; ``vectors`` is how many of these
    passages have one, and ``unfinished`` how many versions are on their way into or out of the
    indexes."""

    corpora: int
    articles: int
    unfinished: int
    passages: int
    vectors: int


@dataclass(frozen=True, slots=True)
class FeedTotals:
    """Feeds by state; ``due`` and ``failing`` (at the last visit) are active ones."""

    active: int
    paused: int
    due: int
    failing: int


async def article_totals(database: Database) -> ArticleTotals:
    """Count corpora, articles, passages and vectors."""
    kept = ~corpora.c.name.startswith(GONE, autoescape=True)
    shown = versions.c.state == INDEXED
    of_corpora = (
        select(func.count())
        .select_from(versions)
        .join(corpora, corpora.c.id == versions.c.corpus_id)
        .where(kept)
    )
    of_passages = (
        select(func.count())
        .select_from(passages)
        .join(versions, versions.c.id == passages.c.version_id)
        .join(corpora, corpora.c.id == versions.c.corpus_id)
    )
    mine = (passage_vectors.c.passage_id == passages.c.id) & (
        passage_vectors.c.generation == corpora.c.generation
    )
    queries = (
        select(func.count()).select_from(corpora).where(kept),
        of_corpora.where(shown),
        of_corpora.where(versions.c.state.in_((ACCEPTED, RETIRED))),
        of_passages.where(shown, kept),
        of_passages.join(passage_vectors, mine).where(shown, kept),
    )

    def read(connection: Connection) -> list[int]:
        return [connection.scalar(query) or 0 for query in queries]

    return ArticleTotals(*await database.read(read))


async def feed_totals(database: Database, now: datetime) -> FeedTotals:
    """Count the feeds of all corpora; those with a visit at ``now`` or before are due."""
    active = feeds.c.state == FEED_ACTIVE
    query = select(
        func.count().filter(active),
        func.count().filter(feeds.c.state == FEED_PAUSED),
        func.count().filter(active, feeds.c.next_at <= to_micros(now)),
        func.count().filter(active, feeds.c.failures > 0),
    )
    row = await database.read(lambda connection: connection.execute(query).one())
    return FeedTotals(*row)


async def job_totals(database: Database) -> dict[str, int]:
    """Return the number of stored jobs by state; states without jobs are missing."""
    query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row[0]: row[1] for row in rows}
