"""Summaries are work as answers are: in line, within bounds, cut by a stop, gone with their server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.discord_standin import Channel, Guild
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running, Start, bridge_answer
from tests.integration.discord.looking import begun, told, whole
from tests.integration.discord.test_summaries import LINK
from tests.scripted_model import Fails, Hangs, Says, ScriptedModel


@contextlib.asynccontextmanager
async def summing_up(
    start: Start, model: ScriptedModel
) -> AsyncIterator[tuple[Running, Guild, Channel]]:
    """A bot that does one thing at a time, and whose model hangs."""
    model.play(Hangs())
    async with start(OPENAI_BASE_URL=model.url, NEWSDESK_MAX_CONCURRENT_ANSWERS="1", NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS="0") as running:  # fmt: skip
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        yield running, guild, running.standin.channel(guild)


async def test_who_waits_for_a_summary_sees_the_place_in_line(
    start: Start, model: ScriptedModel
) -> None:
    async with summing_up(start, model) as (running, guild, channel):
        people = [running.standin.member(guild, name) for name in ("Ada", "Bob", "Cyd")]
        asked = [await one.slash(channel, "summary article", article=LINK) for one in people]
        await running.standin.wait_until(
            lambda: any("You are number 2 in line" in m.text for i in asked for m in i.messages)
        )


async def test_a_summary_under_way_says_so_when_the_bot_stops(
    start: Start, model: ScriptedModel
) -> None:
    async with summing_up(start, model) as (running, guild, channel):
        ada = running.standin.member(guild, "Ada")
        asked = await ada.slash(channel, "summary article", article=LINK)
        await running.standin.wait_until(lambda: bool(model.requests))
        await running.bot.close()
        assert "restarted in the middle" in (await asked.final()).text


async def test_a_summary_ends_when_its_server_removes_the_bot(
    start: Start, model: ScriptedModel
) -> None:
    async with summing_up(start, model) as (running, guild, channel):
        standin = running.standin
        ada = standin.member(guild, "Ada")
        await ada.slash(channel, "summary article", article=LINK)
        await standin.wait_until(lambda: bool(model.requests))
        standin.leave(guild, standin.bot)
        await standin.wait_until(lambda: not running.bot.services.requests.is_busy, 2)


async def test_a_direct_answer_ends_and_is_taken_back_when_its_server_removes_the_bot(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Says(lambda request: bridge_answer(request) + " and so on" * 5_000, pause=0.05))
    async with start(OPENAI_BASE_URL=model.url) as running:
        standin = running.standin
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        ada = standin.member(guild, "Ada")
        standin.member(standin.guild("Other News"), ada)
        await ada.dm(BRIDGE)
        menu = await standin.wait_for_message(ada.direct)
        await ada.select(menu, "newsdesk:server", "Harbour News")
        answer = await standin.wait_for_message(ada.direct, begun)
        assert "412 million" in answer.text
        standin.leave(guild, standin.bot)
        await standin.wait_until(lambda: "has removed me" in answer.text)
        await standin.wait_until(lambda: not running.bot.services.requests.is_busy)
        assert "412 million" not in answer.text
        assert standin.bot_messages(ada.direct) == [menu, answer]


async def test_a_direct_summary_ends_when_its_server_removes_the_bot(
    start: Start, model: ScriptedModel
) -> None:
    async with summing_up(start, model) as (running, guild, _):
        standin = running.standin
        ada = standin.member(guild, "Ada")
        standin.member(standin.guild("Other News"), ada)
        asked = await ada.slash(ada.direct, "summary article", article=LINK)
        menu = await asked.final(lambda message: bool(message.components))
        await ada.select(menu, "newsdesk:server", "Harbour News")
        await standin.wait_until(lambda: bool(model.requests))
        standin.leave(guild, standin.bot)
        told = await standin.wait_for_message(ada.direct, after=menu)
        assert "has removed me" in told.text


async def test_remarks_and_refusals_are_german_in_a_german_server(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Fails(401))
    async with start(OPENAI_BASE_URL=model.url) as running:
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        await running.bot.services.guild_settings.change(guild.id, language="de")
        ada, channel = running.standin.member(guild, "Ada"), running.standin.channel(guild)
        asked = await ada.slash(channel, "ask", question=BRIDGE, private=True)
        answer = await asked.final(lambda message: "Teilen" in message.buttons)
        assert "Das Sprachmodell steht nicht zur Verfügung. Diese Antwort besteht aus Zitaten." in answer.text  # fmt: skip
        shared = await (await ada.press(answer, "Teilen")).final(
            lambda message: "Quellen" in message.buttons
        )
        assert "Diese Antwort besteht aus Zitaten." in shared.text
        nothing = await (await ada.slash(channel, "timeline", topic="zebra")).final()
        assert "Kein Artikel hier handelt von „zebra“." in nothing.text


async def test_a_failure_of_the_model_is_logged_once(
    start: Start, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.play(Fails(401))
    async with start(OPENAI_BASE_URL=model.url) as running:
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        ada, channel = running.standin.member(guild, "Ada"), running.standin.channel(guild)
        await (await ada.slash(channel, "ask", question=BRIDGE)).final(whole)
    assert len(told(caplog)) == 1


async def test_with_too_many_waiting_a_german_server_hears_it_in_german(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Hangs())
    async with start(
        OPENAI_BASE_URL=model.url, NEWSDESK_MAX_CONCURRENT_ANSWERS="1", NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS="0",
    ) as running:  # fmt: skip
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        await running.bot.services.guild_settings.change(guild.id, language="de")
        ada, channel = running.standin.member(guild, "Ada"), running.standin.channel(guild)
        await ada.slash(channel, "summary article", article=LINK)
        await running.standin.wait_until(lambda: bool(model.requests))
        for _ in range(3):
            await ada.slash(channel, "summary article", article=LINK)
        refused = await (await ada.slash(channel, "ask", question=BRIDGE)).final()
        assert "schon mehrere Fragen" in refused.text
