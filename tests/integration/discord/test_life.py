"""The bot's life: starting, commands, servers that come and go, health, stopping."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import select

from bot.client import NewsdeskBot
from bot.config.settings import load_settings
from bot.ops import logging as bot_logging
from bot.storage.answers import questions_of
from bot.storage.conversations import StoredConversation, save_conversation
from bot.storage.guild_settings import guilds_removed_before, load_guild_settings
from bot.storage.schema import conversations
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.jobs import JobSource
from retrieval.catalogue.leases import Leases
from retrieval.errors import SettingsError
from retrieval.maintenance import check_indexes
from tests.deadlines import scaled
from tests.discord_standin import DiscordStandIn
from tests.discord_standin.permissions import VIEW_CHANNEL
from tests.integration.answering_fixtures import BRIDGE, NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import eventually, noted, told, whole

COMMANDS = "/applications/{application_id}/commands"


async def test_commands_are_registered_only_when_they_changed(
    start: Start, standin: DiscordStandIn
) -> None:
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 1
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 1
    ask = standin.commands.usable(None, 1)[0]
    assert ask["description_localizations"]["de"] == "Eine Frage zu den Nachrichten stellen"


async def test_commands_that_discord_lost_or_others_changed_are_registered_again(
    start: Start, standin: DiscordStandIn
) -> None:
    standin.fail("GET", COMMANDS, status=403)  # what was registered can't be looked at
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 1
    registered = standin.commands.all()
    lost, changed = registered[0], registered[1]
    standin.commands.remove(None, int(lost["id"]))
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 2
    assert lost["name"] in {command["name"] for command in standin.commands.all()}
    standin.commands.edit(None, int(changed["id"]), {"description": "Another bot's words"})
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 3
    assert standin.commands.get(None, int(changed["id"]))["description"] == changed["description"]
    standin.fail("GET", COMMANDS, status=403)
    async with start():
        assert len(standin.calls_to("PUT", COMMANDS)) == 3


async def test_after_a_restart_old_buttons_work_and_a_follow_up_still_knows_the_question(
    start: Start, standin: DiscordStandIn
) -> None:
    guild = standin.guild("Harbour News")
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    async with start() as running:
        await running.bring_in(guild)
        answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    async with start():
        sources = await (await ada.press(answer, "Sources")).final()
        assert "Maravel Courier" in sources.text
        form = await ada.press(answer, "Ask a follow-up")
        followed = await ada.submit_modal(form, {"Your question": "and when did it open?"})
        assert "Lantern Bridge" in (await followed.final(whole)).text


async def test_a_server_that_removes_the_bot_loses_its_data_after_the_grace_time(
    running: Running,
) -> None:
    bot, standin = running.bot, running.standin
    guild, other = standin.guild("Harbour News"), standin.guild("Other News")
    await running.bring_in(guild)
    await running.bring_in(other)
    ada = standin.member(guild, "Ada")
    await (await ada.slash(standin.channel(guild), "ask", question=BRIDGE)).final(whole)
    await ada.dm(BRIDGE)
    await standin.wait_for_message(ada.direct, whole)
    await bot.services.guild_settings.change(guild.id, threads=True)
    await noted(bot, guild.id, gone=False)
    corpus, other_corpus = (
        bot.services.contexts.corpus_of(guild.id),
        bot.services.contexts.corpus_of(other.id),
    )
    standin.leave(guild, standin.bot)
    await noted(bot, guild.id, gone=True)
    await bot.wait_until_ready()
    assert await bot.services.guild_retention.delete_due() == 0
    bot.services.library.clock = lambda: NOW + timedelta(days=15)
    assert await bot.services.guild_retention.delete_due() == 1
    counts = {c.name: (c.articles, c.passages) for c in await bot.services.library.counts()}
    assert corpus not in counts
    assert counts[other_corpus][0] == 10
    assert await bot.services.library.is_empty(corpus)
    assert await questions_of(bot.services.library.database, ada.id) == 0
    assert not (await load_guild_settings(bot.services.library.database, guild.id)).threads
    assert await check_indexes(bot.services.library) == []
    assert await bot.services.library.source_names(corpus) == []


async def test_conversations_go_with_their_server_and_with_time(running: Running) -> None:
    bot, standin = running.bot, running.standin
    gone, other = standin.guild("Harbour News"), standin.guild("Other News")
    for guild in (gone, other):
        await noted(bot, guild.id, gone=False)
    standin.leave(gone, standin.bot)
    await noted(bot, gone.id, gone=True)
    await bot.wait_until_ready()
    now = NOW + timedelta(days=15)
    bot.services.library.clock = lambda: now
    database, corpus_of = bot.services.library.database, bot.services.contexts.corpus_of
    for key, guild, direct, minutes in (
        ("there", gone, False, 1), ("there, directly", gone, True, 1),
        ("elsewhere", other, False, 29), ("long ago", other, False, 31),
    ):  # fmt: skip
        at, guild_id = now - timedelta(minutes=minutes), None if direct else guild.id
        said = StoredConversation(corpus_of(guild.id), guild_id, [{"question": BRIDGE}], at)
        await save_conversation(database, [key], said, 7, forgotten_before=NOW, most=9)
    assert await bot.services.guild_retention.delete_due() == 1
    left = await database.read(lambda c: list(c.execute(select(conversations.c.key)).scalars()))
    assert left == ["elsewhere"]


async def test_data_of_a_server_whose_shard_another_process_has_waits_alone(
    running: Running,
) -> None:
    bot, standin = running.bot, running.standin
    gone = [standin.guild(name) for name in ("Harbour News", "Other News", "Third News")]
    for guild in gone:
        await bot.services.library.ensure_corpus(bot.services.contexts.corpus_of(guild.id))
        await noted(bot, guild.id, gone=False)
        standin.leave(guild, standin.bot)
        await noted(bot, guild.id, gone=True)
    await bot.wait_until_ready()
    bot.services.library.clock = lambda: NOW + timedelta(days=15)
    database, [first, lost, third] = bot.services.library.database, gone
    held = await Leases(database, "test").take("shard:0/1", 600)
    assert held is not None
    by_guild = {first.id: held, lost.id: replace(held, token=held.token + 1), third.id: held}
    bot.services.roles.lease_of = by_guild.get
    assert await bot.services.guild_retention.delete_due() == 2
    assert await guilds_removed_before(database, datetime.max) == [lost.id]
    left = [each.name for each in await bot.services.library.counts()]
    assert left == [bot.services.contexts.corpus_of(lost.id)]


async def test_a_server_that_takes_the_bot_back_in_time_keeps_its_data(running: Running) -> None:
    bot, standin = running.bot, running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    await noted(bot, guild.id, gone=False)
    standin.leave(guild, standin.bot)
    await noted(bot, guild.id, gone=True)
    await bot.services.guild_retention.came(guild.id)
    bot.services.library.clock = lambda: NOW + timedelta(days=99)
    assert await bot.services.guild_retention.delete_due() == 0
    assert not await bot.services.library.is_empty(bot.services.contexts.corpus_of(guild.id))


async def test_servers_that_removed_the_bot_while_it_was_away_are_noticed(
    start: Start, standin: DiscordStandIn
) -> None:
    guild = standin.guild("Harbour News")
    async with start() as running:
        await noted(running.bot, guild.id, gone=False)
    standin.leave(guild, standin.bot)
    async with start(NEWSDESK_GUILD_DATA_RETENTION_DAYS="1") as running:
        await noted(running.bot, guild.id, gone=True)
        running.bot.services.library.clock = lambda: NOW + timedelta(days=2)
        assert await running.bot.services.guild_retention.delete_due() == 1


async def test_what_hangs_while_the_bot_closes_does_not_keep_the_rest_open(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.client._CLOSE_SECONDS", scaled(0.5))
    async with start() as running:
        running.bot._resources.push_async_callback(asyncio.Event().wait)
        await running.bot.close()
    assert running.bot.http._HTTPClient__session.closed  # type: ignore[attr-defined]
    assert [line for line in told(caplog) if "was given up" in line]
    async with start():  # the data folder is free again
        pass


async def test_health_is_told_while_the_gateway_is_connected(
    start: Start, unused_tcp_port: int
) -> None:
    async with start(NEWSDESK_HEALTH_PORT=str(unused_tcp_port)) as running:
        await running.bot.wait_until_ready()
        url = f"http://127.0.0.1:{unused_tcp_port}/health"
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as response:
                assert response.status == 200
                said = await response.json()
                assert said["gateway"]
                assert said["catalogue"]
                assert said["causes"] == []
            running.standin.gateway.accepting = False
            running.standin.gateway.drop()

            async def unwell() -> bool:
                async with session.get(url) as response:
                    return response.status == 503

            await eventually(unwell)


async def test_log_lines_bear_the_id_in_the_footer_and_no_words_of_the_question(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(bot_logging._JsonFormatter())
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("bot").addHandler(handler)
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "ask", question=BRIDGE)
    answer = await asked.final(whole)
    await standin.wait_until(lambda: any('"ended"' in line for line in lines))
    logging.getLogger("bot").removeHandler(handler)
    mine = [json.loads(line) for line in lines if '"question"' in line]
    assert [line["message"] for line in mine] == ["asked", "ended"]
    assert all(f"id {line['question']}" in str(answer.embed["footer"]) for line in mine)
    assert mine[-1]["outcome"] == "answered"
    assert not any("Lantern" in line for line in lines)


async def test_missing_permissions_are_told_to_the_operator_with_a_link(
    start: Start, standin: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    guild = standin.guild("Poor News", bot_permissions=VIEW_CHANNEL)
    guild.everyone.permissions = VIEW_CHANNEL
    async with start():
        await standin.wait_until(lambda: "missing permissions" in caplog.text)
    [line] = [r.getMessage() for r in caplog.records if "missing permissions" in r.getMessage()]
    assert "Send Messages" in line
    assert "oauth2/authorize" in line


def test_a_taken_health_port_is_a_clear_error() -> None:
    with pytest.raises(SettingsError, match="NEWSDESK_HEALTH_PORT"):
        load_settings({"NEWSDESK_HEALTH_PORT": "0"})


def test_the_bot_opens_nothing_before_it_starts() -> None:
    NewsdeskBot(load_settings({}))


async def test_a_server_that_removes_the_bot_has_its_feeds_and_jobs_stopped(
    running: Running,
) -> None:
    bot, standin = running.bot, running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    name, now = bot.services.contexts.corpus_of(guild.id), bot.services.library.clock()
    corpus = await bot.services.library.catalogue.corpora.by_name(name)
    assert corpus is not None
    feeds, actor = bot.services.library.catalogue.feeds, Actor("Mo", "test")
    await feeds.add(
        corpus, url="https://paper.example/feed", title=None, kind="rss", include=(), exclude=(),
        interval=timedelta(days=1), actor=actor, now=now + timedelta(days=9),
    )  # fmt: skip
    source = JobSource("text", "A note", {"title": "A note", "text": "The pier is closed. " * 20})
    job = await bot.services.library.catalogue.jobs.add(corpus, [source], actor, now)
    await bot.services.guild_retention.left(guild.id)
    assert [feed.state for feed in await feeds.of(corpus)] == ["paused"]
    assert (await bot.services.library.catalogue.jobs.job(job.id)).is_over
    await bot.services.guild_retention.came(guild.id)
    assert [feed.state for feed in await feeds.of(corpus)] == ["active"]
