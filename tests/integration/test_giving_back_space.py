"""What was deleted or replaced gives its space back, and what is purged is nowhere any more."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.storage import schema as application
from bot.storage.answers import StoredAnswer, answer_by_id, blank_answers_citing, save_answer
from bot.storage.library import open_library
from retrieval import upkeep
from retrieval.catalogue import Corpus, KnownStoryMember, trimming
from retrieval.catalogue import schema as catalogue
from retrieval.catalogue.audit_log import Actor
from retrieval.errors import NotFound, StorageError
from retrieval.indexes import chroma_store, vector_index
from retrieval.indexes.chroma_space import give_back, vectors_on_disk
from retrieval.ingestion import story_assigner
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora, recover
from retrieval.moderation import ModerationService
from retrieval.purge import articles_to_purge, purge_articles
from retrieval.reindexing import reindex
from retrieval.upkeep import keep_in_order
from tests.both_databases import execute
from tests.integration.conftest import bring_in, titles_found
from tests.integration.crash_child import HashEmbedder
from tests.integration.newsroom import Clock

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
OPERATOR = Actor("Olga", "terminal")


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def library(tmp_path: Path, clock: Clock) -> AsyncIterator[Library]:
    config = LibraryConfig(tmp_path / "data", chroma_apart=True)
    async with open_library(config, writer="test", embedder=HashEmbedder(), clock=clock) as opened:
        yield opened


async def titles(library: Library, words: str) -> list[str]:
    return await titles_found(library, words, NOW)


def segments(library: Library) -> list[str]:
    return [path.name for path in (library.data_dir / "chroma").iterdir() if path.is_dir()]


async def count(library: Library, query: str) -> int:
    return int((await execute(library, query))[0][0])


async def test_a_deleted_corpus_and_a_reindexed_one_leave_no_segments(library: Library) -> None:
    await bring_in(library, range(40))
    await bring_in(library, range(40, 60), corpus="gone")
    [local, _] = await library.catalogue.corpora.all()
    for _ in range(2):
        async for _ in reindex(library, local):
            pass
        [local, _] = await library.catalogue.corpora.all()
    await delete_corpora(library, "gone")
    assert set(vectors_on_disk(library.data_dir / "chroma")) == {
        library.indexes(local).vectors.shared_name
    }
    assert len(segments(library)) <= 1
    assert [path.name for path in (library.data_dir / "keywords").iterdir()] == ["1-3"]
    assert await check_indexes(library) == []
    assert (await titles(library, "topic7"))[0] == "Town7 approves topic7"


async def test_segments_that_are_in_use_or_none_of_chromas_stay(library: Library) -> None:
    await bring_in(library, range(5))
    folder = library.data_dir / "chroma"
    left = folder / "89ef0000-aaaa-4bbb-8ccc-0123456789ab"
    for path in (left, folder / "notes"):
        path.mkdir()
    before = segments(library)
    assert await asyncio.to_thread(give_back, folder)
    assert set(before) - set(segments(library)) == {left.name}
    left.mkdir()
    damaged = library.data_dir.parent / "damaged"
    shutil.copytree(folder, damaged)
    (damaged / "chroma.sqlite3").write_bytes(b"no database")
    assert not await asyncio.to_thread(give_back, damaged)
    assert (damaged / left.name).exists()


async def write_and_remove(vectors: vector_index.VectorIndex) -> None:
    for first in range(10**9, 10**9 + 1_200, 400):
        ids = list(range(first, first + 400))
        await vectors.write(ids, await HashEmbedder().embed([str(each) for each in ids]))
        await vectors.remove(ids)


@pytest.mark.parametrize("shared", [True, False])
async def test_vectors_of_which_many_were_deleted_are_written_anew(
    library: Library, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    monkeypatch.setattr(chroma_store, "_MOST_DELETED", 10)
    if not shared:
        monkeypatch.setattr(vector_index, "_SHARES", 20)
    await bring_in(library, range(30))
    [corpus] = await library.catalogue.corpora.all()
    vectors = library.indexes(corpus).vectors
    name = vectors.shared_name if shared else vectors.name
    await write_and_remove(vectors)
    folder = library.data_dir / "chroma"
    before = vectors_on_disk(folder)
    assert before[name] > 500
    assert await library.store.is_bloated(name, before[name])
    await keep_in_order(library)
    assert vectors_on_disk(folder).get(name, 0) <= 100  # its least
    assert len(segments(library)) <= 1
    assert await vectors.count() == 30
    assert await check_indexes(library) == []
    assert (await titles(library, "topic7"))[0] == "Town7 approves topic7"


async def test_space_is_given_back_also_where_something_deleted_can_not_be_erased(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Library) -> None:
        raise StorageError("chroma-unreachable")

    monkeypatch.setattr(chroma_store, "_MOST_DELETED", 10)
    monkeypatch.setattr(upkeep, "erase_deleted", away)
    await bring_in(library, range(30))
    [corpus] = await library.catalogue.corpora.all()
    vectors = library.indexes(corpus).vectors
    await write_and_remove(vectors)
    with pytest.raises(StorageError) as refused:
        await keep_in_order(library)
    assert refused.value.code == "chroma-unreachable"
    assert vectors_on_disk(library.data_dir / "chroma").get(vectors.shared_name, 0) <= 100


@pytest.mark.parametrize("shared", [True, False])
async def test_a_rebuild_that_was_cut_off_is_finished_or_undone(
    library: Library, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    if not shared:
        monkeypatch.setattr(vector_index, "_SHARES", 2)
    await bring_in(library, range(5))
    [corpus] = await library.catalogue.corpora.all()
    store, vectors = library.store, library.indexes(corpus).vectors
    name = vectors.shared_name if shared else vectors.name
    await store.call(store.chroma.create, f"{name}-rebuilt", {"embedder": "test/hash-8"})
    await recover(library)
    assert await store.call(store.chroma.names) == [name]
    assert await vectors.count() == 5
    # Cut off when the old collection was gone: the new one is whole then.
    await store.call(store.chroma.create, f"{name}-rebuilt", {"embedder": "test/hash-8"})
    await store.call(store.chroma.drop, name)
    await recover(library)
    assert await store.call(store.chroma.names) == [name]


async def test_former_versions_go_after_their_days_and_the_last_one_never(
    library: Library, clock: Clock
) -> None:
    await bring_in(library, range(3))
    clock.advance(days=10)
    await bring_in(library, range(2), "What it says since then, in other words than before.")
    [removed] = [r.article_id for r in await bring_in(library, range(7, 8))]
    assert removed is not None
    moderator = await ModerationService.of(library, "local")
    await moderator.remove(removed, OPERATOR)
    kept = "SELECT count(*) FROM versions"
    assert await count(library, kept) == 6
    await keep_in_order(library, versions_before=clock.now - timedelta(days=1))
    assert await count(library, kept) == 6
    clock.advance(days=5)
    await keep_in_order(library, versions_before=clock.now - timedelta(days=1))
    assert await count(library, kept) == 4
    await moderator.restore(removed, OPERATOR)
    assert await check_indexes(library) == []
    # Numbers of versions are never used again.
    last = await count(library, "SELECT max(id) FROM versions")
    await bring_in(library, range(20, 21))
    assert await count(library, "SELECT max(id) FROM versions") == last + 1


async def test_stories_hold_no_former_versions_for_long(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_assigner, "_MANY_GONE", 3)
    held: list[int] = []
    members = library.catalogue.stories.members

    async def counted(corpus: Corpus) -> list[KnownStoryMember]:
        known = await members(corpus)
        held.append(len(known))
        return known

    monkeypatch.setattr(library.catalogue.stories, "members", counted)
    await bring_in(library, range(4))
    before = await count(library, "SELECT count(DISTINCT story_id) FROM story_members")
    for turn in range(8):
        await bring_in(library, [2], f"The council changed its mind {turn} times.")
    assert held == [0, 4, 4]
    assert await count(library, "SELECT count(DISTINCT story_id) FROM story_members") == before


async def test_the_log_of_changes_is_trimmed_and_who_is_behind_reads_all(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "_CHANGES_KEPT", 1)
    await bring_in(library, range(3))
    assert (await titles(library, "topic1"))[0] == "Town1 approves topic1"
    await bring_in(library, range(3, 13))
    await trimming.trim_changes(library.database)
    assert await count(library, "SELECT count(DISTINCT revision) FROM version_changes") == 1
    for n in (1, 4, 12):
        assert (await titles(library, f"topic{n}"))[0] == f"Town{n} approves topic{n}"


async def traces(library: Library, word: str) -> list[str]:
    found = [
        path.name
        for path in library.data_dir.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]
    if library.database.engine.dialect.name == "postgresql":
        for table in (*catalogue.metadata.tables, *application.metadata.tables):
            query = f"SELECT 1 FROM {table} AS one WHERE strpos(one::text, '{word}') > 0"
            found += [table] * len(await execute(library, query))
    return found


async def test_a_purged_article_is_nowhere_any_more(library: Library, clock: Clock) -> None:
    await bring_in(library, range(5))
    old = "Zanzibarensis quoted the mayor at length in this first reading of the report."
    await bring_in(library, range(7, 8), old, source="The Quagga")
    [kept] = await bring_in(library, range(7, 8), old.replace("first", "second") + " Xylograph.")
    assert kept.article_id is not None
    cited: dict[str, Any] = {
        "citations": [{"article_id": kept.article_id, "quote": "Zanzibarensis quoted"}]
    }
    other: dict[str, Any] = {"citations": []}
    for number, answer in enumerate((cited, other)):
        given = StoredAnswer(
            str(number), NOW, "local", None, 1, None, 2, "Who said it?", False, answer
        )
        await save_answer(library.database, given)
    corpus = await library.catalogue.corpora.by_name("local")
    assert corpus is not None
    assert await traces(library, "Zanzibarensis")
    for none in (["ffff0000"], []):
        with pytest.raises(NotFound):
            await articles_to_purge(library, corpus, none, [] if none else ["Nobody"])
    ids = await articles_to_purge(library, corpus, [kept.article_id[:6]], ["the quagga"])
    assert ids == [kept.article_id]
    assert await blank_answers_citing(library.database, "local", ids) == 1
    await purge_articles(library, corpus, ids, OPERATOR, "asked for")
    # The library is open still: nothing waits for its end.
    for word in ("Zanzibarensis", "zanzibarensi", "Xylograph", "xylograph", "news/7"):
        assert await traces(library, word) == []
    emptied = await answer_by_id(library.database, "0")
    assert emptied is not None
    assert emptied.answer == {}
    assert await check_indexes(library) == []
    assert "Town7 approves topic7" not in await titles(library, "topic7")
    assert (await titles(library, "topic3"))[0] == "Town3 approves topic3"
    moderator = await ModerationService.of(library, "local")
    [entry] = [e for e in await moderator.audit_log.read() if e.action == "article.purge"]
    assert (entry.who, entry.subject) == ("Olga", kept.article_id)
    # It doesn't come back, by whatever way it is handed in.
    [again] = await bring_in(library, range(7, 8), old)
    assert again.status == "rejected"
    with pytest.raises(NotFound):
        await moderator.restore(kept.article_id, OPERATOR)
    assert await traces(library, "Zanzibarensis") == []
