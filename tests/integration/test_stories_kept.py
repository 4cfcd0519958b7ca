"""What grouping knows of the articles that are in outlives the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import LibraryConfig
from retrieval.models import IngestItem
from tests.both_databases import execute

pytestmark = pytest.mark.both_databases

_PREVIEW = {
    "url": "https://example.com/preview",
    "title": "Candidates for mayor of Maravel to debate on June 18",
    "text": "Six candidates for mayor of Maravel will debate the new tram on Wednesday, June 18, in the Harbour Hall. Radio Maravel will broadcast the debate.",
    "published_at": "2025-06-12T08:00:00Z",
}  # fmt: skip
_REPORT = {
    "url": "https://example.com/report",
    "title": "Who won the debate of the candidates for mayor of Maravel",
    "text": "The candidates for mayor of Maravel clashed over the new tram in a debate at the Harbour Hall on Wednesday. Here is who came out ahead.",
    "published_at": "2025-06-19T08:00:00Z",
}  # fmt: skip


async def _bring(folder: Path, record: dict[str, str]) -> None:
    async with open_library(LibraryConfig(folder), writer="test") as library:
        indexer = await library.indexer("local")
        incoming = [IngestItem("test", article_from_record(record))]
        async for result in ingest(indexer, incoming, actor="test", data_dir=folder):
            assert result.status == "indexed"


async def _stories(folder: Path) -> list[int]:
    async with open_library(LibraryConfig(folder)) as library:
        return [row[0] for row in await execute(library, "SELECT story_id FROM story_members")]


async def test_a_report_joins_the_story_of_its_event_after_a_restart(tmp_path: Path) -> None:
    await _bring(tmp_path, _PREVIEW)
    await _bring(tmp_path, _REPORT)
    assert len(await _stories(tmp_path)) == 2
    assert len(set(await _stories(tmp_path))) == 1


async def test_articles_placed_before_there_were_traits_do_no_harm(tmp_path: Path) -> None:
    await _bring(tmp_path, _PREVIEW)
    async with open_library(LibraryConfig(tmp_path), writer="test") as library:
        await execute(library, "UPDATE story_members SET traits = NULL")
    await _bring(tmp_path, _REPORT)
    assert len(await _stories(tmp_path)) == 2
