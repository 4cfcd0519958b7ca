"""Moderators' notes on answers, and requests to moderators."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from bot.storage.schema import answer_notes, asked_moderators
from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.records import Corpus
from retrieval.errors import Note
from retrieval.timestamps import from_micros, to_micros

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class AnswerNote:
    """What a moderator, by Discord's id, said about the answer to a question, and when."""

    text: str
    user_id: int
    at: datetime


def question_key(question: str) -> str:
    """Return a hash that is the same for questions which differ only in case, punctuation and
    spaces."""
    words = _WORD.findall(unicodedata.normalize("NFKC", question).casefold())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


async def note_on(database: Database, corpus: str, *questions: str | None) -> AnswerNote | None:
    """Return what moderators say about the answer to a question; None if they say nothing.

    Of several forms of it, such as a follow-up as written and as understood, the first with a note
    counts.
    """
    keys = [question_key(question) for question in questions if question]
    query = select(answer_notes).where(
        answer_notes.c.corpus == corpus, answer_notes.c.question_key.in_(keys)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    row = min(rows, key=lambda row: keys.index(row.question_key), default=None)
    return None if row is None else AnswerNote(row.note, row.user_id, from_micros(row.at))


async def set_note(
    database: Database,
    corpus: Corpus,
    question: str,
    text: str,
    *,
    answer_id: str,
    user_id: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Store a note on a question in place of the former one, or remove it if ``text`` is empty,
    with an entry in the audit log."""
    key = question_key(question)
    async with database.write() as connection:
        known = (answer_notes.c.corpus == corpus.name) & (answer_notes.c.question_key == key)
        gone = await connection.execute(delete(answer_notes).where(known))
        if text:
            row = {
                "corpus": corpus.name,
                "question_key": key,
                "note": text,
                "user_id": user_id,
                "at": to_micros(now),
            }
            await connection.execute(insert(answer_notes), row)
        elif not gone.rowcount:
            return
        action = "answer.note" if text else "answer.note-removed"
        detail = Note.verbatim(text) if text else None
        await note(connection, corpus, actor, now, action, answer_id, detail)


async def forget_notes(database: Database, corpus: str) -> None:
    """Delete the notes on questions to a corpus."""
    async with database.write() as connection:
        await connection.execute(delete(answer_notes).where(answer_notes.c.corpus == corpus))


async def ask_moderators(
    database: Database, answer_id: str, user_id: int, now: datetime
) -> int | None:
    """Record that somebody asks moderators for what an answer lacked.

    Return how many people ask for it now; None if this person had asked before.
    """
    these = asked_moderators.c.answer_id == answer_id
    mine = these & (asked_moderators.c.user_id == user_id)
    async with database.write() as connection:
        if (await connection.execute(select(asked_moderators.c.at).where(mine))).first():
            return None
        row = {"answer_id": answer_id, "user_id": user_id, "at": to_micros(now)}
        await connection.execute(insert(asked_moderators), row)
        return await connection.scalar(
            select(func.count()).select_from(asked_moderators).where(these)
        )


async def times_asked(database: Database, answer_ids: Sequence[str]) -> dict[str, int]:
    """Return by answer how many people asked the moderators; answers without any are missing."""
    query = (
        select(asked_moderators.c.answer_id, func.count())
        .where(asked_moderators.c.answer_id.in_(answer_ids))
        .group_by(asked_moderators.c.answer_id)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row[0]: row[1] for row in rows}
