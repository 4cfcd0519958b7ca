"""Constant live data, some rounds of it: what is replaced and deleted gives its space back.

``python -m tests.benchmarks.soak`` measures memory and the folder for half an hour.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage.library import open_library
from retrieval.indexes import chroma_store
from retrieval.indexes.chroma_space import vectors_on_disk
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from tests.benchmarks.soak import Soak, SoakLoad
from tests.integration.crash_child import HashEmbedder, load_no_weights

ROUNDS = 3


async def test_what_was_replaced_is_gone_after_each_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_store, "_MOST_DELETED", 50)
    load_no_weights()
    folder = tmp_path / "data"
    config = LibraryConfig(folder, chroma_apart=True)
    async with open_library(config, writer="soak", embedder=HashEmbedder()) as library:
        running = Soak(library, SoakLoad(articles=60, at_once=60, guests=10))
        await running.fill()
        for _ in range(ROUNDS):
            await running.change()
            await running.ask()
            await running.come_and_go()
            await running.tidy()
        assert await check_indexes(library) == []
    with closing(sqlite3.connect(folder / "catalogue.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM versions").fetchone() == (60,)
    chroma = folder / "chroma"
    assert all(count <= 2 * 100 for count in vectors_on_disk(chroma).values())
    assert len([path for path in chroma.iterdir() if path.is_dir()]) <= 1
    assert len(list((folder / "keywords").iterdir())) == 1
