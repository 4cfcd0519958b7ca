"""Real `newsdesk run` processes that share eight shards, for ``tests.benchmarks.gateways``.

On each shard is one Discord server, which the stand-in plays, with articles about invented places.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg

from bot.answering.declines import NO_ANSWER
from bot.storage.guild_settings import known_guilds
from bot.storage.library import open_library
from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Leases
from retrieval.catalogue.server import DatabaseServer
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import LibraryConfig
from retrieval.models import IngestItem
from retrieval.timestamps import iso, utc_now
from tests.chroma import chroma_server
from tests.discord_standin import DiscordStandIn, Guild
from tests.postgres import PostgresServer
from tests.scripted_model import Request

SHARDS = 8
PLACES = [
    beginning + end
    for end in ("navik", "lidal", "roburg", "stead", "mouth", "fjell", "haven", "quist")
    for beginning in ("Mor", "Tal", "Ves", "Gron", "Pell", "Kir", "Dun", "Bra", "Sol", "Ost")
]
_ROOT = Path(__file__).parents[2]
_PLACE_ASKED = re.compile(r"How much did the (\w+) tunnel cost\?")


def model_words(asked: Request) -> str:
    """Return what the model writes: the sentence that answers the last question, cited."""
    places = _PLACE_ASKED.findall(asked.prompt)
    if not places:  # whether the model is there
        return "Yes."
    before, told, _ = asked.prompt.partition(_answer(places[-1]))
    numbers = re.findall(r'<passage number="(\d+)"', before)
    return f"{told} [{numbers[-1]}]" if told and numbers else NO_ANSWER


def _answer(place: str) -> str:
    return f"The {place} tunnel cost {_cost(place)} crowns, the treasurer of the region said."


def _cost(place: str) -> str:
    return f"{211 + PLACES.index(place)} million"


def _articles() -> Iterator[IngestItem]:
    now = utc_now()
    for number, place in enumerate(PLACES):
        text = (
            f"{place} opened its tunnel on Monday after {3 + number % 7} years of work. "
            f"{_answer(place)}\n\nSome {2_000 + 17 * number} cars a day are expected, and buses go "
            f"every {5 + number % 20} minutes between {place} and the coast."
        )
        record = {
            "title": f"{place} opens its tunnel",
            "text": text,
            "source": "The Coast Gazette",
            "published_at": iso(now - timedelta(hours=2 * number + 1)),
        }
        yield IngestItem(f"place:{number}", article_from_record(record))


@dataclass
class Gateways:
    """The processes, and the servers in which people ask."""

    standin: DiscordStandIn
    folder: Path
    environment: dict[str, str]
    leases: Leases
    guilds: list[Guild]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        number = len(self.processes)
        given = self.standin.environment | self.environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), "HOME": str(self.folder),
            "NEWSDESK_DATA_DIR": str(self.folder / f"gateway-{number}"),
            "NEWSDESK_COOLDOWN_SECONDS": "0", "NEWSDESK_SHARDS": str(SHARDS), "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        with (self.folder / f"gateway-{number}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "bot", "run"], env=given, cwd=self.folder, stderr=log,
                    stdout=subprocess.DEVNULL,
                )
            )  # fmt: skip

    async def shared_by(self, count: int, seconds: float = 180) -> float:
        """Wait until so many hold all shards, a fair share each, and all shards are connected. Returns
        the seconds that it took."""
        began = time.perf_counter()
        async with asyncio.timeout(seconds):
            while True:
                holders = Counter(lease.holder for lease in await self.leases.held("shard:"))
                fair = len(holders) == count and holders.total() == SHARDS
                fair = fair and max(holders.values()) <= -(-SHARDS // count)
                if fair and len(self.standin.gateway.connected_shards) == SHARDS:
                    return time.perf_counter() - began
                await asyncio.sleep(0.2)

    async def written_by(self, process: subprocess.Popen[bytes], seconds: float = 120) -> float:
        """Wait until a process has the right to write. Returns the seconds that it took."""
        began = time.perf_counter()
        async with asyncio.timeout(seconds):
            while str(process.pid) not in await asyncio.to_thread(self._writers):
                await asyncio.sleep(0.2)
        return time.perf_counter() - began

    def _writers(self) -> set[str]:
        with psycopg.connect(self.environment["NEWSDESK_DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
                "WHERE locktype = 'advisory' AND granted AND application_name LIKE 'newsdesk/%'"
            ).fetchall()
        return {name.rpartition("/")[2] for (name,) in rows}

    async def ask(self, guild: Guild, place: str) -> str:
        """Return the first line that somebody sees who hasn't asked before; empty if no right answer
        comes."""
        user = self.standin.user(f"Curious about {place}")
        self.standin.member(guild, user)
        question = f"How much did the {place} tunnel cost?"
        asked = await user.slash(self.standin.channel(guild), "ask", question=question)
        try:
            whole = await asked.final(lambda message: _cost(place) in message.text, 30)
        except AssertionError as error:
            print(f"{question} {error}", flush=True)
            return ""
        return whole.text.partition("\n")[0]

    async def ask_everywhere(self, place: str) -> list[str]:
        """Ask the same in all servers at once."""
        return await asyncio.gather(*(self.ask(guild, place) for guild in self.guilds))

    async def rate(self, places: list[str], at_a_time: int) -> tuple[float, dict[str, list[str]]]:
        """Ask about each place in every server, so many people at a time in each. Returns the
        questions answered a second, and the answers by place."""
        told: dict[str, list[str]] = {place: [] for place in places}

        async def ask_some(guild: Guild, some: list[str]) -> None:
            for place in some:
                told[place].append(await self.ask(guild, place))

        began = time.perf_counter()
        await asyncio.gather(
            *(
                ask_some(each, places[n::at_a_time])
                for each in self.guilds
                for n in range(at_a_time)
            )
        )
        return SHARDS * len(places) / (time.perf_counter() - began), told

    def end(self) -> None:
        """End all processes at once, and wait until they have given back what they held."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.asynccontextmanager
async def gateways(
    server: PostgresServer, folder: Path, environment: dict[str, str]
) -> AsyncIterator[Gateways]:
    """What the processes need, and none of them started yet. ``environment`` has more settings for
    them. Raises ``AssertionError`` at the end if a server is called gone."""
    folder.mkdir()
    with chroma_server(folder / "chroma") as chroma:
        url = server.url(server.create())
        async with DiscordStandIn(shards=SHARDS, rate_limits=False) as standin:
            standin.gateway.starts.max_concurrency = SHARDS
            guilds = [standin.guild(f"Server {shard}", shard=shard) for shard in range(SHARDS)]
            await _fill(
                LibraryConfig(folder / "filling", database_url=url, chroma_url=chroma), guilds
            )
            database = await Database.open(DatabaseServer(url))
            urls = {"NEWSDESK_DATABASE_URL": url, "NEWSDESK_CHROMA_URL": chroma}
            leases = Leases(database, "bench")
            made = Gateways(standin, folder, urls | environment, leases, guilds)
            try:
                yield made
                left = await known_guilds(database)
                print(f"servers that are known and not called gone: {len(left)} of {SHARDS}")
                assert len(left) == SHARDS
            finally:
                await asyncio.to_thread(made.end)
                await database.close()


async def _fill(config: LibraryConfig, guilds: list[Guild]) -> None:
    async with open_library(config, writer="bench") as library:
        for guild in guilds:
            indexer = await library.indexer(f"discord:{guild.id}")
            async for _ in ingest(indexer, _articles(), actor="bench", data_dir=config.data_dir):
                pass
