"""Answers that were given, for what people do with them later: sources, feedback, forgetting."""

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
    """One answer. ``answer`` is whatever the answering layer makes of it, as JSON.

    ``guild_id`` is None in a direct message, ``message_id`` until the message is there;
    ``question`` and ``user_id`` are gone once the user had them forgotten.
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
    """Keep an answer, or keep it anew under the same id."""
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
    """Note where an answer stands now."""
    async with database.write() as connection:
        await connection.execute(
            update(answers)
            .where(answers.c.id == answer_id)
            .values(channel_id=channel_id, message_id=message_id)
        )


async def answer_by_id(database: Database, answer_id: str) -> StoredAnswer | None:
    return await _one(database, answers.c.id == answer_id)


async def answer_by_message(database: Database, message_id: int) -> StoredAnswer | None:
    """The answer that stands in a message, for replies to it."""
    return await _one(database, answers.c.message_id == message_id)


async def last_questions(database: Database, corpus: str, limit: int) -> list[str]:
    """The last questions that a corpus was asked, but for those that were forgotten."""
    query = (
        select(answers.c.question)
        .where(answers.c.corpus == corpus, answers.c.question.is_not(None))
        .order_by(answers.c.at.desc())
        .limit(limit)
    )
    return list(await database.read(lambda connection: connection.scalars(query).all()))


@dataclass(frozen=True, slots=True)
class AskedIn:
    """What was asked of a corpus in a server; ``directly`` has what was asked in direct messages,
    too, for a corpus that is no other server's."""

    corpus: str
    guild_id: int
    directly: bool

    @property
    def condition(self) -> ColumnElement[bool]:
        here = answers.c.guild_id == self.guild_id
        if self.directly:
            here |= answers.c.guild_id.is_(None)
        return (answers.c.corpus == self.corpus) & here


async def answers_between(
    database: Database, asked: AskedIn, since: datetime, until: datetime, most: int
) -> list[StoredAnswer]:
    """The last answers to questions that were asked in a time, newest first, but for those that were
    forgotten."""
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
    """By answer how many found it helpful, and how many not, in a time."""
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
    """Keep what a user thinks of an answer; the last word counts."""
    async with database.write() as connection:
        mine = (feedback.c.answer_id == answer_id) & (feedback.c.user_id == user_id)
        await connection.execute(delete(feedback).where(mine))
        row = {"answer_id": answer_id, "user_id": user_id, "helpful": helpful, "at": to_micros(now)}
        await connection.execute(insert(feedback), row)


async def feedback_counts(database: Database, answer_id: str) -> tuple[int, int]:
    """How many found an answer helpful, and how many did not."""
    query = (
        select(feedback.c.helpful, func.count())
        .where(feedback.c.answer_id == answer_id)
        .group_by(feedback.c.helpful)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    counts = {bool(helpful): count for helpful, count in rows}
    return counts.get(True, 0), counts.get(False, 0)


async def questions_of(database: Database, user_id: int) -> int:
    """How many questions of a user are kept."""
    return await _count(database, user_id, answers.c.question.is_not(None))


async def other_answers_of(database: Database, user_id: int) -> int:
    """How many answers to no question are kept for a user: summaries, and what was subscribed to."""
    return await _count(database, user_id, answers.c.question.is_(None))


async def _count(database: Database, user_id: int, which: ColumnElement[bool]) -> int:
    query = select(func.count()).where(answers.c.user_id == user_id, which)
    return await database.read(lambda connection: connection.scalar(query)) or 0


async def feedback_of(database: Database, user_id: int) -> int:
    """Of how many answers it is kept what a user thinks of them."""
    query = select(func.count()).where(feedback.c.user_id == user_id)
    return await database.read(lambda connection: connection.scalar(query)) or 0


async def forget_user(database: Database, user_id: int) -> int:
    """Forget who asked what: question, answer and feedback go. Returns how many questions that were.

    The row stays, empty, so that its buttons can say what became of it.
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
    """Empty the answers of a corpus that name one of these articles. Returns how many.

    The row stays, as after ``forget_user``, so that its buttons can say what became of it.
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
    """Delete the answers given in a server, made of a corpus, or before a moment; all that is said
    has to hold. Returns how many."""
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
