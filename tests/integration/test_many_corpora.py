"""A data folder of many servers: opened without a look at each, and none reads another's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.storage.library import open_library
from retrieval.indexes.chroma import EmbeddedChroma
from retrieval.library import LibraryConfig
from retrieval.maintenance import check_indexes
from tests.both_databases import execute
from tests.integration.conftest import bring_in, titles_found
from tests.integration.crash_child import HashEmbedder

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SERVERS = 8


async def test_a_start_lists_collections_once_and_opens_only_what_is_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, embedder = LibraryConfig(tmp_path), HashEmbedder()
    async with open_library(config, writer="test", embedder=embedder) as library:
        for number in range(SERVERS):
            await bring_in(library, range(number, number + 1), corpus=f"server-{number}")
        await execute(library, "UPDATE versions SET state = 'accepted' WHERE corpus_id = 3")

    asked: list[str] = []

    def noting(call: str) -> None:
        real = getattr(EmbeddedChroma, call)

        def noted(self: EmbeddedChroma, *args: Any) -> Any:
            asked.append(call)
            return real(self, *args)

        monkeypatch.setattr(EmbeddedChroma, call, noted)

    for call in ("names", "create", "metadata", "count", "nearest"):
        noting(call)
    async with open_library(config, writer="test", embedder=HashEmbedder()) as library:
        assert asked.count("names") == 1
        assert asked.count("create") == 1  # of the corpus with an article that was cut off
        assert not {"count", "nearest"} & set(asked)
        assert await check_indexes(library) == []
        for number in range(SERVERS):
            found = await titles_found(library, f"topic{number}", NOW, corpus=f"server-{number}")
            assert found == [f"Town{number} approves topic{number}"]
