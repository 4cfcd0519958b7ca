"""What the catalogue keeps of servers and of answers given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.storage import answers as kept
from bot.storage import guild_settings as s
from retrieval.catalogue import Catalogue

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    path = tmp_path / "catalogue.sqlite3"
    await Catalogue.prepare(path)
    catalogue = await Catalogue.open(path)
    yield catalogue
    await catalogue.close()


def given(answer_id: str, **more: Any) -> kept.StoredAnswer:
    values = {
        "id": answer_id, "at": NOW, "corpus": "discord:1", "server_id": 1, "channel_id": 2,
        "message_id": None, "user_id": 7, "question": "Who?", "private": False,
        "answer": {"text": "Calder. [1]"},
    }  # fmt: skip
    return kept.StoredAnswer(**{**values, **more})


async def test_settings_of_one_server_are_not_those_of_another(catalogue: Catalogue) -> None:
    assert await s.load_guild_settings(catalogue, 1) == s.GuildSettings()
    await s.change_guild_settings(catalogue, 1, NOW, channels=(5, 6), threads=True)
    changed = await s.change_guild_settings(catalogue, 1, NOW, language="de")
    assert changed == s.GuildSettings(channels=(5, 6), threads=True, language="de")
    assert await s.load_guild_settings(catalogue, 1) == changed
    assert await s.load_guild_settings(catalogue, 2) == s.GuildSettings()


async def test_a_server_that_comes_back_in_time_keeps_everything(catalogue: Catalogue) -> None:
    await s.mark_present(catalogue, [1, 2], NOW)
    await s.mark_removed(catalogue, 1, NOW)
    await s.mark_removed(catalogue, 1, NOW + timedelta(days=3))
    assert await s.known_guilds(catalogue) == [2]
    assert await s.guilds_removed_before(catalogue, NOW) == []
    assert await s.guilds_removed_before(catalogue, NOW + timedelta(seconds=1)) == [1]
    await s.mark_present(catalogue, [1], NOW + timedelta(days=4))
    assert await s.guilds_removed_before(catalogue, NOW + timedelta(days=9)) == []


async def test_a_server_that_removes_the_bot_before_it_was_noted_is_gone_too(
    catalogue: Catalogue,
) -> None:
    await s.mark_removed(catalogue, 1, NOW)
    assert await s.guilds_removed_before(catalogue, NOW + timedelta(seconds=1)) == [1]
    assert await s.known_guilds(catalogue) == []
    await s.mark_present(catalogue, [1], NOW + timedelta(days=1))
    assert await s.known_guilds(catalogue) == [1]


async def test_an_answer_is_found_by_its_id_and_by_its_message(catalogue: Catalogue) -> None:
    await kept.save_answer(catalogue, given("a1"))
    await kept.set_message(catalogue, "a1", 3, 99)
    found = await kept.answer_by_message(catalogue, 99)
    assert found == await kept.answer_by_id(catalogue, "a1")
    assert found == given("a1", channel_id=3, message_id=99)
    assert await kept.answer_by_id(catalogue, "a2") is None


async def test_feedback_counts_once_for_each_user(catalogue: Catalogue) -> None:
    await kept.save_answer(catalogue, given("a1"))
    for user, helpful in ((7, True), (8, True), (7, False)):
        await kept.record_feedback(catalogue, "a1", user, helpful=helpful, now=NOW)
    assert await kept.feedback_counts(catalogue, "a1") == (1, 1)


async def test_a_user_is_forgotten_wherever_the_question_was(catalogue: Catalogue) -> None:
    await kept.save_answer(catalogue, given("a1"))
    await kept.save_answer(catalogue, given("a2", server_id=None))
    await kept.save_answer(catalogue, given("a3", user_id=8))
    await kept.record_feedback(catalogue, "a3", 7, helpful=True, now=NOW)
    assert await kept.questions_of(catalogue, 7) == 2
    assert await kept.forget_user(catalogue, 7) == 2
    assert await kept.questions_of(catalogue, 7) == 0
    gone = await kept.answer_by_id(catalogue, "a1")
    assert gone is not None
    assert (gone.question, gone.user_id, gone.answer) == (None, None, {})
    other = await kept.answer_by_id(catalogue, "a3")
    assert other is not None
    assert other.question == "Who?"
    assert await kept.feedback_counts(catalogue, "a3") == (0, 0)


async def test_answers_of_a_server_and_old_ones_are_deleted(catalogue: Catalogue) -> None:
    await kept.save_answer(catalogue, given("old", at=NOW - timedelta(days=100)))
    await kept.record_feedback(catalogue, "old", 7, helpful=True, now=NOW)
    await kept.save_answer(catalogue, given("here"))
    await kept.save_answer(catalogue, given("there", server_id=2))
    assert await kept.forget_answers(catalogue, before=NOW - timedelta(days=90)) == 1
    assert await kept.forget_answers(catalogue, server_id=1) == 1
    assert await kept.answer_by_id(catalogue, "there") is not None
