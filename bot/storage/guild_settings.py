"""The settings of each Discord server, and which servers the bot has left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from bot.storage.schema import guilds
from retrieval.catalogue.audit_log import Actor, note
from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Lease, require
from retrieval.catalogue.notices import say
from retrieval.catalogue.records import Corpus
from retrieval.errors import Note
from retrieval.timestamps import to_micros


@dataclass(frozen=True, slots=True)
class UsageLimit:
    """What may be used in a day by each member (``id`` is 0), by each member with a role, or by all
    in a channel: questions and US dollars, None without a limit."""

    kind: Literal["member", "role", "channel"]
    id: int
    questions: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What the moderators of a server have set. Ids are Discord's.

    No ``channels`` means all of them, no ``ask_roles`` everyone. ``language`` is that of the
    interface and of answers, None for each member's own.
    """

    channels: tuple[int, ...] = ()
    ask_roles: tuple[int, ...] = ()
    free_roles: tuple[int, ...] = ()
    moderator_roles: tuple[int, ...] = ()
    threads: bool = False
    private: bool = False
    # Whether an article's picture is shown, which Discord fetches from its publisher.
    pictures: bool = False
    language: str | None = None
    # Where moderators are notified; None for nowhere.
    moderators_channel: int | None = None
    # A name of the tz database; None for the operator's time zone.
    zone: str | None = None
    # The week of the last report to moderators: 2026-W05.
    reported_week: str | None = None
    limits: tuple[UsageLimit, ...] = ()
    # Whether the server was greeted, which happens once.
    welcomed: bool = False


# What processes say to each other when one has changed settings.
SETTINGS_CHANGED = "settings"
_KNOWN = frozenset(field.name for field in fields(GuildSettings))
_IDS = frozenset({"channels", "ask_roles", "free_roles", "moderator_roles"})


async def load_guild_settings(database: Database, guild_id: int) -> GuildSettings:
    """Return the settings of a server, by default unchanged ones."""
    query = select(guilds.c.settings).where(guilds.c.id == guild_id)
    stored = await database.read(lambda connection: connection.scalar(query))
    return _read(stored or {})


async def load_settings_of(
    database: Database, guild_ids: Collection[int]
) -> dict[int, GuildSettings]:
    """By server, the settings of those of these that have set something."""
    query = select(guilds.c.id, guilds.c.settings).where(guilds.c.id.in_(guild_ids))
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row.id: _read(row.settings or {}) for row in rows}


async def change_guild_settings(
    database: Database,
    guild_id: int,
    now: datetime,
    *,
    by: tuple[Corpus, Actor] | None = None,
    **changes: Any,
) -> GuildSettings:
    """Change some settings of a server and return all of them.

    ``by`` is who changes them, for the audit log of a corpus.
    """
    async with database.write() as connection:
        query = select(guilds.c.settings).where(guilds.c.id == guild_id).with_for_update()
        stored = (await connection.execute(query)).scalar_one_or_none()
        before = _read(stored or {})
        settings = replace(before, **changes)
        if by is not None:
            corpus, actor = by
            for name in changes:
                words = _difference(name, getattr(before, name), getattr(settings, name))
                if words is not None:
                    await note(
                        connection, corpus, actor, now, f"settings.{name}", "", Note.verbatim(words)
                    )
        if stored is None:
            row = {"id": guild_id, "settings": asdict(settings), "joined_at": to_micros(now)}
            await connection.execute(insert(guilds), row)
        else:
            await connection.execute(
                update(guilds).where(guilds.c.id == guild_id).values(settings=asdict(settings))
            )
        await say(connection, SETTINGS_CHANGED)
    return settings


async def mark_present(database: Database, guild_ids: list[int], now: datetime) -> None:
    """Record that the bot is in these servers, so that their data is kept."""
    async with database.write() as connection:
        await connection.execute(
            update(guilds).where(guilds.c.id.in_(guild_ids)).values(removed_at=None)
        )
        known = set((await connection.execute(select(guilds.c.id))).scalars())
        rows = [
            {"id": guild_id, "settings": {}, "joined_at": to_micros(now)}
            for guild_id in guild_ids
            if guild_id not in known
        ]
        if rows:
            await connection.execute(insert(guilds), rows)


async def mark_removed(
    database: Database, guild_id: int, now: datetime, lease: Lease | None = None
) -> None:
    """Record that the bot was removed from a server, even one that it wasn't recorded to be in. Its
    grace period begins. Raises ``StorageError`` (``lease-lost``) if somebody else holds ``lease``
    by now."""
    at = to_micros(now)
    async with database.write() as connection:
        if lease is not None:
            await require(connection, lease)
        known = await connection.scalar(select(guilds.c.id).where(guilds.c.id == guild_id))
        if known is None:
            row = {"id": guild_id, "settings": {}, "joined_at": at, "removed_at": at}
            await connection.execute(insert(guilds), row)
            return
        await connection.execute(
            update(guilds)
            .where(guilds.c.id == guild_id, guilds.c.removed_at.is_(None))
            .values(removed_at=at)
        )


async def known_guilds(database: Database) -> list[int]:
    """Return the servers that the bot isn't known to have left."""
    query = select(guilds.c.id).where(guilds.c.removed_at.is_(None)).order_by(guilds.c.id)
    return await database.read(lambda connection: list(connection.execute(query).scalars()))


async def guilds_removed_before(database: Database, moment: datetime) -> list[int]:
    """Return the servers that the bot left before ``moment``, whose grace period is over."""
    query = select(guilds.c.id).where(guilds.c.removed_at < to_micros(moment))
    return await database.read(lambda connection: list(connection.execute(query).scalars()))


async def forget_guild(database: Database, guild_id: int) -> None:
    """Delete the settings of a server. Its corpus and its answers are deleted separately."""
    async with database.write() as connection:
        await connection.execute(delete(guilds).where(guilds.c.id == guild_id))


def _difference(name: str, before: Any, after: Any) -> str | None:
    """Return what changed, in words for the audit log; None if nothing did."""
    if before == after:
        return None
    if name == "moderators_channel":
        return "none" if after is None else f"discord channel {after}"
    if name == "zone":
        return after or "the operator's"
    if name == "limits":
        return ", ".join(map(_limit_words, after)) or "none"
    if name not in _IDS:
        words = {True: "on", False: "off", None: "each member's own"}
        return str(words.get(after, after))
    kind = "discord channel" if name == "channels" else "discord role"
    added = [f"added {kind} {each}" for each in after if each not in before]
    return ", ".join([*added, *(f"removed {kind} {each}" for each in before if each not in after)])


def _limit_words(limit: UsageLimit) -> str:
    whose = "each member" if limit.kind == "member" else f"discord {limit.kind} {limit.id}"
    questions = "" if limit.questions is None else f" {limit.questions} questions"
    cost = "" if limit.cost is None else f" ${limit.cost:.2f}"
    return f"{whose}:{questions}{cost}"


def _read(stored: dict[str, Any]) -> GuildSettings:
    # Ignore settings of newer or older versions that this one doesn't know.
    known: dict[str, Any] = {
        name: tuple(value) if name in _IDS else value
        for name, value in stored.items()
        if name in _KNOWN
    }
    known["limits"] = tuple(UsageLimit(**each) for each in known.get("limits", ()))
    return GuildSettings(**known)
