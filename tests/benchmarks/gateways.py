"""Several `newsdesk run` on one database: `python -m tests.benchmarks.gateways [--questions N]`.

Real processes on PostgreSQL and a Chroma server share eight shards, one Discord server on each, which
the stand-in plays. Printed is how many questions a second 1, 2 and 3 of them answer, asked eight at a
time, whether all answers to a question are equal, then what happens when one of three is killed and
another one is stopped for longer than its leases last, and when at last the writer is killed: how long
until the others serve its servers, and until one of them writes, whether each question got one answer,
and whether a server was called gone. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bot.demo import demo_articles
from bot.storage.guild_settings import known_guilds
from bot.storage.library import open_library
from retrieval.catalogue.database import Database
from retrieval.catalogue.leases import Leases
from retrieval.catalogue.server import DatabaseServer
from retrieval.ingestion.pipeline import ingest
from retrieval.library import LibraryConfig
from retrieval.timestamps import utc_now
from tests.benchmarks.postgres_changes import running
from tests.chroma import chroma_server
from tests.discord_standin import Channel, DiscordStandIn, Guild, User

SHARDS, PROCESSES = 8, 3
ROOT = Path(__file__).parents[2]
_ASKED = (
    ("How much did the Lantern Bridge cost?", "412 million"),
    ("Who won the mayoral election in Maravel?", "Calder"),
)
# Leases last 20 seconds and are looked at every five; turns to identify come on top.
_STOPPED_SECONDS = 30
# The connections of a stopped process still stand: that others have made theirs isn't seen by them.
_CONNECTED_SECONDS = 10


@dataclass
class Gateways:
    """The processes, and a person who asks in each server."""

    standin: DiscordStandIn
    folder: Path
    urls: dict[str, str]
    leases: Leases
    channels: list[Channel]
    ada: User
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        number = len(self.processes)
        given = self.standin.environment | self.urls | {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(self.folder),
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
        with psycopg.connect(self.urls["NEWSDESK_DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
                "WHERE locktype = 'advisory' AND granted AND application_name LIKE 'newsdesk/%'"
            ).fetchall()
        return {name.rpartition("/")[2] for (name,) in rows}

    async def ask(self, channel: Channel, number: int) -> str:
        """What somebody sees who asks; empty if nothing comes."""
        question, told = _ASKED[number % len(_ASKED)]
        asked = await self.ada.slash(channel, "ask", question=question)
        with contextlib.suppress(AssertionError):
            return (await asked.final(lambda message: told in message.text, 30)).text
        return ""

    async def rate(self, questions: int) -> tuple[float, list[str]]:
        """Questions answered a second, with the answers' first lines."""
        began = time.perf_counter()
        told: list[str] = []
        for first in range(0, questions, SHARDS):
            asking = (self.ask(channel, first // SHARDS) for channel in self.channels)
            told += await asyncio.gather(*asking)
        return len(told) / (time.perf_counter() - began), [text.partition("\n")[0] for text in told]

    async def all_answer(self, what: str, took: float) -> bool:
        """Ask in every server; print and return whether all got an answer."""
        await asyncio.sleep(_CONNECTED_SECONDS)
        told = await asyncio.gather(*(self.ask(channel, 0) for channel in self.channels))
        answered = sum(map(bool, told))
        print(
            f"{what}: shared again after {took:.1f} s; {answered} of {SHARDS} questions answered",
            flush=True,
        )
        return answered == SHARDS


@contextlib.asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Gateways]:
    with running(durable=True) as server, chroma_server(folder / "chroma") as chroma:
        url = server.url(server.create())
        urls = {"NEWSDESK_DATABASE_URL": url, "NEWSDESK_CHROMA_URL": chroma}
        async with DiscordStandIn(shards=SHARDS, rate_limits=False) as standin:
            standin.gateway.starts.max_concurrency = SHARDS
            guilds = [standin.guild(f"Server {shard}", shard=shard) for shard in range(SHARDS)]
            ada = standin.user("Ada")
            for guild in guilds:
                standin.member(guild, ada)
            config = LibraryConfig(folder / "filling", database_url=url, chroma_url=chroma)
            await _fill(config, guilds)
            database = await Database.open(DatabaseServer(url))
            channels = [standin.channel(guild) for guild in guilds]
            made = Gateways(standin, folder, urls, Leases(database, "bench"), channels, ada)
            try:
                yield made
                left = await known_guilds(database)
                print(f"servers that are known and not called gone: {len(left)} of {SHARDS}")
                if len(left) != SHARDS:
                    raise SystemExit(1)
            finally:
                for process in made.processes:
                    process.kill()
                    process.wait()
                await database.close()


async def _fill(config: LibraryConfig, guilds: list[Guild]) -> None:
    now = utc_now()
    async with open_library(config, writer="bench") as library:
        for guild in guilds:
            indexer = await library.indexer(f"discord:{guild.id}")
            articles = demo_articles(now)
            async for _ in ingest(indexer, articles, actor="bench", data_dir=config.data_dir):
                pass


async def measure(folder: Path, questions: int) -> bool:
    async with _opened(folder) as gateways:
        well = True
        for count in range(1, PROCESSES + 1):
            gateways.start()
            took = await gateways.shared_by(count)
            await asyncio.sleep(_CONNECTED_SECONDS)
            await gateways.rate(2 * SHARDS)  # models are loaded, copies are made
            rate, told = await gateways.rate(questions)
            different = len(set(filter(None, told)))
            print(
                f"{count} processes, eight shards shared after {took:.1f} s: {rate:.1f} questions a "
                f"second; {sum(map(bool, told))} of {len(told)} answered, {different} different "
                f"answers to {len(_ASKED)} questions",
                flush=True,
            )
            well &= all(told) and different == len(_ASKED)
        writer, killed, stopped = gateways.processes
        killed.kill()
        killed.wait()
        well &= await gateways.all_answer(
            "one of three killed", await gateways.shared_by(PROCESSES - 1)
        )
        stopped.send_signal(signal.SIGSTOP)
        took = await gateways.shared_by(PROCESSES - 2)
        well &= await gateways.all_answer("another one stopped", took)
        await asyncio.sleep(max(0.0, _STOPPED_SECONDS - took - _CONNECTED_SECONDS))
        stopped.send_signal(signal.SIGCONT)
        took = await gateways.shared_by(PROCESSES - 1)
        well &= await gateways.all_answer("the stopped one goes on", took)
        writer.kill()
        writer.wait()
        print(
            f"the writer killed: another one writes after {await gateways.written_by(stopped):.1f} s"
        )
        took = await gateways.shared_by(PROCESSES - 2)
        well &= await gateways.all_answer("the writer killed", took)
    return well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=160)
    questions = parser.parse_args().questions
    with tempfile.TemporaryDirectory(prefix="newsdesk-gateways-") as folder:
        try:
            return 0 if asyncio.run(measure(Path(folder), questions)) else 1
        except BaseException:
            for log in sorted(Path(folder).glob("*.log")):
                print(f"{log.name}: {log.read_text(errors='replace')[-2_000:]}", file=sys.stderr)
            raise


if __name__ == "__main__":
    sys.exit(main())
