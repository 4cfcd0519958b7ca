"""What the database keeps of servers and of answers given."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.services import guild_settings
from bot.services.guild_settings import GuildSettingsCache
from bot.storage import answers as kept
from bot.storage import guild_settings as s
from retrieval.catalogue.database import Database
from retrieval.errors import StorageError
from retrieval.runtime.concurrency import cancel
from tests.deadlines import until

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(tables: Database) -> Database:
    return tables


def given(answer_id: str, **more: Any) -> kept.StoredAnswer:
    values = {
        "id": answer_id, "at": NOW, "corpus": "discord:1", "guild_id": 1, "channel_id": 2,
        "message_id": None, "user_id": 7, "question": "Who?", "private": False,
        "answer": {"text": "Calder. [1]"},
    }  # fmt: skip
    return kept.StoredAnswer(**{**values, **more})


async def test_settings_of_one_server_are_not_those_of_another(database: Database) -> None:
    assert await s.load_guild_settings(database, 1) == s.GuildSettings()
    await s.change_guild_settings(database, 1, NOW, channels=(5, 6), threads=True)
    changed = await s.change_guild_settings(database, 1, NOW, language="de")
    assert changed == s.GuildSettings(channels=(5, 6), threads=True, language="de")
    assert await s.load_guild_settings(database, 1) == changed
    assert await s.load_guild_settings(database, 2) == s.GuildSettings()


async def test_settings_that_were_read_last_are_used_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    library: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    cache, other = GuildSettingsCache(library), GuildSettingsCache(library)
    for guild_id in (1, 2):
        await other.change(guild_id, language="de")
    read: list[set[int]] = []

    async def away(_: Database, guild_ids: Collection[int]) -> dict[int, s.GuildSettings]:
        read.append(set(guild_ids))
        raise StorageError("database-away")

    await cache.refresh()
    assert [(await cache.of(guild_id)).language for guild_id in (1, 2)] == ["de", "de"]
    await cache.refresh()
    await cache.of(1)
    with monkeypatch.context() as patch:
        patch.setattr(guild_settings, "load_settings_of", away)
        for _ in range(2):
            with pytest.raises(StorageError):
                await cache.refresh()
        assert read == [{1}, {1}]
        patch.setattr(guild_settings, "load_guild_settings", away)
        assert [(await cache.of(guild_id)).language for guild_id in (1, 2)] == ["de", "de"]
    for guild_id in (1, 2):
        await other.change(guild_id, language="fr")
    await cache.refresh()
    assert [(await cache.of(guild_id)).language for guild_id in (1, 2)] == ["fr", "fr"]


async def test_settings_that_another_process_changes_are_seen_though_its_notice_is_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    library: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    cache, other = GuildSettingsCache(library), GuildSettingsCache(library)
    assert (await cache.of(1)).language is None

    async def lost(_connection: object, _channel: str) -> None: ...

    async def is_seen() -> bool:
        return (await cache.of(1)).language == "de"

    monkeypatch.setattr(s, "say", lost)
    monkeypatch.setattr(guild_settings, "_EVERY_SECONDS", 0.1)
    following = asyncio.create_task(cache.follow())
    await other.change(1, language="de")
    await until(is_seen)
    await cancel(following)


async def test_nobody_waits_long_for_settings_that_can_not_be_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    library: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    cache, answers = GuildSettingsCache(library), asyncio.Event()
    load = s.load_guild_settings

    async def hangs(database: Database, guild_id: int) -> s.GuildSettings:
        await answers.wait()
        return await load(database, guild_id)

    monkeypatch.setattr(guild_settings, "load_guild_settings", hangs)
    with monkeypatch.context() as patch:
        patch.setattr(guild_settings, "_READ_SECONDS", 0.05)
        with pytest.raises(StorageError) as away:
            await cache.of(1)
    assert away.value.retry
    answers.set()
    assert await cache.of(1) == s.GuildSettings()


async def test_a_server_that_comes_back_in_time_keeps_everything(database: Database) -> None:
    await s.mark_present(database, [1, 2], NOW)
    await s.mark_removed(database, 1, NOW)
    await s.mark_removed(database, 1, NOW + timedelta(days=3))
    assert await s.known_guilds(database) == [2]
    assert await s.guilds_removed_before(database, NOW) == []
    assert await s.guilds_removed_before(database, NOW + timedelta(seconds=1)) == [1]
    await s.mark_present(database, [1], NOW + timedelta(days=4))
    assert await s.guilds_removed_before(database, NOW + timedelta(days=9)) == []


async def test_a_server_that_removes_the_bot_before_it_was_noted_is_gone_too(
    database: Database,
) -> None:
    await s.mark_removed(database, 1, NOW)
    assert await s.guilds_removed_before(database, NOW + timedelta(seconds=1)) == [1]
    assert await s.known_guilds(database) == []
    await s.mark_present(database, [1], NOW + timedelta(days=1))
    assert await s.known_guilds(database) == [1]


async def test_an_answer_is_found_by_its_id_and_by_its_message(database: Database) -> None:
    await kept.save_answer(database, given("a1"))
    await kept.set_message(database, "a1", 3, 99)
    found = await kept.answer_by_message(database, 99)
    assert found == await kept.answer_by_id(database, "a1")
    assert found == given("a1", channel_id=3, message_id=99)
    assert await kept.answer_by_id(database, "a2") is None


async def test_feedback_counts_once_for_each_user(database: Database) -> None:
    await kept.save_answer(database, given("a1"))
    for user, helpful in ((7, True), (8, True), (7, False)):
        await kept.record_feedback(database, "a1", user, helpful=helpful, now=NOW)
    assert await kept.feedback_counts(database, "a1") == (1, 1)


async def test_a_user_is_forgotten_wherever_the_question_was(database: Database) -> None:
    await kept.save_answer(database, given("a1"))
    await kept.save_answer(database, given("a2", guild_id=None))
    await kept.save_answer(database, given("a3", user_id=8))
    await kept.record_feedback(database, "a3", 7, helpful=True, now=NOW)
    assert await kept.questions_of(database, 7) == 2
    assert await kept.forget_user(database, 7) == 2
    assert await kept.questions_of(database, 7) == 0
    gone = await kept.answer_by_id(database, "a1")
    assert gone is not None
    assert (gone.question, gone.user_id, gone.answer) == (None, None, {})
    other = await kept.answer_by_id(database, "a3")
    assert other is not None
    assert other.question == "Who?"
    assert await kept.feedback_counts(database, "a3") == (0, 0)


async def test_answers_of_a_server_and_old_ones_are_deleted(database: Database) -> None:
    await kept.save_answer(database, given("old", at=NOW - timedelta(days=100)))
    await kept.record_feedback(database, "old", 7, helpful=True, now=NOW)
    await kept.save_answer(database, given("here"))
    await kept.save_answer(database, given("there", guild_id=2))
    assert await kept.forget_answers(database, before=NOW - timedelta(days=90)) == 1
    assert await kept.forget_answers(database, guild_id=1) == 1
    assert await kept.answer_by_id(database, "there") is not None
