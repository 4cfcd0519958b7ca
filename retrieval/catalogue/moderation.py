"""Articles as moderators see them: found, shown, removed and restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update

from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import PURGED, Corpus
from retrieval.catalogue.schema import (
    ACCEPTED,
    ARCHIVED,
    INDEXED,
    PASSAGES_PER_VERSION,
    RETIRED,
    articles,
    passages,
    story_members,
    versions,
)
from retrieval.catalogue.turns import take_corpus_turn
from retrieval.errors import InvalidURL, Note, NotFound, Refused
from retrieval.text.chunking import passage_spans
from retrieval.timestamps import from_micros, iso, to_micros
from retrieval.web.urls import canonical_url

_SHORTEST_PREFIX = 4
_LONGEST_NUMBER = 19
_LAST = (
    select(func.max(versions.c.number))
    .where(versions.c.article_id == articles.c.id)
    .correlate(articles)
    .scalar_subquery()
)
_CARDS: Select[Any] = (
    select(
        articles.c.id,
        articles.c.removed_at,
        articles.c.removed_by,
        articles.c.removed_reason,
        versions.c.id.label("version_id"),
        versions.c.number,
        versions.c.state,
        versions.c.url,
        versions.c.title,
        versions.c.source,
        versions.c.published_at,
        versions.c.ingested_at,
        versions.c.correction,
        story_members.c.story_id,
    )
    .join(versions, (versions.c.article_id == articles.c.id) & (versions.c.number == _LAST))
    .outerjoin(story_members, story_members.c.version_id == versions.c.id)
)


@dataclass(frozen=True, slots=True)
class ArticleCard:
    """An article as moderators see it. ``state`` is ``shown``, ``coming`` or ``removed``,
    ``versions`` the number of the last version; times are in ISO 8601."""

    article_id: str
    state: str
    url: str | None
    title: str
    source: str | None
    published_at: str | None
    ingested_at: str
    versions: int
    correction: str | None
    story_id: int | None
    removed_at: str | None
    removed_by: str | None
    removed_because: str | None


@dataclass(frozen=True, slots=True)
class StorySummary:
    """A story by its newest article, with how many shown articles of how many publishers report
    it."""

    story_id: int
    articles: int
    outlets: int
    newest: ArticleCard


class ArticleModeration:
    """The articles of one corpus as moderators find, remove and restore them.

    A ``reference`` is an id, its beginning (four characters or more), a URL or a whole title.
    Methods that take one raise ``NotFound`` if it names no article of the corpus, or more than one.
    """

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database = database
        self.corpus = corpus

    # Finding

    async def article_id(self, reference: str) -> str:
        """Return the id of the article that a reference names. Raises ``NotFound``."""
        reference = reference.strip()
        mine = (articles.c.corpus_id == self.corpus.id) & ~articles.c.canonical_url.startswith(
            PURGED
        )
        wanted: ColumnElement[bool] | None = None
        if "://" in reference:
            try:
                wanted = articles.c.canonical_url == canonical_url(reference)
            except InvalidURL as error:
                raise NotFound(
                    "article-url-invalid", reference=reference, reason=error.note
                ) from error
        elif len(reference) >= _SHORTEST_PREFIX and reference.isalnum():
            wanted = articles.c.id.startswith(reference.lower(), autoescape=True)
        found = [] if wanted is None else await self._two(select(articles.c.id).where(mine, wanted))
        if len(found) > 1:
            raise NotFound("article-id-ambiguous", reference=reference)
        if not found and reference:
            titled = func.lower(versions.c.title) == func.lower(reference)
            found = await self._two(
                select(articles.c.id)
                .join(versions, versions.c.article_id == articles.c.id)
                .where(mine, versions.c.number == _LAST, titled)
            )
        if len(found) > 1:
            raise NotFound("article-title-ambiguous", reference=reference)
        if found:
            return found[0]
        if wanted is None:
            raise NotFound("article-reference-invalid", reference=reference, least=_SHORTEST_PREFIX)
        raise NotFound("article-not-found", corpus=self.corpus.name, reference=reference)

    async def _two(self, query: Select[Any]) -> list[str]:
        """Return the first two ids that a query finds: enough to tell whether it is one."""
        return await self._database.read(
            lambda connection: list(map(str, connection.scalars(query.limit(2))))
        )

    async def find(
        self, words: str, limit: int = 20, removed: bool | None = None
    ) -> list[ArticleCard]:
        """Return up to ``limit`` articles whose title, publisher or URL contains all the words,
        newest first; ``removed`` limits them to removed or to other ones."""
        query = _CARDS.where(articles.c.corpus_id == self.corpus.id)
        if removed is not None:
            gone = articles.c.removed_at
            query = query.where(gone.is_not(None) if removed else gone.is_(None))
        for word in words.split():
            query = query.where(
                versions.c.title.icontains(word, autoescape=True)
                | versions.c.url.icontains(word, autoescape=True)
                | versions.c.source.icontains(word, autoescape=True)
            )
        query = query.order_by(versions.c.visible_from.desc(), versions.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_card(row) for row in rows]

    async def card(self, article_id: str) -> ArticleCard:
        """Return the article with this id. It must exist in the corpus."""
        query = _CARDS.where(articles.c.id == article_id, articles.c.corpus_id == self.corpus.id)
        return _card(await self._database.read(lambda connection: connection.execute(query).one()))

    async def show(self, reference: str) -> tuple[ArticleCard, str]:
        """Return an article and its last text, removed or not. Raises ``NotFound``."""
        article_id = await self.article_id(reference)
        query = (
            select(versions.c.text)
            .where(versions.c.article_id == article_id)
            .order_by(versions.c.number.desc())
            .limit(1)
        )
        text = await self._database.read(lambda connection: connection.scalars(query).one())
        return await self.card(article_id), text

    async def removals(self, article_ids: Sequence[str]) -> dict[str, datetime]:
        """Return by article id when those of these articles that are removed were removed."""
        query = (
            select(articles.c.id, articles.c.removed_at)
            .where(articles.c.id.in_(article_ids), articles.c.corpus_id == self.corpus.id)
            .where(articles.c.removed_at.is_not(None))
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {article_id: from_micros(at) for article_id, at in rows}

    # Removing and restoring

    async def remove(
        self, article_id: str, because: str | None, actor: Actor, now: datetime
    ) -> list[int]:
        """Take an article out of all answers. Return the ids of the versions that have to leave the
        indexes.

        Raises ``Refused`` (``article-already-removed``).
        """
        async with self._database.write() as connection:
            await take_corpus_turn(connection, self.corpus.id)
            changed = await connection.execute(
                update(articles)
                .where(articles.c.id == article_id, articles.c.corpus_id == self.corpus.id)
                .where(articles.c.removed_at.is_(None))
                .values(removed_at=to_micros(now), removed_by=actor.who, removed_reason=because)
            )
            if not changed.rowcount:
                raise Refused("article-already-removed", article=article_id)
            leaving = select(versions.c.id).where(
                versions.c.article_id == article_id,
                versions.c.state.in_((ACCEPTED, INDEXED, RETIRED)),
            )
            version_ids = list((await connection.execute(leaving)).scalars())
            await connection.execute(
                update(versions).where(versions.c.id.in_(version_ids)).values(state=RETIRED)
            )
            await note(
                connection,
                self.corpus,
                actor,
                now,
                "article.remove",
                article_id,
                Note.verbatim(because) if because else None,
            )
        return version_ids

    async def restore(self, article_id: str, actor: Actor, now: datetime) -> int:
        """Send the last version of a removed article through the states again. Return its id.

        It must have left the indexes. Raises ``Refused`` (``article-never-removed``).
        """
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(articles)
                .where(articles.c.id == article_id, articles.c.corpus_id == self.corpus.id)
                .where(articles.c.removed_at.is_not(None))
                .values(removed_at=None, removed_by=None, removed_reason=None)
            )
            if not changed.rowcount:
                raise Refused("article-never-removed", article=article_id)
            last = (
                select(versions.c.id, versions.c.text, versions.c.language)
                .where(versions.c.article_id == article_id, versions.c.state == ARCHIVED)
                .order_by(versions.c.number.desc())
                .limit(1)
            )
            version_id, text, language = (await connection.execute(last)).one()
            rows = [
                {
                    "id": version_id * PASSAGES_PER_VERSION + ordinal,
                    "version_id": version_id,
                    "start_offset": start,
                    "end_offset": end,
                }
                for ordinal, (start, end) in enumerate(passage_spans(text, language=language))
            ]
            if rows:
                await connection.execute(insert(passages), rows)
            await connection.execute(
                update(versions).where(versions.c.id == version_id).values(state=ACCEPTED)
            )
            await note(connection, self.corpus, actor, now, "article.restore", article_id)
        return int(version_id)

    async def retired(self, article_id: str) -> list[int]:
        """Return the ids of the article's versions that have still to leave the indexes."""
        query = select(versions.c.id).where(
            versions.c.article_id == article_id, versions.c.state == RETIRED
        )
        return list(await self._database.read(lambda connection: connection.scalars(query).all()))

    # Stories

    async def story(self, reference: str) -> list[ArticleCard]:
        """Return the shown articles of a story, oldest first, by its number or by one of its
        articles.

        Raises ``NotFound``, and ``Refused`` for an article that is in no story, being removed or
        not indexed yet.
        """
        story_id = await self.story_id(await self.article_of(reference))
        query = (
            _CARDS.where(story_members.c.corpus_id == self.corpus.id)
            .where(story_members.c.story_id == story_id, versions.c.state == INDEXED)
            .order_by(versions.c.visible_from, versions.c.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_card(row) for row in rows]

    async def article_of(self, reference: str) -> str:
        """Return the newest shown article of the story with this number, or else what
        ``article_id`` returns. Raises ``NotFound``."""
        if reference.strip().isdecimal() and len(reference) < _LONGEST_NUMBER:
            query = (
                select(versions.c.article_id)
                .join(story_members, story_members.c.version_id == versions.c.id)
                .where(story_members.c.corpus_id == self.corpus.id, versions.c.state == INDEXED)
                .where(story_members.c.story_id == int(reference))
                .order_by(versions.c.visible_from.desc(), versions.c.id.desc())
                .limit(1)
            )
            found = await self._database.read(lambda connection: connection.scalar(query))
            if found is not None:
                return str(found)
            if len(reference.strip()) < _SHORTEST_PREFIX:  # too short for the beginning of an id
                raise NotFound("nothing-such-story", name=reference.strip())
        return await self.article_id(reference)

    async def stories(self, limit: int = 20) -> list[StorySummary]:
        """Return the ``limit`` stories with the newest shown articles, newest first."""
        newest = func.max(versions.c.visible_from).label("newest")
        counted = (
            select(
                story_members.c.story_id,
                func.count().label("articles"),
                func.count(versions.c.source.distinct()).label("outlets"),
                newest,
            )
            .join(versions, versions.c.id == story_members.c.version_id)
            .where(story_members.c.corpus_id == self.corpus.id, versions.c.state == INDEXED)
            .group_by(story_members.c.story_id)
            .order_by(newest.desc(), story_members.c.story_id.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(counted).all())
        mine = _CARDS.where(
            story_members.c.corpus_id == self.corpus.id, versions.c.state == INDEXED
        )
        cards = mine.where(story_members.c.story_id.in_([row.story_id for row in rows]))
        cards = cards.order_by(versions.c.visible_from, versions.c.id)
        found = await self._database.read(lambda connection: connection.execute(cards).all())
        last = {row.story_id: _card(row) for row in found}
        return [
            StorySummary(row.story_id, row.articles, max(1, row.outlets), last[row.story_id])
            for row in rows
            if row.story_id in last
        ]

    async def story_id(self, article_id: str) -> int:
        """Return the story of an article. Raises ``Refused`` (``article-without-story``)."""
        card = await self.card(article_id)
        if card.story_id is None:
            raise Refused("article-without-story", article=article_id)
        return card.story_id


def _card(row: Row[Any]) -> ArticleCard:
    state = "coming"
    if row.removed_at is not None:
        state = "removed"
    elif row.state == INDEXED:
        state = "shown"
    return ArticleCard(
        row.id,
        state,
        row.url,
        row.title,
        row.source,
        row.published_at,
        iso(from_micros(row.ingested_at)),
        row.number,
        row.correction,
        row.story_id,
        iso(from_micros(row.removed_at)) if row.removed_at is not None else None,
        row.removed_by,
        row.removed_reason,
    )
