"""What came into a corpus lately, through which feed, and what is shown of it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from retrieval.catalogue.database import Database
from retrieval.catalogue.queries import LOOKUP, REFERENCE
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import (
    INDEXED,
    articles,
    feed_items,
    ingest_log,
    story_members,
    versions,
)
from retrieval.errors import Note
from retrieval.models import Reference
from retrieval.timestamps import from_micros, to_micros

# Log entries read in one go.
_READ_AT_ONCE = 20_000


@dataclass(slots=True)
class Arrival:
    """An article that came in: when, who brought it, and when its text last changed since."""

    article_id: str
    canonical_url: str
    at: datetime
    changed_at: datetime
    actor: str


class ListedItem(NamedTuple):
    """A feed item that is an article: when that became known, and whether another source had
    brought it before."""

    at: datetime
    known_before: bool


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """An article as it is shown now. ``at`` is when it was published, or else ingested; ``text`` is
    its beginning."""

    article: Reference
    version_id: int
    at: datetime
    story_id: int
    language: str | None
    text: str
    picture_url: str | None = None


class ArrivalLog:
    """Reads the log of what came in. It remembers which entries were too old for a call and skips
    them in later ones, so ``moment`` must not go back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._floors: dict[int, int] = {}

    async def since(self, corpus: Corpus, moment: datetime) -> list[Arrival]:
        """Return the articles that first came in at ``moment`` or later, in the order of
        arrival."""
        return await self._database.read(
            lambda connection: self._since(connection, corpus.id, moment)
        )

    def _since(self, connection: Connection, corpus_id: int, moment: datetime) -> list[Arrival]:
        found: dict[str, Arrival] = {}
        last = self._floors.get(corpus_id, 0)
        while True:
            rows = connection.execute(_logged(corpus_id, last)).all()
            for row_id, article_id, url, at, status, actor in rows:
                last, came = row_id, from_micros(at)
                if came < moment:
                    self._floors[corpus_id] = row_id
                elif known := found.get(article_id):
                    known.changed_at = max(known.changed_at, came)
                elif status != "updated":
                    found[article_id] = Arrival(article_id, url, came, came, actor)
            if len(rows) < _READ_AT_ONCE:
                return list(found.values())


def _logged(corpus_id: int, after: int) -> Select[Any]:
    return (
        select(
            ingest_log.c.id,
            ingest_log.c.article_id,
            articles.c.canonical_url,
            ingest_log.c.at,
            ingest_log.c.status,
            ingest_log.c.actor,
        )
        .join(articles, articles.c.id == ingest_log.c.article_id)
        .where(ingest_log.c.corpus_id == corpus_id, ingest_log.c.id > after)
        .order_by(ingest_log.c.id)
        .limit(_READ_AT_ONCE)
    )


async def listed_items(database: Database, feed_id: int, since: datetime) -> dict[str, ListedItem]:
    """Return by item key the items of a feed that were found to be articles since ``since``."""
    query = select(feed_items.c.key, feed_items.c.at, feed_items.c.reason).where(
        feed_items.c.feed_id == feed_id,
        feed_items.c.verdict == "seen",
        feed_items.c.at >= to_micros(since),
    )

    def read(connection: Connection) -> dict[str, ListedItem]:
        found = {}
        for key, at, reason in connection.execute(query):
            said = Note.parse(reason)
            known_before = said is not None and said.code == "article-known"
            found[key] = ListedItem(from_micros(at), known_before)
        return found

    return await database.read(read)


async def shown_articles(
    database: Database, article_ids: Sequence[str], characters: int
) -> dict[str, ShownArticle]:
    """Return by article id those of these articles that are shown, with the first ``characters`` of
    their texts."""

    def read(connection: Connection) -> dict[str, ShownArticle]:
        found: dict[str, ShownArticle] = {}
        for first in range(0, len(article_ids), LOOKUP):
            query = (
                select(
                    versions.c.id,
                    versions.c.visible_from,
                    story_members.c.story_id,
                    versions.c.language,
                    func.substr(versions.c.text, 1, characters),
                    versions.c.picture_url,
                    *REFERENCE,
                )
                .outerjoin(story_members, story_members.c.version_id == versions.c.id)
                .where(versions.c.state == INDEXED)
                .where(versions.c.article_id.in_(article_ids[first : first + LOOKUP]))
            )
            for version_id, at, story, language, text, picture, *reference in connection.execute(
                query
            ):
                article = Reference(*reference)
                found[article.article_id] = ShownArticle(
                    article,
                    version_id,
                    from_micros(at),
                    story or version_id,
                    language,
                    text,
                    picture,
                )
        return found

    return await database.read(read)
