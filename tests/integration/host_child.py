"""Fetches pages politely, in a process beside others, and says which as it has them.

Its turns at a host last for two seconds unless they are renewed.
"""

from __future__ import annotations

import asyncio
import sys

from retrieval.catalogue.database import Database
from retrieval.catalogue.hosts import open_hosts
from retrieval.catalogue.server import DatabaseServer
from retrieval.web.crawler import Crawler
from retrieval.web.fetcher import Fetcher

SECONDS = 2.0


async def main(database_url: str, base: str, first: int, count: int) -> None:
    database = await Database.open(DatabaseServer(database_url))
    fetcher = Fetcher(
        allow=[base.removeprefix("http://")],
        seconds=60,
        max_bytes=1_000_000,
        user_agent="Newsdesk/1",
    )
    async with fetcher, open_hosts(database, seconds=SECONDS, pause=0.4) as shared:
        crawler = Crawler(fetcher, user_agent="Newsdesk/1", connections=4, shared=shared)

        async def fetch(number: int) -> None:
            await crawler.page(f"{base}/news/{number}")
            print(number, flush=True)

        for start in range(first, first + count, 4):
            await asyncio.gather(*(fetch(n) for n in range(start, min(start + 4, first + count))))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
