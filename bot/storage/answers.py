"""Stored answers, for what people do with them later: sources, feedback, deletion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, cast, delete, func, insert, select, update

from bot.storage.schema import answers, asked_moderators, feedback
from retrieval.catalogue.database import Database
from retrieval.timestamps import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer. ``answer`` is its JSON from the answering layer.

    ``guild_id`` is None in a direct message, ``message_id`` until the message exists; ``question``
    and ``user_id`` are None once the user has deleted them.
    """

    id: str
    at: datetime
    corpus: str
    guild_id: int | None
    channel_id: int
    message_id: int | None
    user_id: int | None
    question: str | None
    private: bool
    answer: dict[str, Any]


async def save_answer(database: Database, given: StoredAnswer) -> None:
    """Store an answer, replacing one with the same id."""
    row = {
        "id": given.id,
        "at": to_micros(given.at),
        "corpus": given.corpus,
        "guild_id": given.guild_id,
        "channel_id": given.channel_id,
        "message_id": given.message_id,
        "user_id": given.user_id,
        "question": given.question,
        "private": given.private,
        "answer": given.answer,
    }
    async with database.write() as connection:
        await connection.execute(delete(answers).where(answers.c.id == given.id))
        await connection.execute(insert(answers), row)


async def set_message(database: Database, answer_id: str, channel_id: int, message_id: int) -> None:
    """Record in which message an answer is now."""
    async with database.write() as connection:
        await connection.execute(
            update(answers)
            .where(answers.c.id == answer_id)
            .values(channel_id=channel_id, message_id=message_id)
        )


async def answer_by_id(database: Database, answer_id: str) -> StoredAnswer | None:
    """Return an answer; None if there is none."""
    return await _one(database, answers.c.id == answer_id)


async def answer_by_message(database: Database, message_id: int) -> StoredAnswer | None:
    """Return the answer in a message, for replies to it; None if there is none."""
    return await _one(database, answers.c.message_id == message_id)


async def last_questions(database: Database, corpus: str, limit: int) -> list[str]:
    """Return the last ``limit`` questions to a corpus, newest first, without deleted ones."""
    query = (
        select(answers.c.question)
        .where(answers.c.corpus == corpus, answers.c.question.is_not(None))
        .order_by(answers.c.at.desc())
        .limit(limit)
    )
    return list(await database.read(lambda connection: connection.scalars(query).all()))


@dataclass(frozen=True, slots=True)
class AskedIn:
    """Questions to a corpus in a server; ``directly`` includes those in direct messages, for a
    corpus that no other server has."""

    corpus: str
    guild_id: int
    directly: bool

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition on ``answers``."""
        here = answers.c.guild_id == self.guild_id
        if self.directly:
            here |= answers.c.guild_id.is_(None)
        return (answers.c.corpus == self.corpus) & here


async def answers_between(
    database: Database, asked: AskedIn, since: datetime, until: datetime, most: int
) -> list[StoredAnswer]:
    """Return at most ``most`` answers to questions asked from ``since`` until before ``until``,
    newest first, without deleted ones."""
    query = (
        select(answers)
        .where(asked.condition, answers.c.question.is_not(None))
        .where(answers.c.at >= to_micros(since), answers.c.at < to_micros(until))
        .order_by(answers.c.at.desc())
        .limit(most)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    return [_stored(row) for row in rows]


async def feedback_between(
    database: Database, asked: AskedIn, since: datetime, until: datetime
) -> dict[str, tuple[int, int]]:
    """Return by answer how many people found it helpful and how many didn't, from ``since`` until
    before ``until``."""
    query = (
        select(feedback.c.answer_id, feedback.c.helpful, func.count())
        .join(answers, answers.c.id == feedback.c.answer_id)
        .where(asked.condition)
        .where(feedback.c.at >= to_micros(since), feedback.c.at < to_micros(until))
        .group_by(feedback.c.answer_id, feedback.c.helpful)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    counts: dict[str, tuple[int, int]] = {}
    for answer_id, helpful, count in rows:
        good, bad = counts.get(answer_id, (0, 0))
        counts[answer_id] = (count, bad) if helpful else (good, count)
    return counts


async def record_feedback(
    database: Database, answer_id: str, user_id: int, *, helpful: bool, now: datetime
) -> None:
    """Store a user's feedback on an answer, replacing earlier feedback."""
    async with database.write() as connection:
        mine = (feedback.c.answer_id == answer_id) & (feedback.c.user_id == user_id)
        await connection.execute(delete(feedback).where(mine))
        row = {"answer_id": answer_id, "user_id": user_id, "helpful": helpful, "at": to_micros(now)}
        await connection.execute(insert(feedback), row)


async def feedback_counts(database: Database, answer_id: str) -> tuple[int, int]:
    """Return how many people found an answer helpful, and how many didn't."""
    query = (
        select(feedback.c.helpful, func.count())
        .where(feedback.c.answer_id == answer_id)
        .group_by(feedback.c.helpful)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    counts = {bool(helpful): count for helpful, count in rows}
    return counts.get(True, 0), counts.get(False, 0)


async def questions_of(database: Database, user_id: int) -> int:
    """Return how many questions of a user are stored."""
    return await _count(database, user_id, answers.c.question.is_not(None))


async def other_answers_of(database: Database, user_id: int) -> int:
    """Return how many answers without a question are stored for a user: summaries, and
    subscriptions."""
    return await _count(database, user_id, answers.c.question.is_(None))


async def _count(database: Database, user_id: int, which: ColumnElement[bool]) -> int:
    query = select(func.count()).where(answers.c.user_id == user_id, which)
    return await database.read(lambda connection: connection.scalar(query)) or 0


async def feedback_of(database: Database, user_id: int) -> int:
    """Return on how many answers a user's feedback is stored."""
    query = select(func.count()).where(feedback.c.user_id == user_id)
    return await database.read(lambda connection: connection.scalar(query)) or 0


async def forget_user(database: Database, user_id: int) -> int:
    """Delete a user's questions, answers and feedback. Return how many questions there were.

    The emptied rows stay, so that buttons can say what happened.
    """
    async with database.write() as connection:
        mine = answers.c.user_id == user_id
        counting = select(func.count(answers.c.question)).where(mine)
        questions = await connection.scalar(counting)
        await connection.execute(
            update(answers).where(mine).values(user_id=None, question=None, answer={})
        )
        await connection.execute(delete(feedback).where(feedback.c.user_id == user_id))
        await connection.execute(
            delete(asked_moderators).where(asked_moderators.c.user_id == user_id)
        )
    return questions or 0


async def blank_answers_citing(database: Database, corpus: str, article_ids: Sequence[str]) -> int:
    """Empty the answers of a corpus that name one of these articles. Return how many.

    The rows stay, as after ``forget_user``, so that buttons can say what happened.
    """
    blanked = 0
    stored = cast(answers.c.answer, Text)
    async with database.write() as connection:
        for article_id in article_ids:
            done = await connection.execute(
                update(answers)
                .where(answers.c.corpus == corpus, stored.contains(article_id, autoescape=True))
                .values(answer={})
            )
            blanked += done.rowcount
    return blanked


async def forget_answers(
    database: Database,
    *,
    guild_id: int | None = None,
    corpus: str | None = None,
    before: datetime | None = None,
) -> int:
    """Delete the answers given in a server, from a corpus, or before a moment; all given conditions
    must hold. Return how many. Raises ``ValueError`` without a condition."""
    if guild_id is None and corpus is None and before is None:
        raise ValueError("say which answers")
    chosen = []
    if guild_id is not None:
        chosen.append(answers.c.guild_id == guild_id)
    if corpus is not None:
        chosen.append(answers.c.corpus == corpus)
    if before is not None:
        chosen.append(answers.c.at < to_micros(before))
    ids = select(answers.c.id).where(*chosen)
    async with database.write() as connection:
        for about in (feedback, asked_moderators):
            await connection.execute(delete(about).where(about.c.answer_id.in_(ids)))
        result = await connection.execute(delete(answers).where(*chosen))
    return result.rowcount


async def _one(database: Database, wanted: Any) -> StoredAnswer | None:
    query = select(answers).where(wanted)
    row = await database.read(lambda connection: connection.execute(query).first())
    return None if row is None else _stored(row)


def _stored(row: Row[Any]) -> StoredAnswer:
    return StoredAnswer(
        row.id,
        from_micros(row.at),
        row.corpus,
        row.guild_id,
        row.channel_id,
        row.message_id,
        row.user_id,
        row.question,
        bool(row.private),
        row.answer,
    )
