"""A corpus can be deleted with everything in it, whatever comes between."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.demo import demo_articles
from bot.storage.library import open_library
from retrieval.catalogue import corpus_deletion, schema
from retrieval.ingestion.pipeline import ingest
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes, delete_corpora
from retrieval.timestamps import TimeRange
from tests.integration.answering_fixtures import BRIDGE, NOW, at_noon


async def _fill(library: Library, corpus: str) -> None:
    indexer = await library.indexer(corpus)
    async for _ in ingest(indexer, demo_articles(NOW), actor="t", data_dir=library.config.data_dir):
        pass


async def _highest(library: Library) -> int:
    query = select(func.max(schema.versions.c.id))
    return await library.catalogue.database.read(lambda connection: connection.scalar(query)) or 0


async def _left(library: Library, corpus_id: int) -> dict[str, int]:
    """Rows that still name the corpus, by table."""
    counts = {}
    for table in schema.metadata.tables.values():
        if "corpus_id" in table.c:
            query = (
                schema.metadata.tables[table.name].select().where(table.c.corpus_id == corpus_id)
            )
            counts[table.name] = await library.catalogue.database.read(
                lambda connection, query=query: len(connection.execute(query).all())  # type: ignore[misc]
            )
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("crash", ["nowhere", "before the rows", "before anything"])
async def test_nothing_is_left_of_a_deleted_corpus_and_others_stay(
    tmp_path: Path, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LibraryConfig(tmp_path)
    async with open_library(config, writer="test", clock=at_noon) as library:
        await _fill(library, "one")
        await _fill(library, "two")
        gone = await library.catalogue.corpora.by_name("two")
        assert gone is not None
        last = await _highest(library)
        if crash == "nowhere":
            await delete_corpora(library, "two")
        else:
            await corpus_deletion.mark_corpus_deleted(library.database, "two")
            if crash == "before the rows":
                await library.indexes(gone).vectors.drop()
        assert [c.name for c in await library.catalogue.corpora.all()] == ["one"]
        found = await library.search(BRIDGE, TimeRange(NOW), corpus="two")
        assert not found.hits
    async with open_library(config, writer="test", clock=at_noon) as library:
        assert await _left(library, gone.id) == {}
        assert await library.store.generations(gone.id) == []
        assert not list((tmp_path / "keywords").glob(f"{gone.id}-*"))
        assert (await library.search(BRIDGE, TimeRange(NOW), corpus="one")).hits
        assert await check_indexes(library) == []
        # The name can be used again, and no number comes twice.
        await _fill(library, "two")
        again = await library.catalogue.corpora.by_name("two")
        assert again is not None
        assert again.id != gone.id
        assert await _highest(library) > last
        assert (await library.search(BRIDGE, TimeRange(NOW), corpus="two")).hits
