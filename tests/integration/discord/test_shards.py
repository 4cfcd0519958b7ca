"""One process with eight shards: everything works as with one, and an outage of a shard is no departure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.storage.guild_settings import known_guilds
from retrieval.errors import NewsdeskError
from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import BRIDGE, NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import noted, whole

SHARDS = 8


@pytest.fixture
def guilds(standin: DiscordStandIn) -> list[Guild]:
    """A server for each shard."""
    standin.gateway.shards = standin.gateway.starts.max_concurrency = SHARDS
    return [standin.guild(f"Harbour {shard}", shard=shard) for shard in range(SHARDS)]


@pytest.fixture
async def sharded(start: Start, guilds: list[Guild]) -> AsyncIterator[Running]:
    async with start() as running:
        await running.bot.wait_until_ready()
        yield running


async def test_every_shard_answers_questions_and_knows_its_servers(
    sharded: Running, guilds: list[Guild]
) -> None:
    standin, bot = sharded.standin, sharded.bot
    assert standin.gateway.connected_shards == set(range(SHARDS))
    assert standin.gateway.starts.too_soon == 0
    for guild in guilds:
        await noted(bot, guild.id, gone=False)
    ada = standin.user("Ada")
    for guild in (guilds[2], guilds[7]):
        await sharded.bring_in(guild)
        standin.member(guild, ada)
        asked = await ada.slash(standin.channel(guild), "ask", question=BRIDGE)
        assert "412 million" in (await asked.final(whole)).text


async def test_direct_messages_reach_servers_of_other_shards(
    sharded: Running, guilds: list[Guild]
) -> None:
    await sharded.bring_in(guilds[5])
    ada = sharded.standin.member(guilds[5], "Ada")
    asked = await ada.slash(sharded.standin.channel(guilds[5]), "ask", question=BRIDGE)
    await asked.final(whole)
    await ada.dm(BRIDGE)
    answer = await sharded.standin.wait_for_message(ada.direct, whole)
    assert "412 million" in answer.text


async def test_servers_that_left_while_the_bot_was_away_are_noticed_shard_by_shard(
    start: Start, standin: DiscordStandIn, guilds: list[Guild]
) -> None:
    async with start() as running:
        for guild in guilds:
            await noted(running.bot, guild.id, gone=False)
    standin.leave(guilds[3], standin.bot)
    async with start() as running:
        await noted(running.bot, guilds[3].id, gone=True)
        await running.bot.wait_until_ready()
        there = set(await known_guilds(running.bot.services.library.database))
        assert there == {guild.id for guild in guilds if guild is not guilds[3]}


async def test_servers_of_a_shard_that_can_not_connect_are_not_gone(
    start: Start, standin: DiscordStandIn, guilds: list[Guild]
) -> None:
    async with start() as running:
        for guild in guilds:
            await noted(running.bot, guild.id, gone=False)
    standin.gateway.refused_shards = {3}
    standin.leave(guilds[2], standin.bot)
    async with start(NEWSDESK_GUILD_DATA_RETENTION_DAYS="0") as running:
        await noted(running.bot, guilds[2].id, gone=True)
        there = await known_guilds(running.bot.services.library.database)
        assert guilds[3].id in there


async def test_data_of_a_server_whose_shard_is_away_is_not_deleted(
    sharded: Running, guilds: list[Guild]
) -> None:
    standin, bot = sharded.standin, sharded.bot
    retention = bot.services.guild_retention
    await noted(bot, guilds[1].id, gone=False)
    standin.leave(guilds[1], standin.bot)
    await noted(bot, guilds[1].id, gone=True)
    bot.services.library.clock = lambda: NOW + timedelta(days=30)
    standin.gateway.accepting = False
    standin.gateway.drop()
    await standin.wait_until(lambda: not retention.is_watched(guilds[1].id))
    assert await retention.delete_due() == 0
    standin.gateway.accepting = True
    await standin.wait_until(lambda: retention.is_watched(guilds[1].id), timeout=60)
    assert await retention.delete_due() == 1


async def test_a_number_of_shards_that_is_set_is_kept_to(
    start: Start, standin: DiscordStandIn
) -> None:
    standin.gateway.starts.max_concurrency = 4
    async with start(NEWSDESK_SHARDS="4") as running:
        await running.bot.wait_until_ready()
        assert standin.gateway.connected_shards == {0, 1, 2, 3}
        assert {tuple(each["shard"]) for each in standin.gateway.identifies} == {
            (shard, 4) for shard in range(4)
        }


async def test_a_bot_with_too_few_sessions_left_does_not_identify(
    start: Start, standin: DiscordStandIn
) -> None:
    standin.gateway.starts.total = 3
    with pytest.raises(NewsdeskError) as refused:
        async with start(NEWSDESK_SHARDS="4"):
            pass
    assert refused.value.code == "session-starts-used-up"
    assert standin.gateway.identifies == []


async def test_requests_to_discord_are_bounded(
    start: Start, standin: DiscordStandIn, guilds: list[Guild]
) -> None:
    standin.rate_limits.everywhere = (4, 1.0)
    async with start(NEWSDESK_DISCORD_REQUESTS_PER_SECOND="3") as running:
        await asyncio.gather(*(running.bot.fetch_guild(guild.id) for guild in guilds))
    assert len(standin.calls_to("GET", "/guilds/{guild_id}")) == SHARDS
    assert not any(call.status == 429 for call in standin.calls)
