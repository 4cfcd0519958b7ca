"""Stories: which versions report one event, and what moderators decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.bulk_writes import insert_rows
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus, KnownStoryMember, StoryMember
from retrieval.catalogue.schema import (
    INDEXED,
    PASSAGES_PER_VERSION,
    passage_vectors,
    story_members,
    story_pins,
    versions,
)
from retrieval.errors import Note

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class StoryRepository:
    """The stories of all corpora."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(self, corpus: Corpus) -> list[KnownStoryMember]:
        """Return all versions of a corpus that have a place among its stories, by version id."""
        lead = versions.c.id * PASSAGES_PER_VERSION
        query = (
            select(
                *story_members.c[*StoryMember._fields],
                versions.c.content_hash,
                versions.c.visible_from,
                passage_vectors.c.vector,
            )
            .join(versions, versions.c.id == story_members.c.version_id)
            .outerjoin(
                passage_vectors,
                (passage_vectors.c.passage_id == lead)
                & (passage_vectors.c.generation == corpus.generation),
            )
            .where(story_members.c.corpus_id == corpus.id)
            .order_by(versions.c.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            KnownStoryMember(
                StoryMember(*row[:6]), content_hash=row[6], visible_from=row[7], vector=row[8]
            )
            for row in rows
        ]

    async def pins(self, corpus: Corpus) -> dict[str, int]:
        """Return by article id the story that a moderator put it into."""
        query = select(story_pins.c.article_id, story_pins.c.story_id).where(
            story_pins.c.corpus_id == corpus.id
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def place(self, corpus: Corpus, members: Sequence[StoryMember]) -> None:
        """Store the places of versions that have none yet."""
        if not members:
            return
        rows = [{"corpus_id": corpus.id, **member._asdict()} for member in members]
        async with self._database.write() as connection:
            await insert_rows(connection, story_members, rows)

    # Moderators' decisions

    async def split(
        self, corpus: Corpus, article_id: str, story_id: int, actor: Actor, now: datetime
    ) -> None:
        """Move an article out of ``story_id`` for good, into a story of its own that its later
        versions stay in. New stories get negative ids."""
        async with self._database.write() as connection:
            # An id that no version has: the old story may bear the id of this article's version.
            lowest = await connection.scalar(select(func.min(story_members.c.story_id)))
            pinned = await connection.scalar(select(func.min(story_pins.c.story_id)))
            fresh = min(0, lowest or 0, pinned or 0) - 1
            mine = select(versions.c.id).where(versions.c.article_id == article_id)
            await connection.execute(
                update(story_members)
                .where(story_members.c.version_id.in_(mine))
                .values(story_id=fresh, copy_id=fresh)
            )
            await _pin(connection, corpus, [article_id], fresh)
            # The note names an article that stays, so that the two can be merged again.
            staying = (
                select(versions.c.article_id)
                .join(story_members, story_members.c.version_id == versions.c.id)
                .where(story_members.c.corpus_id == corpus.id)
                .where(story_members.c.story_id == story_id, versions.c.state == INDEXED)
                .order_by(versions.c.visible_from, versions.c.id)
                .limit(1)
            )
            other = await connection.scalar(staying)
            left = Note("story-was-single") if other is None else Note("story-left", article=other)
            await note(connection, corpus, actor, now, "story.split", article_id, left)

    async def merge(
        self,
        corpus: Corpus,
        kept: tuple[str, int],
        gone: tuple[str, int],
        actor: Actor,
        now: datetime,
    ) -> None:
        """Join two stories for good under the id of ``kept``; both are pairs (article id, story
        id)."""
        async with self._database.write() as connection:
            await connection.execute(
                update(story_members)
                .where(story_members.c.corpus_id == corpus.id)
                .where(story_members.c.story_id == gone[1])
                .values(story_id=kept[1])
            )
            members = (
                select(versions.c.article_id)
                .join(story_members, story_members.c.version_id == versions.c.id)
                .where(story_members.c.corpus_id == corpus.id)
                .where(story_members.c.story_id == kept[1])
                .distinct()
            )
            articles = list((await connection.execute(members)).scalars())
            await _pin(connection, corpus, articles, kept[1])
            await note(
                connection,
                corpus,
                actor,
                now,
                "story.merge",
                kept[0],
                Note("story-joined", article=gone[0]),
            )


async def _pin(
    connection: AsyncConnection, corpus: Corpus, article_ids: Sequence[str], story_id: int
) -> None:
    await connection.execute(delete(story_pins).where(story_pins.c.article_id.in_(article_ids)))
    rows = [
        {"article_id": each, "corpus_id": corpus.id, "story_id": story_id} for each in article_ids
    ]
    await connection.execute(insert(story_pins), rows)
