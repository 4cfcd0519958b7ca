"""What the tests of the whole path share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import Library
from retrieval.models import IngestItem, IngestResult
from retrieval.timestamps import TimeRange
from tests.chroma import chroma_server
from tests.deadlines import scaled
from tests.forked_commands import ForkedCommands, fits
from tests.integration.discord_fixtures import standin

__all__ = ["standin"]

ROOT = Path(__file__).parents[2]

Newsdesk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def forked_commands() -> Iterator[ForkedCommands]:
    commands = ForkedCommands()
    yield commands
    commands.close()


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture
def newsdesk(tmp_path: Path, forked_commands: ForkedCommands) -> Newsdesk:
    """Run the real command in a process of its own, on a data folder of this test's own."""

    def run(*arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "NEWSDESK_DATA_DIR": str(tmp_path / "data"),
            **env,
        }
        if fits(stdin):
            return forked_commands.run(arguments, tmp_path, environment, stdin, scaled(120))
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=scaled(120),
            check=False,
        )

    return run


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def bring_in(
    library: Library,
    numbers: Iterable[int],
    text: str | None = None,
    corpus: str = "local",
    **more: str,
) -> list[IngestResult]:
    """Ingest the articles of these numbers; each of those with a ``text`` names its topic behind it."""
    records = [article(n, text and f"{text} It was topic{n}.", **more) for n in numbers]
    items = [IngestItem(str(each["url"]), article_from_record(each)) for each in records]
    indexer = await library.indexer(corpus)
    accepted = await indexer.accept(items, actor="test")
    await indexer.finish(await indexer.embed(await indexer.load(accepted)))
    return accepted.results()


async def titles_found(
    library: Library, words: str, until: datetime, corpus: str = "local"
) -> list[str]:
    found = await library.search(words, TimeRange(until), corpus=corpus, limit=5)
    return [hit.passage.article.title for hit in found.hits]


def article(number: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    """An article unlike the others, about the topic ``topic<number>``."""
    body = text or (
        f"The council of Town{number} approved the project topic{number} on Tuesday. "
        f"It will cost {number + 10} million crowns, the mayor Anna Berg{number} said.\n\n"
        f"Work on topic{number} begins in May and takes three years, the council said."
    )
    return {
        "url": f"https://example.com/news/{number}",
        "title": f"Town{number} approves topic{number}",
        "text": body,
        "published_at": "2023-11-03",
        **more,
    }
