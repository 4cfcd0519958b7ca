"""Recent conversations, for all processes on a database: limited in number and deleted with
time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from bot.storage.schema import conversation_people, conversations
from retrieval.catalogue.database import Database
from retrieval.catalogue.dialects import insert_into
from retrieval.timestamps import to_micros


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """The turns of a conversation as records, and whose articles they were answered from."""

    corpus: str
    guild_id: int | None
    turns: list[dict[str, Any]]
    at: datetime


async def load_turns(database: Database, key: str, since: datetime) -> list[dict[str, Any]] | None:
    """Return the turns of the conversation under a key; None if there is none since ``since``.
    Raises ``StorageError``."""
    query = select(conversations.c.turns).where(
        conversations.c.key == key, conversations.c.at >= to_micros(since)
    )
    found: list[dict[str, Any]] | None = await database.read(
        lambda connection: connection.scalar(query)
    )
    return found


async def save_conversation(
    database: Database,
    keys: Sequence[str],
    stored: StoredConversation,
    user_id: int,
    *,
    forgotten_before: datetime,
    most: int,
) -> None:
    """Store a conversation in which a person took part in place of those under its keys; delete
    old ones and those beyond ``most``. Raises ``StorageError``."""
    values = {
        "corpus": stored.corpus,
        "guild_id": stored.guild_id,
        "turns": stored.turns,
        "at": to_micros(stored.at),
    }
    async with database.write() as connection:
        rows = insert_into(connection, conversations).values([{"key": k, **values} for k in keys])
        await connection.execute(
            rows.on_conflict_do_update(index_elements=[conversations.c.key], set_=values)
        )
        people = insert_into(connection, conversation_people)
        people = people.values([{"key": key, "user_id": user_id} for key in keys])
        await connection.execute(people.on_conflict_do_nothing())
        old = conversations.c.at < to_micros(forgotten_before)
        await connection.execute(delete(conversations).where(old))
        moments = select(conversations.c.at).order_by(conversations.c.at.desc())
        first_dropped = await connection.scalar(moments.limit(1).offset(most))
        if first_dropped is not None:
            surplus = conversations.c.at <= first_dropped
            await connection.execute(delete(conversations).where(surplus))


async def forget_conversations(
    database: Database,
    *,
    user_id: int | None = None,
    guild_id: int | None = None,
    corpus: str | None = None,
    before: datetime | None = None,
) -> None:
    """Delete the conversations to which everything given applies: a person took part in them, they
    were held in a server, answered from a corpus, or ended ``before`` a moment. Raises
    ``StorageError``."""
    table, people = conversations.c, conversation_people.c
    chosen: list[ColumnElement[bool]] = []
    if user_id is not None:
        chosen.append(table.key.in_(select(people.key).where(people.user_id == user_id)))
    if guild_id is not None:
        chosen.append(table.guild_id == guild_id)
    if corpus is not None:
        chosen.append(table.corpus == corpus)
    if before is not None:
        chosen.append(table.at < to_micros(before))
    if not chosen:
        raise ValueError("of whom?")
    async with database.write() as connection:
        await connection.execute(delete(conversations).where(*chosen))
