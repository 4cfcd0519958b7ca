"""A data folder of version 0.1.0 opens, holds all that it held, and answers the same.

``data/make_folder_0_1_0.py`` made it, with that version's code.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.answering.serialization import from_record
from bot.storage.answers import answer_by_message, feedback_counts
from bot.storage.guild_settings import known_guilds, load_guild_settings
from bot.storage.job_messages import all_job_messages
from bot.storage.library import open_library
from bot.storage.subscriptions import active_subscriptions, delivered_stories, unsettled_deliveries
from bot.storage.usage import usage_of_day
from retrieval.catalogue import LAYOUT
from retrieval.library import Library, LibraryConfig
from retrieval.moderation import ModerationService
from retrieval.timestamps import TimeRange

pytestmark = pytest.mark.sqlite_files("older folders have no other catalogue")

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
CORPUS, SERVER, CHANNEL, MESSAGE, MEMBER, MODERATOR = "discord:710", 710, 720, 730, 740, 741
RECORDED: list[dict[str, Any]] = json.loads(
    (DATA / "folder_0_1_0.json").read_text(encoding="utf-8")
)
# What is called otherwise since.
TABLES = {"spending": "usage", "servers": "guilds", "given_answers": "answers"}
COLUMNS = {
    ("articles", "removed_because"): "removed_reason",
    ("ingest_log", "place"): "origin",
    ("audit", "place"): "origin",
    ("jobs", "place"): "origin",
    ("feeds", "begun"): "initialized",
    ("feeds", "alone_until"): "retry_after",
    ("given_answers", "server_id"): "guild_id",
    ("subscriptions", "server_id"): "guild_id",
    ("job_messages", "server_id"): "guild_id",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tarfile.open(DATA / "folder_0_1_0.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def rows(folder: Path) -> dict[str, Counter[frozenset[tuple[str, Any]]]]:
    """All rows by table, under the names of today."""
    with closing(sqlite3.connect(folder / "catalogue.sqlite3")) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if "version" not in name.removeprefix("versions") and not name.startswith("sqlite_")
        ]
        found = {}
        for name in names:
            cursor = connection.execute(f"SELECT * FROM {name}")
            columns = [COLUMNS.get((name, column[0]), column[0]) for column in cursor.description]
            found[TABLES.get(name, name)] = Counter(
                frozenset(zip(columns, row, strict=True)) for row in cursor
            )
    return found


async def test_every_row_is_there_after_the_migration(folder: Path) -> None:
    before = rows(folder)
    assert {"articles", "audit", "answers", "subscriptions", "guilds", "usage", "feeds"} <= set(
        before
    )
    assert all(before.values())
    async with open_library(LibraryConfig(folder), clock=lambda: NOW):
        pass
    after = rows(folder)
    # Start-up may tidy what is under way; nothing is under way in this folder. Its indexes are made
    # anew, in the next generation, where what they hold has changed.
    for table, held in before.items():
        columns = {name for row in held for name, _ in row}
        assert Counter(_only(columns, row) for row in after[table].elements()) == Counter(
            map(_rebuilt, held.elements())
        ), table
    # What that version did not have begins empty.
    assert [table for table in set(after) - set(before) if after[table]] == []


def _only(columns: set[str], row: frozenset[tuple[str, Any]]) -> frozenset[tuple[str, Any]]:
    return frozenset(pair for pair in row if pair[0] in columns)


def _rebuilt(row: frozenset[tuple[str, Any]]) -> frozenset[tuple[str, Any]]:
    columns = dict(row)
    if "layout" in columns:
        columns["layout"] = LAYOUT
    if "generation" in columns:
        columns["generation"] += 1
    return frozenset(columns.items())


@pytest.mark.parametrize("recorded", RECORDED, ids=[each["question"] for each in RECORDED])
async def test_it_finds_and_answers_what_it_did(folder: Path, recorded: dict[str, Any]) -> None:
    question, within = recorded["question"], TimeRange(NOW)
    async with open_library(LibraryConfig(folder), clock=lambda: NOW) as library:
        found = await library.search(question, within, corpus=CORPUS)
        answer = await AnswerEngine(library, None).answer(AnswerRequest(question, within, CORPUS))
    assert answer.abstained == recorded["answer"]["abstained"]
    assert {
        frozenset([hit.passage.article.article_id, *(also.article_id for also in hit.also)])
        for hit in found.hits
    } == {
        frozenset([hit["article_id"], *(also["article_id"] for also in hit["also"])])
        for hit in recorded["search"]["hits"]
    }
    if answer.abstained:
        return  # nothing is about it, so any order will do
    first, then = found.hits[0], recorded["search"]["hits"][0]
    assert first.passage.article.article_id == then["article_id"]
    assert first.passage.text == then["text"]
    assert {also.article_id for also in first.also} == {each["article_id"] for each in then["also"]}
    cited = {citation.article.article_id for citation in answer.citations}
    assert cited & {each["article_id"] for each in recorded["answer"]["citations"]}


async def test_moderators_find_articles_feeds_jobs_and_the_audit(folder: Path) -> None:
    async with open_library(LibraryConfig(folder), clock=lambda: NOW) as library:
        moderator = await ModerationService.of(library, CORPUS)
        cards = await moderator.articles.find("")
        corpus = await library.catalogue.corpora.by_name(CORPUS)
        assert corpus is not None
        feeds = await library.catalogue.feeds.of(corpus)
        jobs = await library.catalogue.jobs.of(corpus, 10)
        entries = await moderator.audit_log.read(limit=500)
    assert Counter(card.state for card in cards) == {"shown": 11, "removed": 1}
    assert [card.removed_because for card in cards if card.state == "removed"] == ["a rumour"]
    assert sorted(card.versions for card in cards)[-2:] == [1, 2]
    assert [(feed.state, feed.initialized, feed.include) for feed in feeds] == [
        ("active", True, ("Ostrin", "Velmora")),
        ("paused", False, ()),
    ]
    assert feeds[0].retry_after is not None
    assert [job.state for job in jobs] == ["cancelled", "done"]
    assert {entry.where for entry in entries} == {f"#newsroom ({CHANNEL})"}
    actions = Counter(entry.action for entry in entries)
    assert actions["article.indexed"] + actions["article.duplicate"] == 12
    assert actions["article.updated"] == actions["article.remove"] - 1 == 1
    assert actions["story.merge"] == actions["feed.pause"] == actions["job.cancel"] == 1
    assert actions["settings.channels"] == 1


async def test_what_a_server_set_and_was_answered_is_there(folder: Path) -> None:
    async with open_library(LibraryConfig(folder), clock=lambda: NOW) as library:
        await _check_server(library)


async def _check_server(library: Library) -> None:
    database = library.database
    assert await known_guilds(database) == [SERVER]
    settings = await load_guild_settings(database, SERVER)
    assert (settings.channels, settings.moderator_roles) == ((CHANNEL,), (750,))
    assert (settings.threads, settings.language) == (True, "de")
    stored = await answer_by_message(database, MESSAGE + 1)
    assert stored is not None
    assert stored.user_id == MEMBER
    assert stored.question is not None
    answer = from_record(stored.question, stored.answer)
    assert answer.text == "It cost 87 million crowns. [1]"
    assert answer.citations[0].article.source == "Inland Post"
    assert await feedback_counts(database, stored.id) == (1, 1)
    digest = (await active_subscriptions(database))[0]
    assert (digest.kind, digest.user_id, digest.zone, digest.at_minute) == (
        "digest", MODERATOR, "Europe/Berlin", 480,
    )  # fmt: skip
    assert set(await delivered_stories(database, digest.id)) == {1, 4}
    assert [each.id for each in await unsettled_deliveries(database, digest.id)] == ["n2"]
    assert [each.message_id for each in await all_job_messages(database)] == [MESSAGE]
    used = await usage_of_day(database, NOW.date(), CORPUS)
    assert (used.calls, used.tokens, round(used.cost, 6)) == (2, 1_920, 0.0012)
