"""Copies of keyword indexes beside a writer: they follow it, are made anew, and become the writer's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.config.settings import Settings
from bot.services import succession
from bot.storage.library import open_library
from retrieval import keyword_copies
from retrieval.catalogue.access import Access
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.fences import fenced
from retrieval.catalogue.kept_leases import LeaseFence
from retrieval.catalogue.leases import Lease, Leases
from retrieval.catalogue.schema import version_changes
from retrieval.errors import StorageError
from retrieval.keyword_copies import KeywordCopies
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora
from retrieval.moderation import ModerationService
from retrieval.reindexing import reindex
from retrieval.runtime.concurrency import cancel
from retrieval.succession import take_over
from retrieval.timestamps import TimeRange
from tests.deadlines import scaled
from tests.integration.conftest import bring_in
from tests.integration.crash_child import HashEmbedder

WITHIN = TimeRange(datetime(2100, 1, 1, tzinfo=UTC))


class Town:
    """A database and a Chroma server, on which processes open libraries in folders of their own."""

    def __init__(self, folder: Path, database: str, chroma: str) -> None:
        self._folder = folder
        self._config = LibraryConfig(folder, database_url=database, chroma_url=chroma)

    def open(self, name: str, **options: Any) -> AbstractAsyncContextManager[Library]:
        config = replace(self._config, data_dir=self._folder / name)
        return open_library(config, embedder=HashEmbedder(), **options)

    def writer(self, name: str = "writer") -> AbstractAsyncContextManager[Library]:
        return self.open(name, writer=name)

    @contextlib.asynccontextmanager
    async def gateway(self, name: str = "gateway") -> AsyncIterator[tuple[Library, KeywordCopies]]:
        async with self.open(name, access=Access.GATEWAY) as library:
            yield library, KeywordCopies(library)


@pytest.fixture
def town(tmp_path: Path, postgres_url: str, chroma_url: str) -> Town:
    return Town(tmp_path, postgres_url, chroma_url)


async def found(library: Library, words: str) -> list[str]:
    """The titles that a library finds without a remark."""
    results = await library.search(words, WITHIN, corpus="local")
    assert results.notes == ()
    return [hit.passage.article.title for hit in results.hits]


async def remarks(library: Library, words: str = "topic1") -> list[str]:
    results = await library.search(words, WITHIN, corpus="local")
    return [note.code for note in results.notes]


async def passages(library: Library) -> set[int]:
    corpus = await library.require_corpus("local")
    return set(await library.indexes(corpus).keywords.passage_ids())


async def shown(library: Library) -> set[int]:
    return await library.catalogue.articles.shown_passage_ids(await library.require_corpus("local"))


async def test_a_copy_follows_what_the_writer_adds_removes_and_deletes(town: Town) -> None:
    async with town.writer() as writer, town.gateway() as (gateway, copies):
        await bring_in(writer, range(5))
        assert await remarks(gateway) == ["keyword-copy-unfinished", "search-vectors-alone"]
        assert gateway.conditions.of("keywords", "local") is not None
        await copies.look()
        assert gateway.conditions.of("keywords", "local") is None
        assert await found(gateway, "topic3") == await found(writer, "topic3")
        await bring_in(writer, range(5, 8))
        assert await remarks(gateway) == ["keywords-behind"]
        await copies.look()
        assert await found(gateway, "topic6") == await found(writer, "topic6")
        moderation = await ModerationService.of(writer, "local")
        [hit, *_] = (await writer.search("topic6", WITHIN, corpus="local")).hits
        await moderation.remove(hit.passage.article.article_id, Actor("test", "test"))
        await copies.look()
        assert await passages(gateway) == await shown(writer)
        await delete_corpora(writer, "local")
        await copies.look()
        assert not list((gateway.data_dir / "copies").iterdir())


async def test_a_question_waits_for_a_copy_that_is_about_to_be_whole(town: Town) -> None:
    async with town.writer() as writer, town.gateway() as (gateway, copies):
        await bring_in(writer, range(3))
        copies.serve(["local", "nobody's"])
        await copies.look()
        await bring_in(writer, range(3, 6))
        following = asyncio.create_task(copies.run())
        assert await found(gateway, "topic4") == await found(writer, "topic4")
        await cancel(following)


async def test_a_copy_that_is_damaged_behind_or_of_other_indexes_is_made_anew(town: Town) -> None:
    async with town.writer() as writer:
        await bring_in(writer, range(5))
        async with town.gateway() as (gateway, copies):
            copies.serve(["local"])
            await copies.look()
        await bring_in(writer, range(5, 8))
        async with writer.database.write() as connection:
            await connection.execute(delete(version_changes))  # trimmed, after a long time
        async with town.gateway() as (gateway, copies):
            copies.serve(["local"])
            await copies.look()
            assert await passages(gateway) == await shown(writer)
            [folder] = (gateway.data_dir / "copies").iterdir()
            await gateway.close_keywords()
            for file in folder.glob("*.store"):
                file.write_bytes(b"")
            for file in folder.glob("*.term"):
                file.write_bytes(b"")
            assert "keyword-index-damaged" in await remarks(gateway)
            await copies.look()
            assert await found(gateway, "topic6") == await found(writer, "topic6")
            async for _ in reindex(writer, await writer.require_corpus("local")):
                pass
            await copies.look()
            assert await found(gateway, "topic6") == await found(writer, "topic6")
            await copies.look()
            [left] = (gateway.data_dir / "copies").iterdir()
            assert left.name != folder.name


async def test_copies_beyond_the_bound_are_dropped(town: Town) -> None:
    async with town.writer() as writer, town.gateway() as (gateway, _):
        copies = KeywordCopies(gateway, most_bytes=1)
        await bring_in(writer, range(3))
        copies.serve(["local"])
        await copies.look()
        assert not list((gateway.data_dir / "copies").iterdir())


async def test_a_gateway_becomes_the_writer_when_there_is_none(town: Town) -> None:
    async with town.gateway() as (gateway, copies), contextlib.AsyncExitStack() as stack:
        writer = await stack.enter_async_context(town.writer())
        await bring_in(writer, range(5))
        copies.serve(["local"])
        await copies.look()
        assert not await take_over(gateway, copies, "test")
        assert not gateway.writable
        # Shown before the copy had it.
        await bring_in(writer, range(5, 7))
        await stack.aclose()
        assert await take_over(gateway, copies, "test")
        assert await check_indexes(gateway) == []
        await bring_in(gateway, range(7, 9))
        assert await check_indexes(gateway) == []
        assert await found(gateway, "topic8")
    # Who wrote before has keywords that lack something by now.
    async with town.writer() as writer:
        assert await check_indexes(writer) == []
        assert await found(writer, "topic8")


async def test_a_gateway_tries_again_to_become_the_writer_after_a_failure(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, writing = [OSError(28, "No space left on device")], asyncio.Event()
    move = keyword_copies._moved

    def moved(copy: Path, folder: Path) -> None:
        if failures:
            raise failures.pop()
        move(copy, folder)

    @contextlib.asynccontextmanager
    async def begun(*_: object) -> AsyncIterator[None]:
        writing.set()
        yield

    monkeypatch.setattr(keyword_copies, "_moved", moved)
    monkeypatch.setattr(succession, "_do_writing", begun)
    monkeypatch.setattr(succession, "_EVERY_SECONDS", 0.05)
    async with town.gateway() as (gateway, copies):
        async with town.writer() as writer:
            await bring_in(writer, range(5))
            copies.serve(["local"])
            await copies.look()
        ingestion: Any = None
        async with succession.run_writing(Settings(), gateway, ingestion, copies):
            async with asyncio.timeout(scaled(60)):
                await writing.wait()
            assert failures == []
            assert await passages(gateway) == await shown(gateway) != set()


async def test_a_gateway_writes_what_people_tell_it_under_its_lease(town: Town) -> None:
    async with town.writer() as writer, town.gateway() as (gateway, _):
        await bring_in(writer, range(3))
        with pytest.raises(StorageError) as refused:
            await gateway.ensure_corpus("new")
        assert refused.value.code == "write-without-lease"
        leases = Leases(gateway.database, "gateway")
        lease: Lease | None = await leases.take("process:gateway", 600)
        with fenced(LeaseFence(lambda: lease)):
            await gateway.ensure_corpus("new")
            await delete_corpora(gateway, "local")
        assert await writer.catalogue.corpora.by_name("local") is None
        assert await writer.catalogue.corpora.by_name("new") is not None


async def test_a_gateway_needs_a_chroma_server(tmp_path: Path, postgres_url: str) -> None:
    config = LibraryConfig(tmp_path / "gateway", database_url=postgres_url)
    with pytest.raises(StorageError) as refused:
        async with open_library(config, access=Access.GATEWAY, embedder=HashEmbedder()):
            pass
    assert refused.value.code == "gateway-needs-chroma"
