"""Several processes share eight shards: one is killed, one is stopped and goes on, and every message
is answered by one of them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.services.guild_retention import GuildRetention
from bot.storage.guild_settings import known_guilds
from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Lease, Leases
from retrieval.catalogue.server import DatabaseServer
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.errors import FolderInUse, StorageError
from tests.deadlines import scaled, until
from tests.discord_standin import DiscordStandIn, Guild, User
from tests.integration.discord.conftest import Start
from tests.integration.discord.looking import noted
from tests.integration.expiry import run_out

SHARDS = 8
SECONDS = 6.0


class Town:
    """A server for each shard, and the processes that share them."""

    def __init__(self, standin: DiscordStandIn, database: Database, url: str) -> None:
        self.standin = standin
        self.leases = Leases(database, "the test")
        self._url = url
        self.guilds = [standin.guild(f"Harbour {n}", shard=n) for n in range(SHARDS)]
        self.ada: User = standin.user("Ada")
        for guild in self.guilds:
            standin.member(guild, self.ada)
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.discord.shard_child", self._url,
            self.standin.api_url, self.standin.gateway_url, self.standin.token, str(SHARDS),
            str(SECONDS), cwd=Path(__file__).parents[3],
        )  # fmt: skip
        self._processes.append(process)
        return process

    async def stop(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def holders(self) -> dict[int, str]:
        """By shard, which process holds it."""
        held = await self.leases.held("shard:")
        return {int(each.name[6:].split("/")[0]): each.holder for each in held}

    async def shared(self, *processes: asyncio.subprocess.Process) -> None:
        """Wait until these hold all shards, fairly, and each is connected by who holds it."""
        names = {str(process.pid) for process in processes}

        async def fair() -> bool:
            holders = await self.holders()
            counts = Counter(holders.values())
            return (
                len(holders) == SHARDS
                and counts.keys() == names
                and max(counts.values()) == -(-SHARDS // len(names))
            )

        await until(fair, 60, 0.2)

        async def answered() -> bool:
            return Counter(await self.ask("ready?")) == Counter((await self.holders()).values())

        await until(answered, 60, 2)

    async def ask(self, words: str, *, seconds: float = 1.0) -> list[str]:
        """Write this in every server; the processes that answered within ``seconds``, once for
        each answer."""
        channels = [self.standin.channel(guild) for guild in self.guilds]
        sent = [await self.ada.send(channel, words) for channel in channels]
        await asyncio.sleep(scaled(seconds))
        return [
            answer.content.partition(":")[0]
            for channel, question in zip(channels, sent, strict=True)
            for answer in self.standin.bot_messages(channel)
            if answer.id > question.id and answer.content.endswith(words)
        ]


@pytest.fixture
async def town(standin: DiscordStandIn, postgres_url: str) -> AsyncIterator[Town]:
    gateway = standin.gateway
    gateway.shards = SHARDS
    gateway.starts.pace = 0.25
    database = await Database.open(DatabaseServer(postgres_url))
    made = Town(standin, database, postgres_url)
    yield made
    await made.stop()
    await database.close()


async def test_shards_of_a_dead_and_of_a_stopped_process_are_taken_and_none_answers_twice(
    town: Town,
) -> None:
    first, second, third = [await town.start() for _ in range(3)]
    await town.shared(first, second, third)
    first.kill()
    await town.shared(second, third)
    second.send_signal(signal.SIGSTOP)
    await town.ask("who hears this?", seconds=0)  # it waits in the sockets of who is stopped
    await town.shared(third)
    second.send_signal(signal.SIGCONT)
    await town.shared(second, third)
    for channel in map(town.standin.channel, town.guilds):
        answers = Counter(
            answer.reference["message_id"]
            for answer in town.standin.bot_messages(channel)
            if answer.reference
        )
        assert set(answers.values()) == {1}
    assert town.standin.gateway.starts.too_soon == 0
    for process in (second, third):
        process.terminate()
        await process.wait()
    assert await town.holders() == {}  # given back, not run out


async def test_a_server_whose_shard_another_process_has_is_not_called_gone(
    start: Start, standin: DiscordStandIn, postgres_url: str
) -> None:
    standin.gateway.shards = standin.gateway.starts.max_concurrency = SHARDS
    guilds = [standin.guild(f"Harbour {shard}", shard=shard) for shard in range(SHARDS)]
    async with start(NEWSDESK_DATABASE_URL=postgres_url) as running:
        bot = running.bot
        for guild in guilds:
            await noted(bot, guild.id, gone=False)
        await _require_current(bot.services.guild_retention, guilds[4])
        await _taken_over(bot.services.library.database, 3)
        with pytest.raises(StorageError) as refused:
            await bot.services.guild_retention.left(guilds[3].id)
        assert refused.value.code == "lease-lost"
        await standin.wait_until(lambda: 3 not in standin.gateway.connected_shards, timeout=30)
        assert bot.get_guild(guilds[3].id) is None
        await _gone(standin, running.bot.services.library.database, guilds)


async def test_a_bot_that_waits_for_shards_can_be_stopped(
    start: Start, standin: DiscordStandIn, postgres_url: str
) -> None:
    database = await Database.open(DatabaseServer(postgres_url))
    assert await Leases(database, "another").take("shard:0/1", 600) is not None
    await database.close()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(scaled(4)), start(NEWSDESK_DATABASE_URL=postgres_url):
            pass
    assert standin.gateway.identifies == []


async def test_a_bot_that_may_not_write_any_more_gives_its_shards_back_and_ends(
    start: Start, standin: DiscordStandIn, postgres_url: str, tmp_path: Path
) -> None:
    server = DatabaseServer(postgres_url)
    other = ServerWriterLock(tmp_path, server)
    async with start(NEWSDESK_DATABASE_URL=postgres_url) as running:
        await until(running.bot.is_ready, 60, 0.2)
        # It waits for the right, or the bot would take it again first.
        taking = asyncio.create_task(asyncio.to_thread(other.acquire, "the other", seconds=60))
        await until(lambda: asyncio.to_thread(_somebody_waits, server), 60, 0.2)
        await asyncio.to_thread(_end_connections, server)
        await taking
        await until(running.bot.is_closed, 60, 0.2)
        with pytest.raises(FolderInUse):
            await running.bot.connect()
    await asyncio.to_thread(other.release)
    database = await Database.open(server)
    held = [lease.name for lease in await Leases(database, "the test").held("")]
    # A turn to identify lasts for its five seconds, whatever becomes of its holder.
    assert [name for name in held if not name.startswith("identify:")] == []
    assert standin.gateway.connected_shards == set()
    await database.close()


def _somebody_waits(server: DatabaseServer) -> bool:
    with server.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        return row is not None and row[0] > 0


def _end_connections(server: DatabaseServer) -> None:
    """All but those of who waits for the right to write."""
    with server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND application_name NOT LIKE 'newsdesk/the other/%'"
        )


async def _require_current(retention: GuildRetention, guild: Guild) -> None:
    """With a lease that has run out nothing is deleted: nobody has looked whose it is by now. Without
    one nobody is called gone either."""
    await until(lambda: retention.is_watched(guild.id), 60, 0.2)
    before = retention.lease_of
    retention.lease_of = lambda _: Lease("shard", 1, 0.0)
    assert not retention.is_watched(guild.id)
    retention.lease_of = lambda _: None
    assert not retention.is_watched(guild.id)
    with pytest.raises(StorageError) as refused:
        await retention.left(guild.id)
    assert refused.value.code == "lease-lost"
    retention.lease_of = before


async def _taken_over(database: Database, shard: int) -> None:
    name = f"shard:{shard}/{SHARDS}"
    await run_out(database, name)
    assert await Leases(database, "another").take(name, 600) is not None


async def _gone(standin: DiscordStandIn, database: Database, guilds: list[Guild]) -> None:
    """One server removes the bot from a shard that is held, one from that which isn't."""
    standin.leave(guilds[2], standin.bot)
    standin.leave(guilds[3], standin.bot)

    async def noticed() -> bool:
        return guilds[2].id not in await known_guilds(database)

    await until(noticed, 60, 0.2)
    assert guilds[3].id in await known_guilds(database)
