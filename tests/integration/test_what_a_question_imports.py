"""A question in a terminal waits for no import that its answer doesn't need."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bot.demo import QUESTIONS
from tests.deadlines import scaled
from tests.integration.conftest import ROOT, Newsdesk, article

_IMPORTED = re.compile(r"^import time:.*\| +([\w.]+)$", re.MULTILINE)
# What other commands, settings or databases need.
_NEEDLESS = {
    "aiosqlite",
    "alembic",
    "bot.answering.composer",
    "bot.answering.summaries.service",
    "bot.answering.verification",
    "chromadb",
    "discord",
    "filelock",
    "numpy.ma",
    "openai",
    "psycopg",
    "retrieval.catalogue.feeds",
    "retrieval.catalogue.jobs",
    "retrieval.ingestion.indexer",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "tld",
    "trafilatura",
}


def test_a_question_imports_only_what_its_answer_needs(newsdesk: Newsdesk, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(article(1)), encoding="utf-8")
    assert newsdesk("ingest", str(file)).returncode == 0
    for command, question in (
        ("search", QUESTIONS[0]),
        ("ask", QUESTIONS[0]),
        ("ask", "What will topic1 cost?"),
    ):
        imported = _imported(tmp_path, command, question)
        assert {"numpy", "sqlalchemy", "tantivy"} <= imported
        assert sorted(_NEEDLESS & imported) == [], (command, question)


def _imported(folder: Path, *arguments: str) -> set[str]:
    """Run a command in a new interpreter and return the names of all modules that it imports."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "NEWSDESK_DATA_DIR": str(folder / "data"),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=scaled(120),
        check=True,
    )
    return set(_IMPORTED.findall(done.stderr))
