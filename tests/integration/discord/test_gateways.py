"""Whole bots share eight shards of one database: each serves its own, and one of them writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.guild_settings import known_guilds
from retrieval.embedders import Embedder
from retrieval.errors import StorageError
from tests.deadlines import until
from tests.discord_standin import DiscordStandIn
from tests.integration.discord.conftest import Running
from tests.integration.discord.several_bots import Bots

SHARDS = 8


@pytest.fixture
async def bots(
    standin: DiscordStandIn, tmp_path: Path, postgres_url: str, chroma_url: str, embedder: Embedder
) -> AsyncIterator[Bots]:
    standin.gateway.shards = standin.gateway.starts.max_concurrency = SHARDS
    urls = {"NEWSDESK_DATABASE_URL": postgres_url, "NEWSDESK_CHROMA_URL": chroma_url}
    made = Bots(standin, tmp_path, urls, embedder)
    yield made
    await made.stop_all()


async def test_two_bots_answer_side_by_side_and_the_other_writes_when_one_ends(
    bots: Bots, standin: DiscordStandIn
) -> None:
    guilds = [standin.guild(f"Harbour {shard}", shard=shard) for shard in range(SHARDS)]
    ada = standin.user("Ada")
    for guild in guilds:
        standin.member(guild, ada)
    first = await bots.start("first")
    await bots.share(first)
    for guild in guilds:
        await Running(first, standin).bring_in(guild)
    second = await bots.start("second")
    await bots.share(first, second)
    assert first.services.library.writable
    assert not second.services.library.writable
    served = Counter(bots.serving(guild) for guild in guilds)
    assert served == {first: 4, second: 4}
    answers = {}
    for guild in guilds:
        channel = standin.channel(guild)
        reply = await ada.slash(channel, "ask", question="How much did the Lantern Bridge cost?")
        answers[guild.id] = (await reply.final(lambda m: "412 million" in m.text)).text
    assert len({text.partition("\n")[0] for text in answers.values()}) == 1
    await bots.stop(first)
    await until(lambda: second.services.library.writable, 90, 0.1)
    await bots.share(second)
    assert len(await known_guilds(second.services.library.database)) == SHARDS
    channel = standin.channel(guilds[0])
    reply = await ada.slash(channel, "ask", question="How much did the Lantern Bridge cost?")
    await reply.final(lambda m: "412 million" in m.text)
    await Running(second, standin).bring_in(guilds[1], [])


async def test_a_second_bot_without_a_chroma_server_says_what_it_needs(
    bots: Bots, standin: DiscordStandIn
) -> None:
    first = await bots.start("first")
    await until(first.is_ready, 90, 0.1)
    second = await bots.start("second", NEWSDESK_CHROMA_URL="")
    with pytest.raises(StorageError) as refused:
        await bots.running.pop(second)
    assert refused.value.code == "gateway-needs-chroma"
    await second.close()
