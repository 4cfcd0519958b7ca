"""Everything works the same against a real Chroma server."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import chromadb
import pytest

from bot.storage.library import open_library
from retrieval.embedders import Vectors
from retrieval.indexes.held_vectors import HeldVectors
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.reindexing import reindex
from retrieval.timestamps import TimeRange
from tests.chroma import chroma_server
from tests.integration.conftest import Newsdesk, article, bring_in, lines
from tests.integration.crash_child import HashEmbedder


@pytest.fixture
def chroma_url(tmp_path: Path) -> Iterator[str]:
    with chroma_server(tmp_path / "server") as url:
        yield url


def test_ingest_search_update_and_reindex_over_http(
    newsdesk: Newsdesk, tmp_path: Path, chroma_url: str
) -> None:
    env = {"NEWSDESK_CHROMA_URL": chroma_url}
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in range(5)))
    done = newsdesk("ingest", str(file), "--json", **env)
    assert done.returncode == 0, done.stderr
    file.write_text(json.dumps(article(1, "Only zanzibar is left of this report, they wrote.")))
    assert lines(newsdesk("ingest", str(file), "--json", **env).stdout)[0]["status"] == "updated"
    assert not (tmp_path / "data" / "chroma").exists()
    answer = lines(newsdesk("ask", "What will topic3 cost?", "--json", **env).stdout)[0]
    assert "13 million crowns" in answer["answer"]
    assert newsdesk("reindex", **env).returncode == 0
    checked = newsdesk("doctor", **env)
    assert checked.returncode == 0, checked.stdout


async def test_a_copy_of_a_folder_has_collections_of_its_own(
    tmp_path: Path, chroma_url: str
) -> None:
    original, copy, moved = tmp_path / "data", tmp_path / "copy", tmp_path / "moved"
    within = TimeRange(datetime(2026, 3, 5, tzinfo=UTC))

    def config(folder: Path) -> LibraryConfig:
        return LibraryConfig(folder, chroma_url=chroma_url)

    def collections() -> set[str]:
        client = chromadb.HttpClient(*chroma_url.removeprefix("http://").split(":"))  # type: ignore[arg-type]
        return {each.name for each in client.list_collections()}

    async with open_library(config(original), writer="test", embedder=HashEmbedder()) as library:
        await bring_in(library, range(5))
    before = await asyncio.to_thread(collections)
    shutil.copytree(original, copy)
    # Who only reads a copy has it claim its own too, and what it lacks is made.
    async with open_library(config(copy), embedder=HashEmbedder()) as library:
        assert await check_indexes(library) == []
        assert (await library.search("topic3", within, corpus="local")).hits
    claimed = await asyncio.to_thread(collections)
    assert before < claimed
    async with open_library(config(copy), writer="test", embedder=HashEmbedder()) as library:
        [corpus] = await library.catalogue.corpora.all()
        async for _ in reindex(library, corpus):
            pass
    original.rename(moved)  # which is the same folder elsewhere
    async with open_library(config(moved), writer="test", embedder=HashEmbedder()) as library:
        assert await check_indexes(library) == []
    left = await asyncio.to_thread(collections)
    assert before < left
    assert len(left) == 2


def test_a_server_that_is_not_there_is_done_without_or_one_clear_line(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in range(3)))
    assert newsdesk("ingest", str(file)).returncode == 0
    env = {"NEWSDESK_CHROMA_URL": "http://127.0.0.1:9"}
    found = lines(newsdesk("ask", "What will topic2 cost?", "--json", **env).stdout)[0]
    assert "12 million crowns" in found["answer"]
    assert "Chroma server" in found["notes"][0]
    file.write_text(json.dumps(article(7)))
    done = newsdesk("ingest", str(file), **env)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "NEWSDESK_CHROMA_URL" in done.stderr


async def test_vectors_from_a_server_are_compared_beside_the_event_loop(
    tmp_path: Path, chroma_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    nearest = HeldVectors.nearest

    def noted(self: HeldVectors, vector: Vectors, limit: int) -> list[int]:
        compared.append(threading.current_thread().name)
        return nearest(self, vector, limit)

    monkeypatch.setattr(HeldVectors, "nearest", noted)
    config = LibraryConfig(tmp_path / "data", chroma_url=chroma_url)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await bring_in(library, range(5))
        within = TimeRange(datetime(2026, 3, 5, tzinfo=UTC))
        assert (await library.search("topic3", within, corpus="local")).hits
    assert compared
    assert all(name.startswith("asking") for name in compared)
