"""Corpora are spread over two Chroma servers; what becomes of one is no matter to the other's."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import chromadb
import pytest

from bot.config.settings import Settings
from bot.ops.doctor import examine_library
from bot.storage.library import APPLICATION, open_library
from retrieval import reindexing
from retrieval.catalogue import Corpus, vector_servers
from retrieval.catalogue.vector_servers import SHARING
from retrieval.errors import StorageError
from retrieval.indexes import vector_index
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.vector_stores import plain_address
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora
from retrieval.mending import Mender
from retrieval.models import SearchResults
from retrieval.moving.move import move_library
from retrieval.reindexing import reindex
from retrieval.timestamps import TimeRange
from tests.chroma import chroma_server
from tests.integration.conftest import Newsdesk, article, bring_in, lines
from tests.integration.crash_child import HashEmbedder

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
# A port that nobody listens on.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[tuple[str, str]]:
    with chroma_server(tmp_path / "one") as one, chroma_server(tmp_path / "two") as two:
        yield one, two


@pytest.fixture
def config(tmp_path: Path, urls: tuple[str, str]) -> LibraryConfig:
    return LibraryConfig(tmp_path / "data", chroma_urls=urls)


def _names(url: str) -> list[str]:
    client = chromadb.HttpClient(*url.removeprefix("http://").split(":"))  # type: ignore[arg-type]
    return sorted(each.name for each in client.list_collections())


async def _search(library: Library, corpus: str, word: str = "topic3") -> SearchResults:
    return await library.search(word, TimeRange(NOW), corpus=corpus)


async def _fill(library: Library, *names: str) -> None:
    """Fill corpora that share no collection with each other."""
    for name in names:
        await bring_in(library, range(5), corpus=name)
        while (await _placed(library))[-1].id % SHARING < SHARING - 1:
            await library.ensure_corpus(f"{name} {len(await _placed(library))}")


async def _placed(library: Library) -> list[Corpus]:
    return await library.catalogue.corpora.all()


async def _server_of(library: Library, name: str) -> str | None:
    return (await library.require_corpus(name)).vector_server


async def test_a_new_corpus_goes_where_the_fewest_passages_are_with_those_it_shares(
    config: LibraryConfig, urls: tuple[str, str]
) -> None:
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "first", "second", "third")
        assert [await _server_of(library, n) for n in ("first", "second")] == list(urls)
        groups: dict[int, set[str | None]] = {}
        for corpus in await _placed(library):
            groups.setdefault(corpus.id // SHARING, set()).add(corpus.vector_server)
        assert all(len(servers) == 1 for servers in groups.values())
        await bring_in(library, range(5, 20), corpus="third")
        await _fill(library, "fourth")
        assert await _server_of(library, "fourth") != await _server_of(library, "third")
        assert await check_indexes(library) == []
    held = [await asyncio.to_thread(_names, url) for url in urls]
    assert [len(names) for names in held] == [2, 2]
    # The order of the list, and how an address is written, change nothing.
    config = replace(config, chroma_urls=(f"{urls[1]}/", urls[0].upper().replace("HTTP", "http")))
    async with open_library(config, embedder=HashEmbedder()) as library:
        assert await check_indexes(library) == []
        for name in ("first", "second", "third", "fourth"):
            found = await _search(library, name)
            assert found.hits[0].passage.article.title == "Town3 approves topic3"
            assert not found.notes
    assert [await asyncio.to_thread(_names, url) for url in urls] == held


async def test_a_server_that_is_gone_is_no_matter_to_the_corpora_of_the_other(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    with chroma_server(tmp_path / "two") as two:
        with chroma_server(tmp_path / "one", unused_tcp_port) as one:
            config = LibraryConfig(tmp_path / "data", chroma_urls=(one, two))
            async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
                await _fill(library, "here", "there")
                assert await _server_of(library, "here") == one
        # A writer starts, and writes to the other.
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            found = await _search(library, "here")
            assert found.hits
            assert {note.code for note in found.notes} >= {
                "chroma-unreachable",
                "search-words-alone",
            }
            wrong = library.conditions.of("vectors")
            assert wrong is not None
            assert wrong.note.params["url"] == one
            await bring_in(library, range(5, 8), corpus="there")
            assert not (await _search(library, "there", "topic6")).notes
            with pytest.raises(StorageError) as raised:
                await bring_in(library, range(5, 8), corpus="here")
            assert raised.value.code == "chroma-unreachable"
            checks = await examine_library(Settings(data_dir=config.data_dir), library)
            chroma = [(check.ok, check.detail) for check in checks if check.check == "chroma"]
            assert chroma[1] == (True, two)
            assert chroma[0][0] is False
            assert one in chroma[0][1]
            with pytest.raises(StorageError):
                await delete_corpora(library, "here", "there")
            assert not [n for n in await asyncio.to_thread(_names, two) if "unsettled" in n]
        # It is back: what it missed is made up for.
        with chroma_server(tmp_path / "one", unused_tcp_port):
            async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
                assert await check_indexes(library) == []
                assert library.conditions.current() == []
            assert [await asyncio.to_thread(_names, url) for url in (one, two)] == [[], []]


async def test_corpora_of_a_server_that_is_taken_from_the_list_say_so_and_are_placed_anew(
    config: LibraryConfig, urls: tuple[str, str]
) -> None:
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "stays", "moves")
        assert await _server_of(library, "moves") == urls[1]
    config = replace(config, chroma_urls=(urls[0],))
    async with open_library(
        config, writer="test", embedder=HashEmbedder(), mends_later=True
    ) as library:
        await Mender(library).look(thorough=True)
        [wrong] = [each for each in library.conditions.current() if each.corpus == "moves"]
        assert (wrong.code, wrong.mends_itself) == ("chroma-server-unlisted", False)
        found = await _search(library, "moves")
        assert found.hits
        assert found.notes[0].code == "chroma-server-unlisted"
        assert found.notes[0].params["url"] == urls[1]
        assert not (await _search(library, "stays")).notes
        with pytest.raises(StorageError) as raised:
            await bring_in(library, range(5, 8), corpus="moves")
        assert raised.value.code == "chroma-server-unlisted"
        checks = await examine_library(Settings(data_dir=config.data_dir), library)
        told = [check for check in checks if check.check == "chroma" and check.ok is False]
        assert any(check.detail.startswith("moves: ") and check.remedy for check in told)
        for corpus in await _placed(library):
            async for _ in reindex(library, corpus):
                pass
        assert {each.vector_server for each in await _placed(library)} == {urls[0]}
        assert await check_indexes(library) == []
        found = await _search(library, "moves", "topic6")
        assert not found.notes
        assert found.hits[0].passage.article.title == "Town6 approves topic6"
        await Mender(library).look(thorough=True)
        assert library.conditions.current() == []


async def test_a_folder_that_has_one_server_instead_of_several_is_placed_anew(
    config: LibraryConfig, urls: tuple[str, str]
) -> None:
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "stays", "moves")
    config = replace(config, chroma_url=urls[0], chroma_urls=())
    async with open_library(
        config, writer="test", embedder=HashEmbedder(), mends_later=True
    ) as library:
        assert (await _search(library, "moves")).notes[0].code == "chroma-server-unlisted"
        for corpus in await _placed(library):
            async for _ in reindex(library, corpus):
                pass
        assert not (await _search(library, "moves")).notes
        assert await check_indexes(library) == []


async def test_a_folder_that_had_one_server_keeps_its_vectors_where_they_are(
    config: LibraryConfig, urls: tuple[str, str]
) -> None:
    before = replace(config, chroma_url=urls[1], chroma_urls=())
    async with open_library(before, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "older", "larger")
        assert await _server_of(library, "older") is None
    held = await asyncio.to_thread(_names, urls[1])
    # Who only reads finds out where they are too.
    async with open_library(config, embedder=HashEmbedder()) as library:
        for name in ("older", "larger"):
            assert await _server_of(library, name) == urls[1]
        assert await check_indexes(library) == []
        assert not (await _search(library, "older")).notes
    assert await asyncio.to_thread(_names, urls[1]) == held
    assert await asyncio.to_thread(_names, urls[0]) == []
    # The same server under another name is known by what is on it.
    renamed = replace(config, chroma_urls=(urls[0], urls[1].replace("127.0.0.1", "localhost")))
    async with open_library(renamed, writer="test", embedder=HashEmbedder()) as library:
        assert await _server_of(library, "older") == renamed.chroma_urls[1]
        assert await check_indexes(library) == []


async def test_nothing_is_guessed_while_a_server_that_may_have_the_vectors_is_away(
    config: LibraryConfig, urls: tuple[str, str]
) -> None:
    before = replace(config, chroma_url=urls[1], chroma_urls=())
    async with open_library(before, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "older")
    away = replace(config, chroma_urls=(urls[0], NOBODY))
    async with open_library(away, writer="test", embedder=HashEmbedder()) as library:
        assert await _server_of(library, "older") is None
        found = await _search(library, "older")
        assert found.hits
        assert found.notes[0].code == "chroma-server-unknown"
        await bring_in(library, range(3), corpus="new")
        assert await _server_of(library, "new") in away.chroma_urls
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        assert await _server_of(library, "older") == urls[1]


async def test_a_corpus_that_has_grown_is_placed_anew_by_itself(
    config: LibraryConfig, urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_SHARES", 15)
    monkeypatch.setattr(vector_servers, "SHARES", 15)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name in ("small", "grows"):
            await bring_in(library, range(8), corpus=name)
        assert await _server_of(library, "grows") == urls[0]
        await bring_in(library, range(8, 20), corpus="grows")
        async for _ in reindex(library, await library.require_corpus("grows")):
            pass
        assert await _server_of(library, "grows") == urls[1]
        assert await _server_of(library, "small") == urls[0]
        assert await check_indexes(library) == []
        assert not (await _search(library, "grows", "topic9")).notes
    shared, own = [await asyncio.to_thread(_names, url) for url in urls]
    assert [len(shared), len(own)] == [1, 1]
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        assert await check_indexes(library) == []
        await delete_corpora(library, "small", "grows")
    assert [await asyncio.to_thread(_names, url) for url in urls] == [[], []]


class _Killed(BaseException):
    """What stands for the end of the process between two calls of Chroma."""


async def test_placing_a_corpus_anew_survives_a_kill_at_any_call(
    config: LibraryConfig, urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other(_connection: object, servers: Sequence[str], corpus: Corpus) -> str:
        return next(url for url in servers if url != corpus.vector_server)

    # To and fro, whatever it is that was cut off. In a shared collection most may be left behind.
    monkeypatch.setattr(reindexing, "choose_server_anew", other)
    calls = point = 0
    real = ChromaStore.call

    async def counted(self: ChromaStore, method: Callable[..., Any], *args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point:
            raise _Killed
        found = await real(self, method, *args)
        if -calls == point:
            raise _Killed
        return found

    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name, count in (("stays", 8), ("moves", 20)):
            await bring_in(library, range(count), corpus=name)
    ended = False
    while not ended:
        point = -point if point > 0 else 1 - point
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            calls = 0
            with monkeypatch.context() as patch, contextlib.suppress(_Killed):
                patch.setattr(ChromaStore, "call", counted)
                async for _ in reindex(library, await library.require_corpus("moves")):
                    pass
                ended = True
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            assert await check_indexes(library) == []
            assert not (await _search(library, "moves")).notes
            assert sum([await _records(store) for store in library.stores]) == 28
    assert abs(point) > 10


async def _records(store: ChromaStore) -> int:
    """How many passages all collections of a server hold, none of which may be a mark or half-made."""
    names = await store.names()
    assert all(name[-1].isdecimal() for name in names)
    return sum([await store.call(store.chroma.count, name) for name in names])


@pytest.mark.sqlite_files("what is moved comes from there")
@pytest.mark.parametrize("to_server", [False, True])
async def test_a_move_makes_collections_of_its_own_on_the_same_servers(
    to_server: bool,
    config: LibraryConfig,
    urls: tuple[str, str],
    tmp_path: Path,
    empty_postgres_url: str,
) -> None:
    url = empty_postgres_url if to_server else None
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await _fill(library, "first", "second")
        before = {each.name: each.vector_server for each in await _placed(library)}
        held = [set(await asyncio.to_thread(_names, url)) for url in urls]
        await move_library(library, tmp_path / "moved", url, branches=[APPLICATION])
    moved = replace(config, data_dir=tmp_path / "moved", database_url=url)
    async with open_library(moved, writer="test", embedder=HashEmbedder()) as library:
        assert {each.name: each.vector_server for each in await _placed(library)} == before
        assert await check_indexes(library) == []
        assert not (await _search(library, "second")).notes
    for server, names in zip(urls, held, strict=True):
        assert names < set(await asyncio.to_thread(_names, server))


def test_the_commands_work_with_two_servers(
    newsdesk: Newsdesk, tmp_path: Path, urls: tuple[str, str]
) -> None:
    env = {"NEWSDESK_CHROMA_URLS": ", ".join(urls)}
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in range(5)))
    done = newsdesk("ingest", str(file), "--json", **env)
    assert done.returncode == 0, done.stderr
    answer = lines(newsdesk("ask", "What will topic3 cost?", "--json", **env).stdout)[0]
    assert "13 million crowns" in answer["answer"]
    checked = newsdesk("doctor", "--json", **env)
    assert checked.returncode == 0, checked.stdout
    told = [each["detail"] for each in lines(checked.stdout) if each["check"] == "chroma"]
    assert told == list(urls)
    assert lines(newsdesk("status", "--json", **env).stdout)[0]["chroma"] == ", ".join(urls)
    gone = {"NEWSDESK_CHROMA_URLS": urls[1]}
    file.write_text(json.dumps(article(7)))
    done = newsdesk("ingest", str(file), **gone)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert urls[0] in done.stderr
    assert newsdesk("reindex", **gone).returncode == 0
    assert newsdesk("doctor", **gone).returncode == 0
    assert newsdesk("status", NEWSDESK_CHROMA_URLS="no URL").returncode != 0
    # A backup that is restored where other servers are.
    backup = tmp_path / "news.zip"
    assert newsdesk("backup", str(backup), **gone).returncode == 0
    elsewhere = {"NEWSDESK_CHROMA_URLS": urls[0], "NEWSDESK_DATA_DIR": str(tmp_path / "restored")}
    assert newsdesk("restore", str(backup), **elsewhere).returncode == 0
    checked = newsdesk("doctor", **elsewhere)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("http://Chroma-1:8000/", "http://chroma-1:8000"),
        (" https://chroma.example:443/path", "https://chroma.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_are_compared_however_they_are_written(written: str, plain: str) -> None:
    assert plain_address(written) == plain
