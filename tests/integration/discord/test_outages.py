"""Two whole bots on one database, a writer and a gateway: what they do while PostgreSQL or Chroma is
away, and what one of them sees of the other's servers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.answering.cache import AnswerCache
from bot.client import NewsdeskBot
from bot.i18n import translator_for
from bot.services.shard_leases import ShardLeases
from bot.storage.guild_settings import guilds_removed_before, known_guilds
from bot.storage.sightings import servers_seen
from bot.ui.pages import BUSY
from retrieval.catalogue.kept_leases import open_leases
from retrieval.embedders import Embedder
from retrieval.models import Article, IngestItem
from tests.deadlines import until
from tests.discord_standin import Channel, DiscordStandIn, Guild, Message, User
from tests.integration.discord.conftest import Running
from tests.integration.discord.looking import begun, whole
from tests.integration.discord.several_bots import Bots
from tests.integration.discord_fixtures import addresses_of
from tests.postgres import PostgresServer, template_with_tables
from tests.relay import Relay, relay_to_http, relay_to_postgres

pytestmark = pytest.mark.asyncio(loop_scope="module")

# How long leases last here, and how often they are renewed.
SECONDS, PAUSE = 6.0, 1.0
QUESTION = "How much did the ferry terminal cost?"
say = translator_for("en")


@dataclass
class Side:
    """A process, a server that it serves, and a person there. Its paper says what ``cost`` says."""

    bot: NewsdeskBot
    guild: Guild
    channel: Channel
    boss: User
    ada: User
    cost: str

    async def ask(self) -> Message:
        reply = await self.ada.slash(self.channel, "ask", question=QUESTION)
        return await reply.final(_is_over, timeout=60)


@dataclass
class Town:
    """Everything: the writer has shard 0, the gateway shard 1."""

    standin: DiscordStandIn
    postgres: Relay
    chroma: Relay
    bots: Bots
    writer: Side
    gateway: Side
    guild_ids: set[int]

    @property
    def sides(self) -> list[Side]:
        return [self.writer, self.gateway]

    async def answered(self) -> None:
        """Wait until each process serves its server and answers from its articles without a remark."""
        await self.bots.share(self.writer.bot, self.gateway.bot)
        for side in self.sides:
            await until(partial(_answers, side), 60, 0.5)

    async def require_unmoved(self) -> None:
        """Nobody took anything from anybody, and no server is called gone."""
        assert self.writer.bot.services.library.writable
        assert not self.gateway.bot.services.library.writable
        assert not self.writer.bot.is_closed()
        database = self.writer.bot.services.library.database
        assert await guilds_removed_before(database, datetime.max) == []
        assert set(await known_guilds(database)) == self.guild_ids


def _is_over(message: Message) -> bool:
    return whole(message) or any(embed.get("color") == BUSY for embed in message.embeds)


def is_busy(message: Message) -> bool:
    return [embed["color"] for embed in message.embeds] == [BUSY] and (
        say("database-away") in message.text
    )


async def _told(town: Town, person: User) -> str:
    """Ask in a direct message, which the writer gets. Return the cost that its answer names, or else
    what it says."""
    question = await person.dm(QUESTION)
    answer = await town.standin.wait_for_message(
        person.direct, lambda message: not begun(message), 60, after=question
    )
    if not whole(answer):
        return answer.text
    [cost] = [side.cost for side in town.sides if side.cost in answer.text]
    return cost


async def _is_seen(town: Town, person: User, guild: Guild) -> bool:
    database = town.writer.bot.services.library.database
    return guild.id in await servers_seen(database, person.id)


async def _is_told(town: Town, side: Side) -> bool:
    """Whether somebody is told in a direct message what she just asked in her server. Where she was
    seen is noted in the background."""
    await side.ask()
    return await _told(town, side.ada) == side.cost


async def _answers(side: Side) -> bool:
    answer = await side.ask()
    return side.cost in answer.text and say("search-words-alone") not in answer.text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    chroma_url: str,
    embedder: Embedder,
) -> AsyncIterator[Town]:
    name = postgres_server.create(template_with_tables(postgres_server))
    with (
        relay_to_postgres(postgres_server.url(name)) as postgres,
        relay_to_http(chroma_url) as chroma,
    ):
        async with _town(postgres, chroma, tmp_path_factory.mktemp("bots"), embedder) as made:
            yield made
    postgres_server.drop(name)


@contextlib.asynccontextmanager
async def _town(
    postgres: Relay, chroma: Relay, folder: Path, embedder: Embedder
) -> AsyncIterator[Town]:
    async with DiscordStandIn() as standin:
        standin.gateway.starts.pace = 0.0
        standin.gateway.shards = standin.gateway.starts.max_concurrency = 2
        urls = {"NEWSDESK_DATABASE_URL": postgres.url, "NEWSDESK_CHROMA_URL": chroma.url}
        bots = Bots(standin, folder, urls, embedder)
        with addresses_of(standin), pytest.MonkeyPatch.context() as patch:
            lasting: Any = {"seconds": SECONDS, "pause": PAUSE}
            patch.setattr("bot.client.ShardLeases", partial(ShardLeases, **lasting))
            patch.setattr("bot.services.roles.open_leases", partial(open_leases, **lasting))
            patch.setattr("bot.services.succession._EVERY_SECONDS", PAUSE)
            patch.setattr("bot.services.succession._PRECEDENCE_SECONDS", SECONDS)
            # The same question is asked again and again.
            patch.setattr("bot.answering.engine.AnswerCache", partial(AnswerCache, most=0))
            # Only a notice is soon enough.
            patch.setattr("bot.services.guild_settings._EVERY_SECONDS", 600.0)
            try:
                yield await _settled(standin, postgres, chroma, bots)
            finally:
                await bots.stop_all()
        assert not standin.violations, "\n".join(map(str, standin.violations))


async def _settled(standin: DiscordStandIn, postgres: Relay, chroma: Relay, bots: Bots) -> Town:
    # More than the three that Discord is asked about for a direct message.
    others = [standin.guild(f"East {n}", shard=0) for n in range(3)]
    guilds = [standin.guild(name, shard=shard) for shard, name in enumerate(("North", "South"))]
    writer = await bots.start("writer")
    await bots.share(writer)
    for guild, millions in zip(guilds, (11, 22), strict=True):
        await Running(writer, standin).bring_in(guild, _ferry(guild.name, millions))
    gateway = await bots.start("gateway")
    await bots.share(writer, gateway)
    sides = [
        Side(
            bot, guild, standin.channel(guild),
            standin.member(guild, f"Mo of {guild.name}", moderator=True),
            standin.member(guild, f"Ada of {guild.name}"), f"{millions} million",
        )
        for bot, guild, millions in zip((writer, gateway), guilds, (11, 22), strict=True)
    ]  # fmt: skip
    for side in sides:
        assert bots.serving(side.guild) is side.bot
    made = Town(
        standin,
        postgres,
        chroma,
        bots,
        sides[0],
        sides[1],
        {each.id for each in (*others, *guilds)},
    )
    await made.answered()
    return made


def _ferry(place: str, millions: int) -> list[IngestItem]:
    text = (
        f"The ferry terminal in {place} opened on Monday. The ferry terminal cost {millions} million "
        f"crowns, the council of {place} said.\n\nThe ferry terminal has room for nine ships."
    )
    url = f"https://{place.lower()}.example/ferry"
    return [
        IngestItem("test", Article(f"Ferry terminal opens in {place}", text, url, f"{place} News"))
    ]


async def test_a_direct_message_is_answered_from_the_server_of_another_process(town: Town) -> None:
    home = town.gateway
    await until(partial(_is_told, town, home), 60, 0.5)
    # Who was seen somewhere and has left reads nothing of it any more.
    eve = town.standin.user("Eve")
    for side in town.sides:
        town.standin.member(side.guild, eve)
        await (await eve.slash(side.channel, "ask", question=QUESTION)).final(whole, timeout=60)
        await until(partial(_is_seen, town, eve, side.guild), 30, 0.1)
    town.standin.leave(home.guild, eve)
    assert await _told(town, eve) == town.writer.cost


async def test_settings_that_moderators_change_hold_in_the_other_process(town: Town) -> None:
    home, cached = town.gateway, town.writer.bot.services.guild_settings
    await until(partial(_is_told, town, home), 60, 0.5)
    readers = town.standin.role(home.guild, "readers")
    for change, allowed in (("add", False), ("remove", True)):
        await (
            await home.boss.slash(home.channel, "settings ask-roles", **{change: readers})
        ).final()

        async def is_heard(allowed: bool = allowed) -> bool:
            return (not (await cached.of(home.guild.id)).ask_roles) is allowed

        await until(is_heard, 30, 0.1)
        told = await _told(town, home.ada)
        assert told == (home.cost if allowed else say("dm-no-servers"))


@pytest.mark.parametrize("how", ["closes", "hangs"])
async def test_while_chroma_is_away_both_answer_by_words_and_say_so(town: Town, how: str) -> None:
    town.chroma.shut(hang=how == "hangs")
    for side in town.sides:  # vectors that were read shortly before are still in memory
        assert await _answers(side)
        side.bot.services.library.forget_vectors()
        answer = await side.ask()
        assert side.cost in answer.text
        assert say("search-words-alone") in answer.text
    town.chroma.open()
    await town.answered()
    await town.require_unmoved()


@pytest.mark.parametrize("how", ["closes", "hangs"])
async def test_while_postgresql_is_away_both_say_so_and_then_answer_again(
    town: Town, how: str
) -> None:
    town.postgres.shut(hang=how == "hangs")
    for knows_settings in (True, False):
        for side in town.sides:
            if not knows_settings:  # of a server that was silent
                side.bot.services.guild_settings.forget(side.guild.id)
            assert is_busy(await side.ask())
    town.postgres.open()
    await town.answered()
    await town.require_unmoved()


@pytest.mark.parametrize("how", ["closes", "hangs"])
async def test_after_an_outage_longer_than_the_leases_each_process_has_what_it_had(
    town: Town, how: str
) -> None:
    identifies = len(town.standin.gateway.identifies)
    town.postgres.shut(hang=how == "hangs")
    await until(lambda: not any(map(_has_shard, town.sides)), 60, 0.1)
    town.postgres.open()
    await until(lambda: all(map(_has_shard, town.sides)), 60, 0.1)
    await town.answered()
    await town.require_unmoved()
    assert len(town.standin.gateway.identifies) == identifies


def _has_shard(side: Side) -> bool:
    """Whether the lease of a server's shard is current where it was held."""
    lease = side.bot.services.guild_retention.lease_of_guild(side.guild.id)
    return lease is not None and lease.is_current
