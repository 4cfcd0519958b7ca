"""Which new articles are posted to channels, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, delete, func, insert, or_, select, update

from bot.storage.schema import feed_posts, feed_reports, posted_articles
from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import INDEXED, story_members, versions
from retrieval.errors import Note
from retrieval.timestamps import from_micros, to_micros

State = Literal["waiting", "sending", "sent", "skipped"]
_MOMENTS = ("created_at", "resumed_at", "ended_at")
_LISTS = ("include", "exclude")


@dataclass(frozen=True, slots=True)
class FeedPost:
    """Posts new articles (or the first of each new story) of a feed, on a topic, or of all feeds,
    to a channel. Minutes are of the local day in ``zone``."""

    id: int
    corpus: str
    guild_id: int
    channel_id: int
    forum: bool
    zone: str
    created_at: datetime
    resumed_at: datetime
    locale: str | None = None
    feed_id: int | None = None
    topic: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    each: Literal["article", "story"] = "article"
    template: Literal["headline", "teaser", "opening"] = "teaser"
    role_id: int | None = None
    publish: bool = False
    settle_minutes: int = 5
    most_a_day: int | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    paused: bool = False
    ended_at: datetime | None = None
    ended_why: str | None = None


@dataclass(frozen=True, slots=True)
class PostedArticle:
    """An article chosen for a post; ``id`` is the nonce of its message."""

    id: str
    post_id: int
    channel_id: int
    article_id: str
    story_id: int
    published_at: datetime
    arrived_at: datetime
    state: State
    at: datetime
    reason: str | None = None
    thread_id: int | None = None
    message_id: int | None = None
    to_publish: bool = False
    pinged: bool = False


async def add_post(
    database: Database, post: FeedPost, *, by: tuple[Corpus, Actor] | None = None
) -> FeedPost:
    """Store a new post and return it with its id. ``by`` is who added it, for the audit log."""
    row = _row(post)
    del row["id"]
    async with database.write() as connection:
        result = await connection.execute(insert(feed_posts), row)
        key = result.inserted_primary_key
        made = replace(post, id=key[0] if key else 0)
        if by is not None:
            subject = Note.verbatim(f"discord channel {post.channel_id}")
            await note(connection, by[0], by[1], post.created_at, "post.add", made.id, subject)
    return made


async def change_post(
    database: Database, post_id: int, now: datetime, action: str, by: tuple[Corpus, Actor],
    detail: Note | None = None, **changes: Any,
) -> None:  # fmt: skip
    """Change a post, with an entry in the audit log: ``action``, such as ``post.edit``, and
    ``detail``."""
    values = {
        name: to_micros(value) if name in _MOMENTS and value is not None else value
        for name, value in changes.items()
    }
    async with database.write() as connection:
        await connection.execute(
            update(feed_posts).where(feed_posts.c.id == post_id).values(**values)
        )
        if "channel_id" in changes:
            mine = posted_articles.c.post_id == post_id, posted_articles.c.state == "waiting"
            await connection.execute(
                update(posted_articles).where(*mine).values(channel_id=changes["channel_id"])
            )
        await note(connection, by[0], by[1], now, action, post_id, detail)


async def end_posts_to(database: Database, channel_id: int, why: str, now: datetime) -> None:
    """End all posts to a channel that is gone; what was waiting is skipped."""
    here = feed_posts.c.channel_id == channel_id, feed_posts.c.ended_at.is_(None)
    waiting = posted_articles.c.state == "waiting"
    mine = posted_articles.c.post_id.in_(select(feed_posts.c.id).where(*here))
    async with database.write() as connection:
        await connection.execute(
            update(posted_articles)
            .where(waiting, mine)
            .values(state="skipped", reason="ended", at=to_micros(now))
        )
        await connection.execute(
            update(feed_posts).where(*here).values(ended_at=to_micros(now), ended_why=why)
        )


async def active_posts(database: Database, *, guild_id: int | None = None) -> list[FeedPost]:
    """Return the posts that haven't ended, oldest first: all, or those of a server."""
    return await _posts(database, feed_posts.c.ended_at.is_(None), guild_id)


async def posts_of_guild(
    database: Database, guild_id: int, ended_after: datetime
) -> list[FeedPost]:
    """Return the posts of a server, oldest first, including those that ended by themselves after
    ``ended_after``."""
    lately = feed_posts.c.ended_why != "", feed_posts.c.ended_at >= to_micros(ended_after)
    shown = or_(feed_posts.c.ended_at.is_(None), and_(*lately))
    return await _posts(database, shown, guild_id)


async def _posts(database: Database, condition: Any, guild_id: int | None) -> list[FeedPost]:
    query = select(feed_posts).where(condition).order_by(feed_posts.c.id)
    if guild_id is not None:
        query = query.where(feed_posts.c.guild_id == guild_id)
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    return [_post(dict(row)) for row in rows]


async def noted_articles(database: Database, post_id: int, since: datetime) -> set[str]:
    """Return the articles that came in since ``since`` and have been decided on for a post."""
    query = select(posted_articles.c.article_id).where(
        posted_articles.c.post_id == post_id, posted_articles.c.arrived_at >= to_micros(since)
    )
    return set(await database.read(lambda connection: connection.scalars(query).all()))


async def note_articles(database: Database, rows: Sequence[PostedArticle]) -> None:
    """Store what is to become of articles, in one transaction. A waiting one that another post
    already sends to the channel is skipped."""
    if not rows:
        return
    channel_id = rows[0].channel_id
    waiting = [row.article_id for row in rows if row.state == "waiting"]
    async with database.write() as connection:
        taken: set[str] = set()
        for first in range(0, len(waiting), 5_000):
            there = select(posted_articles.c.article_id).where(
                posted_articles.c.channel_id == channel_id,
                posted_articles.c.state != "skipped",
                posted_articles.c.article_id.in_(waiting[first : first + 5_000]),
            )
            taken.update((await connection.execute(there)).scalars())
        kept = [
            replace(row, state="skipped", reason="elsewhere")
            if row.state == "waiting" and row.article_id in taken
            else row
            for row in rows
        ]
        await connection.execute(insert(posted_articles), [_article_row(row) for row in kept])


async def on_their_way(database: Database, channel_id: int) -> list[PostedArticle]:
    """Return messages to a channel that were begun but not recorded as arrived, oldest first."""
    query = _articles(posted_articles.c.channel_id == channel_id, "sending")
    return await _read(database, query.order_by(posted_articles.c.at))


async def newest_waiting(database: Database, post_ids: Sequence[int]) -> PostedArticle | None:
    """Return the waiting article of these posts that was published last; None if there is none."""
    query = _articles(posted_articles.c.post_id.in_(post_ids), "waiting").order_by(
        posted_articles.c.published_at.desc(), posted_articles.c.arrived_at.desc()
    )
    found = await _read(database, query.limit(1))
    return found[0] if found else None


async def first_waiting_of_story(database: Database, like: PostedArticle) -> PostedArticle:
    """Return the waiting article that was published first in the post and story of ``like``; else
    ``like``."""
    query = _articles(posted_articles.c.post_id == like.post_id, "waiting").where(
        posted_articles.c.story_id == like.story_id
    )
    found = await _read(database, query.order_by(posted_articles.c.published_at).limit(1))
    return found[0] if found else like


async def channels_waiting(database: Database) -> set[int]:
    """Return the channels for which something waits, is on its way, or is to be published."""
    to_do = posted_articles.c.state.in_(("waiting", "sending"))
    query = select(posted_articles.c.channel_id).where(or_(to_do, posted_articles.c.to_publish))
    query = query.distinct()
    return set(await database.read(lambda connection: connection.scalars(query).all()))


async def settle(database: Database, article: PostedArticle) -> None:
    """Store what became of an article."""
    row = _article_row(article)
    async with database.write() as connection:
        await connection.execute(
            update(posted_articles).where(posted_articles.c.id == article.id).values(**row)
        )


async def skip_waiting(
    database: Database, before: datetime, now: datetime, reason: str = "stale"
) -> None:
    """Skip what came in before ``before`` and is still waiting."""
    async with database.write() as connection:
        await connection.execute(
            update(posted_articles)
            .where(posted_articles.c.state == "waiting")
            .where(posted_articles.c.arrived_at < to_micros(before))
            .values(state="skipped", reason=reason, at=to_micros(now))
        )


async def skip_waiting_of(database: Database, post_id: int, reason: str, now: datetime) -> None:
    """Skip everything that waits for a post."""
    async with database.write() as connection:
        await connection.execute(
            update(posted_articles)
            .where(posted_articles.c.state == "waiting", posted_articles.c.post_id == post_id)
            .values(state="skipped", reason=reason, at=to_micros(now))
        )


async def is_posted(database: Database, channel_id: int, but: PostedArticle) -> bool:
    """Return whether the article of ``but`` is in a channel, or on its way there, for another
    post."""
    query = select(func.count()).where(
        posted_articles.c.channel_id == channel_id,
        posted_articles.c.article_id == but.article_id,
        posted_articles.c.state.in_(("sent", "sending")),
        posted_articles.c.id != but.id,
    )
    return bool(await database.read(lambda connection: connection.scalar(query)))


async def sent_of_story(
    database: Database, channel_id: int, article_id: str
) -> PostedArticle | None:
    """Return the first message in a channel on the story that an article belongs to now; None if
    there is none."""
    shown = versions.alias("shown")
    told = story_members.alias("told")
    story = (
        select(story_members.c.story_id)
        .join(versions, versions.c.id == story_members.c.version_id)
        .where(versions.c.article_id == article_id, versions.c.state == INDEXED)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        _articles(posted_articles.c.channel_id == channel_id, "sent")
        .join(
            shown,
            and_(shown.c.article_id == posted_articles.c.article_id, shown.c.state == INDEXED),
        )
        .join(told, told.c.version_id == shown.c.id)
        .where(told.c.story_id == story)
        .order_by(posted_articles.c.at)
    )
    found = await _read(database, query.limit(1))
    return found[0] if found else None


async def sent_count(database: Database, post_id: int, since: datetime) -> int:
    """Return how many messages of a post were sent since ``since`` or are on their way."""
    query = select(func.count()).where(
        posted_articles.c.post_id == post_id,
        posted_articles.c.state.in_(("sent", "sending")),
        posted_articles.c.at >= to_micros(since),
    )
    return await database.read(lambda connection: int(connection.scalar(query) or 0))


async def pinged_since(database: Database, post_id: int, moment: datetime) -> bool:
    """Return whether a message of a post has mentioned its role since ``moment``."""
    query = select(func.count()).where(
        posted_articles.c.post_id == post_id,
        posted_articles.c.pinged,
        posted_articles.c.at >= to_micros(moment),
    )
    return bool(await database.read(lambda connection: connection.scalar(query)))


async def to_be_published(database: Database, channel_id: int) -> list[PostedArticle]:
    """Return the messages in an announcement channel that aren't published yet, newest first."""
    query = _articles(posted_articles.c.channel_id == channel_id, "sent").where(
        posted_articles.c.to_publish
    )
    return await _read(database, query.order_by(posted_articles.c.at.desc()))


async def published_count(database: Database, channel_id: int, since: datetime) -> int:
    """Return how many messages of an announcement channel were published since ``since``."""
    query = select(func.count()).where(
        posted_articles.c.channel_id == channel_id,
        posted_articles.c.crossposted_at >= to_micros(since),
    )
    return await database.read(lambda connection: int(connection.scalar(query) or 0))


async def note_published(database: Database, article_id: str, at: datetime | None) -> None:
    """Record that a message (by the id of its ``PostedArticle``) was published at ``at``, or never
    will be if that is None."""
    async with database.write() as connection:
        await connection.execute(
            update(posted_articles)
            .where(posted_articles.c.id == article_id)
            .values(to_publish=False, crossposted_at=None if at is None else to_micros(at))
        )


async def forget_old(database: Database, sent_before: datetime, skipped_before: datetime) -> None:
    """Delete what was sent or skipped so long ago that nothing needs it any more."""
    old = or_(
        and_(
            posted_articles.c.state == "skipped",
            posted_articles.c.arrived_at < to_micros(skipped_before),
        ),
        and_(posted_articles.c.state == "sent", posted_articles.c.at < to_micros(sent_before)),
    )
    async with database.write() as connection:
        await connection.execute(delete(posted_articles).where(old))


async def forget_posts(database: Database, guild_id: int) -> None:
    """Delete all posts of a server, with what they posted."""
    mine = select(feed_posts.c.id).where(feed_posts.c.guild_id == guild_id)
    async with database.write() as connection:
        await connection.execute(delete(posted_articles).where(posted_articles.c.post_id.in_(mine)))
        await connection.execute(delete(feed_posts).where(feed_posts.c.guild_id == guild_id))
        await connection.execute(delete(feed_reports).where(feed_reports.c.guild_id == guild_id))


def _articles(condition: Any, state: State) -> Select[Any]:
    columns = [posted_articles.c[field.name] for field in fields(PostedArticle)]
    return select(*columns).where(condition, posted_articles.c.state == state)


async def _read(database: Database, query: Select[Any]) -> list[PostedArticle]:
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    return [
        PostedArticle(
            **{
                **row,
                **{name: from_micros(row[name]) for name in ("published_at", "arrived_at", "at")},
            }
        )
        for row in rows
    ]


def _article_row(article: PostedArticle) -> dict[str, Any]:
    row = asdict(article)
    for name in ("published_at", "arrived_at", "at"):
        row[name] = to_micros(row[name])
    return row


def _row(post: FeedPost) -> dict[str, Any]:
    row = asdict(post)
    for name in _MOMENTS:
        row[name] = None if row[name] is None else to_micros(row[name])
    for name in _LISTS:
        row[name] = list(row[name])
    return row


def _post(row: dict[str, Any]) -> FeedPost:
    for name in _MOMENTS:
        row[name] = None if row[name] is None else from_micros(row[name])
    for name in _LISTS:
        row[name] = tuple(row[name])
    return FeedPost(**row)
