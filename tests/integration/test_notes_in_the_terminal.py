"""What moderators say to an answer, as the terminal shows it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.demo import demo_articles
from bot.storage.answer_notes import set_note
from bot.storage.library import open_library
from retrieval.catalogue.audit_log import Actor
from retrieval.ingestion.pipeline import ingest
from retrieval.library import LibraryConfig
from tests.integration.answering_fixtures import BRIDGE, NOW

SAID = "The council now speaks of 413 million crowns."


async def _noted(folder: Path) -> None:
    async with open_library(LibraryConfig(folder), writer="a test") as library:
        indexer = await library.indexer("local")
        async for _ in ingest(indexer, demo_articles(NOW), actor="test", data_dir=folder):
            pass
        corpus = await library.require_corpus("local")
        await set_note(
            library.database, corpus, BRIDGE, SAID, answer_id="a", user_id=1, actor=Actor("1", "t"), now=NOW
        )  # fmt: skip


def test_a_note_of_moderators_stands_among_an_answers_remarks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asyncio.run(_noted(tmp_path))
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["ask", BRIDGE.upper(), "--json"])
    record = json.loads(shown.stdout)
    assert record["notes"][0] == f"Note added by moderators on 5 March 2026: {SAID}"
    assert SAID not in record["answer"]
    plain = CliRunner().invoke(app, ["ask", BRIDGE])
    assert SAID in " ".join(plain.stdout.split())
    other = CliRunner().invoke(app, ["ask", "Who is the mayor of Maravel?", "--json"])
    assert not any("Moderators" in note for note in json.loads(other.stdout)["notes"])
