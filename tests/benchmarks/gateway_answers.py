"""A writer and a gateway side by side: `python -m tests.benchmarks.gateway_answers [--articles N]`.

Articles of the dev set come to the writer in parts, some of them are removed again, and a gateway with a
folder of its own follows with its copy of the keywords. Then all questions of the set are asked of both,
and search results, scores included, and answers held to be equal. Vectors come from one Chroma server.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from bot.storage.library import open_library
from retrieval.catalogue.access import Access
from retrieval.catalogue.audit_log import Actor
from retrieval.keyword_copies import KeywordCopies
from retrieval.library import LibraryConfig
from retrieval.moderation import ModerationService
from tests.benchmarks import weekly_news
from tests.benchmarks.both_databases import bring, told
from tests.benchmarks.postgres_changes import running
from tests.chroma import chroma_server

_PARTS, _REMOVED = 8, 20


async def compare(config: LibraryConfig, folder: Path, articles: int | None) -> None:
    records = weekly_news.load_articles()[:articles]
    size = -(-len(records) // _PARTS)
    extra = [{**each, "url": f"{each['url']}?again"} for each in records[:_REMOVED]]
    writing, reading = (replace(config, data_dir=folder / name) for name in ("writer", "gateway"))
    async with (
        open_library(writing, writer="bench") as writer,
        open_library(reading, access=Access.GATEWAY) as gateway,
    ):
        copies = KeywordCopies(gateway)
        copies.serve(["local"])
        await bring(writer, extra)
        moderation = await ModerationService.of(writer, "local")
        for first in range(0, len(records), size):
            await bring(writer, records[first : first + size])
            await copies.look()
        for each in extra:
            await moderation.remove(each["url"], Actor("bench", "bench"))
        await copies.look()
        questions = weekly_news.questions()
        equal = 0
        for question in questions:
            equal += await told(writer, question) == await told(gateway, question)
        print(f"{equal} of {len(questions)} questions are answered the same by both")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, help="only the first so many")
    arguments = parser.parse_args()
    with running() as server, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with chroma_server(folder / "chroma") as chroma:
            url = server.url(server.create())
            config = LibraryConfig(folder, database_url=url, chroma_url=chroma)
            asyncio.run(compare(config, folder, arguments.articles))


if __name__ == "__main__":
    main()
