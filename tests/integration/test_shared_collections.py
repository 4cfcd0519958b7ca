"""Small corpora share collections of Chroma; one that grows moves out, and none reads another's."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.storage.library import open_library
from retrieval.catalogue.corpus_deletion import corpora_pending_deletion, mark_corpus_deleted
from retrieval.embedders import Vectors
from retrieval.errors import EmbedderMismatch, IndexDamaged
from retrieval.indexes import vector_index
from retrieval.indexes.chroma import chroma_error
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.held_vectors import HeldVectors, VectorMemory
from retrieval.indexes.shared_vectors import SharedVectors
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, damage_of, delete_corpora
from retrieval.reindexing import reindex
from retrieval.upkeep import keep_in_order
from tests.integration.conftest import bring_in, titles_found
from tests.integration.crash_child import HashEmbedder

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


class _OtherEmbedder(HashEmbedder):
    identity = "test/hash-8-anew"


class _CountingEmbedder(HashEmbedder):
    texts = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return await super().embed(texts)


class _Killed(BaseException):
    """What stands for the end of the process between two calls of Chroma."""


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    config = LibraryConfig(tmp_path)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as opened:
        yield opened


async def _reindexed(library: Library, name: str) -> None:
    corpus = await library.require_corpus(name)
    async for _ in reindex(library, corpus):
        pass


async def _names(library: Library) -> list[str]:
    return sorted(await library.store.names())


async def _shared_records(library: Library, name: str) -> list[str]:
    """The ids of all that is kept of a corpus in shared collections."""
    corpus, store = await library.require_corpus(name), library.store
    shared = store.shared_names(corpus.id, await store.names())
    return [
        each for one in shared for each in await store.call(store.chroma.records, one, corpus.id)
    ]


async def _found_by_vector(library: Library, name: str) -> list[bool]:
    """Whether each passage of a corpus is the nearest to its own vector."""
    corpus = await library.require_corpus(name)
    held = await library.catalogue.vectors.held(corpus, -1, 1_000)
    vectors = library.indexes(corpus).vectors
    rows = [(each, np.frombuffer(row, dtype="<f2").astype(np.float32)) for each, row in held]
    return [(await vectors.query(row, 1, len(rows)))[0] == each for each, row in rows]


async def test_corpora_share_a_collection_and_none_reads_anothers(library: Library) -> None:
    for number in range(3):
        await bring_in(library, range(10 * number, 10 * number + 10), corpus=f"server-{number}")
    [shared] = await _names(library)
    for number in range(3):
        corpus = await library.require_corpus(f"server-{number}")
        assert library.indexes(corpus).vectors.shared_name == shared
        assert all(await _found_by_vector(library, corpus.name))
        assert await library.indexes(corpus).vectors.count() == 10
        found = await titles_found(library, f"topic{10 * number}", NOW, corpus=corpus.name)
        assert found[0] == f"Town{10 * number} approves topic{10 * number}"
    await delete_corpora(library, "server-1")
    store = library.store
    assert await store.call(store.chroma.count, shared) == 20
    assert await check_indexes(library) == []
    await delete_corpora(library, "server-0", "server-2")
    assert await _names(library) == []


async def test_deleting_many_corpora_writes_what_they_share_anew_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        await bring_in(library, range(10 * number, 10 * number + 10), corpus=f"server-{number}")
    [shared] = await _names(library)
    written: list[str] = []
    rebuild = library.store.rebuild_shared

    async def counted(name: str) -> None:
        written.append(name)
        await rebuild(name)

    monkeypatch.setattr(library.store, "rebuild_shared", counted)
    await delete_corpora(library, "server-0", "server-1", "server-2")
    assert written == [shared]
    assert all(await _found_by_vector(library, "server-3"))
    assert await check_indexes(library) == []


async def test_one_that_grows_gets_a_collection_of_its_own_and_loses_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_SHARES", 15)
    for name in ("small", "large"):
        await bring_in(library, range(8), corpus=name)
    large = await library.require_corpus("large")
    async with open_library(library.config, embedder=HashEmbedder()) as reader:
        assert all(await _found_by_vector(reader, "large"))
        await bring_in(library, range(8, 20), corpus="large")
        assert await _names(library) == sorted(
            [library.indexes(large).vectors.name, library.indexes(large).vectors.shared_name]
        )
        assert await _shared_records(library, "large") == []
        for each in (library, reader):
            assert await check_indexes(each) == []
            assert all(await _found_by_vector(each, "large"))
            assert all(await _found_by_vector(each, "small"))
        # What comes in later, a reader that began before finds too.
        await bring_in(library, range(8, 12), corpus="small")
        assert len(await _found_by_vector(reader, "small")) == 12
        assert all(await _found_by_vector(reader, "small"))


async def _killed_at_each_call(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Library], Any],
    verify: Callable[[Library], Any],
) -> int:
    """Do ``work`` on the corpora of a fresh folder, cut off before and after each call of Chroma, and
    ``verify`` what the next start makes of it. Returns how many calls there were."""
    point = calls = 0
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

    fresh = LibraryConfig(folder / "fresh")
    async with open_library(fresh, writer="test", embedder=HashEmbedder()) as library:
        for name in ("small", "large"):
            await bring_in(library, range(8), corpus=name)
    while True:
        point = -point if point > 0 else 1 - point
        config = LibraryConfig(folder / str(point))
        shutil.copytree(fresh.data_dir, config.data_dir)
        ended = True
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            calls = 0
            with monkeypatch.context() as patch:
                patch.setattr(ChromaStore, "call", counted)
                try:
                    await work(library)
                except _Killed:
                    ended = False
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            assert await check_indexes(library) == []
            for name in ("small", "large"):
                assert all(await _found_by_vector(library, name))
            assert not [n for n in await _names(library) if not n[-1].isdecimal()]
            await verify(library)
        if ended:
            return abs(point)


async def test_growing_survives_a_kill_at_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_SHARES", 15)

    async def grow(library: Library) -> None:
        await bring_in(library, range(8, 18), corpus="large")

    async def whole(library: Library) -> None:
        large = await library.require_corpus("large")
        assert await library.indexes(large).vectors.count() in {8, 18}
        if library.indexes(large).vectors.name in await _names(library):
            assert await _shared_records(library, "large") == []

    assert await _killed_at_each_call(tmp_path, monkeypatch, grow, whole) > 10


async def test_indexing_anew_survives_a_kill_at_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anew(library: Library) -> None:
        await _reindexed(library, "large")

    async def whole(library: Library) -> None:
        assert len(await _shared_records(library, "large")) == 8
        assert len(await _shared_records(library, "small")) == 8

    assert await _killed_at_each_call(tmp_path, monkeypatch, anew, whole) > 10


async def test_an_older_folder_stays_as_it_is_until_it_is_indexed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LibraryConfig(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(vector_index, "_SHARES", 0)
        async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
            for number in range(2):
                await bring_in(library, range(5), corpus=f"server-{number}")
            older = await _names(library)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        await bring_in(library, range(5, 9), corpus="server-0")
        assert await _names(library) == older
        assert await check_indexes(library) == []
        assert all(await _found_by_vector(library, "server-0"))
        await _reindexed(library, "server-0")
        assert len(await _names(library)) == 2
        assert len(await _shared_records(library, "server-0")) == 9
        assert await check_indexes(library) == []


async def test_another_embedder_is_told_and_gets_a_collection_of_its_own(tmp_path: Path) -> None:
    config = LibraryConfig(tmp_path)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name in ("one", "two"):
            await bring_in(library, range(5), corpus=name)
        [before] = await _names(library)
    async with open_library(config, writer="test", embedder=_OtherEmbedder()) as library:
        one = await library.require_corpus("one")
        assert await library.indexes(one).vectors.embedder() == HashEmbedder.identity
        with pytest.raises(EmbedderMismatch):
            await titles_found(library, "topic1", NOW, corpus="one")
        with pytest.raises(EmbedderMismatch):
            await bring_in(library, range(5, 6), corpus="one")
        await _reindexed(library, "one")
        assert len(await _names(library)) == 2
        assert await titles_found(library, "topic1", NOW, corpus="one")
        with pytest.raises(EmbedderMismatch):
            await titles_found(library, "topic1", NOW, corpus="two")
        await _reindexed(library, "two")
        assert len(await _names(library)) == 1
        assert before not in await _names(library)
        assert await check_indexes(library) == []


async def _with_a_damaged_collection(config: LibraryConfig, *, unreadable: bool = False) -> None:
    """Three corpora, whose shared collection is damaged, or can't even be loaded."""
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name in ("one", "two", "three"):
            await bring_in(library, range(8), corpus=name)
        # As many as Chroma writes a graph for.
        vectors = library.indexes(await library.require_corpus("one")).vectors
        more = list(range(10**9, 10**9 + 1_200))
        await vectors.write(more, await HashEmbedder().embed([str(each) for each in more]))
        await vectors.remove(more)
    [graph] = (config.data_dir / "chroma").rglob("data_level0.bin")
    if unreadable:
        os.truncate(graph.with_name("header.bin"), 0)
    else:
        os.truncate(graph, graph.stat().st_size // 2)


@pytest.mark.parametrize("cut_off", [False, True])
async def test_the_vectors_of_a_deleted_corpus_leave_the_files(
    tmp_path: Path, cut_off: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LibraryConfig(tmp_path)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name in ("one", "two"):
            await bring_in(library, range(8), corpus=name)
        gone = library.indexes(await library.require_corpus("two")).vectors
        marked = (await HashEmbedder().embed(["nothing else is like it"]))[:1] * 1.25
        numbers = list(range(10**9, 10**9 + 1_200))
        await gone.write(numbers, np.repeat(marked, len(numbers), axis=0))
        shared = gone.shared_name
    # As Chroma writes it, of length one.
    needle = (marked[0] / np.linalg.norm(marked[0])).astype("<f4").tobytes()[:12]
    needles = {needle, marked[0].astype("<f4").tobytes()[:12]}

    def files_with_it() -> list[str]:
        files = [path for path in (tmp_path / "chroma").rglob("*") if path.is_file()]
        return [p.name for p in files if any(each in p.read_bytes() for each in needles)]

    assert files_with_it()
    rebuilt: list[str] = []
    real = ChromaStore.rebuild

    async def rebuild(self: ChromaStore, name: str) -> None:
        rebuilt.append(name)
        if cut_off and len(rebuilt) == 1:
            raise _Killed
        await real(self, name)

    monkeypatch.setattr(ChromaStore, "rebuild", rebuild)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        with contextlib.suppress(_Killed):
            await delete_corpora(library, "two")
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        assert rebuilt == [shared] * (2 if cut_off else 1)
        await library.store.tidy()
        assert await _names(library) == [shared]
        assert await check_indexes(library) == []
        assert await corpora_pending_deletion(library.database) == []
        assert all(await _found_by_vector(library, "one"))
    assert files_with_it() == []


async def test_a_damaged_collection_keeps_no_corpus_from_being_deleted(tmp_path: Path) -> None:
    config = LibraryConfig(tmp_path)
    await _with_a_damaged_collection(config, unreadable=True)
    async with open_library(
        config, writer="test", embedder=HashEmbedder(), mends_later=True
    ) as library:
        await keep_in_order(library)
        await delete_corpora(library, "two")
        for name in ("one", "three"):
            assert await damage_of(library, await library.require_corpus(name)) == {}
            assert all(await _found_by_vector(library, name))
        assert await check_indexes(library) == []


async def test_a_deletion_that_was_cut_off_and_a_damaged_collection_let_a_writer_start(
    tmp_path: Path,
) -> None:
    config = LibraryConfig(tmp_path)
    await _with_a_damaged_collection(config, unreadable=True)
    async with open_library(
        config, writer="t", embedder=HashEmbedder(), mends_later=True
    ) as library:
        await mark_corpus_deleted(library.database, "two")
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        assert await corpora_pending_deletion(library.database) == []
        assert await check_indexes(library) == []


async def test_another_embedders_damaged_collection_is_mended_with_what_it_held(
    tmp_path: Path,
) -> None:
    config = LibraryConfig(tmp_path)
    await _with_a_damaged_collection(config, unreadable=True)
    async with open_library(config, writer="test", embedder=_OtherEmbedder()) as library:
        await _reindexed(library, "two")
        assert all(await _found_by_vector(library, "two"))
        for name in ("one", "three"):
            vectors = library.indexes(await library.require_corpus(name)).vectors
            assert await vectors.embedder() == HashEmbedder.identity
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        for name in ("one", "three"):
            assert await damage_of(library, await library.require_corpus(name)) == {}
            assert all(await _found_by_vector(library, name))


@pytest.mark.parametrize("deleted", [False, True])
async def test_mending_makes_no_vectors_of_a_slow_embedder_again(
    tmp_path: Path, deleted: bool
) -> None:
    config = LibraryConfig(tmp_path)
    await _with_a_damaged_collection(config, unreadable=True)
    embedder = _CountingEmbedder(deferred=True)
    async with open_library(config, writer="test", embedder=embedder, mends_later=True) as library:
        names = {"one", "two", "three"}
        if deleted:
            await delete_corpora(library, "two")
            names.remove("two")
        else:
            await _reindexed(library, "two")
        assert not any((await library.without_vector()).values())
        for name in names:
            assert await damage_of(library, await library.require_corpus(name)) == {}
            assert all(await _found_by_vector(library, name))
        assert embedder.texts == 0


async def test_mending_one_corpus_mends_all_that_share_its_damaged_collection(
    tmp_path: Path,
) -> None:
    config = LibraryConfig(tmp_path)
    await _with_a_damaged_collection(config)
    async with open_library(
        config, writer="test", embedder=HashEmbedder(), mends_later=True
    ) as library:
        assert await titles_found(library, "topic3", NOW, corpus="two")  # by its words
        for name in ("one", "two", "three"):
            found = await damage_of(library, await library.require_corpus(name))
            assert [(part, error.code) for part, error in found.items()] == [
                ("vectors", "vector-index-damaged")
            ]
        await _reindexed(library, "two")
        for name in ("one", "two", "three"):
            assert await damage_of(library, await library.require_corpus(name)) == {}
            assert all(await _found_by_vector(library, name))
        assert await check_indexes(library) == []


async def test_a_collection_takes_the_place_of_another_once(library: Library) -> None:
    chroma, vectors = library.store.chroma, np.eye(3, dtype=np.float32)
    call = library.store.call
    for name, count in (("before", 1), ("after", 3)):
        await call(chroma.create, name, {"embedder": "any"})
        await call(chroma.upsert, name, list(range(count)), vectors[:count])
    for _ in range(2):
        await call(chroma.replace, "before", "after")
        assert await call(chroma.count, "before") == 3
    with pytest.raises(IndexDamaged):
        await call(chroma.replace, "nowhere", "after")
    assert await call(chroma.names) == ["before"]


@pytest.mark.parametrize(
    "reason", ["Too many open files (os error 24)", "Cannot allocate memory (os error 12)"]
)
def test_what_the_machine_lacks_is_no_damage(reason: str) -> None:
    from chromadb.errors import InternalError

    error = chroma_error(InternalError(f"Error constructing hnsw segment reader: {reason}"))
    assert (error.code, error.retry) == ("chroma-failed", True)
    assert not isinstance(error, IndexDamaged)


async def test_many_passages_without_a_vector_cost_a_question_two_calls(library: Library) -> None:
    await bring_in(library, range(8))
    corpus = await library.require_corpus("local")
    ids = await library.indexes(corpus).vectors.passage_ids()
    wanted = np.array([*ids, *range(10**6, 10**6 + 20_000)], dtype=np.int64)
    query = (await HashEmbedder().embed(["anything"]))[0]
    library.store.memory.clear()
    shared = SharedVectors(library.store, corpus.id, corpus.generation)
    steps = shared.nearest(query, 10, 0, lambda: wanted)
    answer: Any = None
    calls: list[str] = []
    found: list[int] | None = None
    while found is None:
        try:
            call, arguments = steps.send(answer)
        except StopIteration as end:
            found = end.value
        else:
            calls.append(call)
            answer = await library.store.call(getattr(library.store.chroma, call), *arguments)
    assert set(found) == set(ids)
    assert [call for call in calls if call != "metadata"] == ["records", "vectors_of"]
    assert shared.misses_some


async def test_vectors_that_are_gone_are_told(library: Library) -> None:
    await bring_in(library, range(8))
    corpus = await library.require_corpus("local")
    vectors = library.indexes(corpus).vectors
    ids = await vectors.passage_ids()
    query = (await HashEmbedder().embed(["anything"]))[0]
    await vectors.remove(ids[:3])
    with pytest.raises(IndexDamaged) as raised:
        await vectors.query(query, 5, len(ids))
    assert raised.value.code == "vector-index-incomplete"
    assert set(await vectors.query(query, 10, 0)) == set(ids[3:])
    assert set(await damage_of(library, corpus)) == {"vectors"}


def test_what_is_held_in_memory_is_bounded_and_exact() -> None:
    rng = np.random.default_rng(3)
    memory = VectorMemory(3_000)
    for number in range(5):
        ids = rng.permutation(np.arange(10) + 100 * number)
        vectors = rng.normal(size=(10, 16)).astype(np.float32)
        memory.hold((number, 1), HeldVectors.none().joined(ids, vectors))
        memory.of((0, 1))
        assert memory.size <= 3_000
    assert memory.of((0, 1)).has(np.arange(12)).tolist() == [True] * 10 + [False] * 2
    assert not memory.of((1, 1)).has(np.array([101])).any()
    vectors = rng.normal(size=(50, 16)).astype(np.float32)
    held = HeldVectors.none().joined(np.arange(30), vectors[:30])
    held = held.joined(np.arange(30, 50), vectors[30:]).only(np.arange(5, 45))
    cosines = vectors[5:45] @ vectors[7] / np.linalg.norm(vectors[5:45], axis=1)
    assert held.nearest(vectors[7], 10) == (np.argsort(-cosines)[:10] + 5).tolist()
    memory.clear()
    assert memory.size == 0
